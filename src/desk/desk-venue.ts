import type { Instrument } from '../domain/instrument.js';
import type { EntryType } from '../domain/order.js';

/** What the rules of a desk file have to know of a venue that real orders can leave for. */
export interface DeskVenue {
  /** As desk files write it. */
  readonly name: string;
  /** What its account trades. */
  readonly kinds: readonly Instrument['kind'][];
  /** How an entry can be made there. */
  readonly entries: readonly EntryType[];
  /** False: one account trades one of these kinds. */
  readonly mixesKinds: boolean;
  /** It keeps paper accounts beside real ones, for desks on paper. */
  readonly keepsPaper: boolean;
  /** That account, in words: "a spot account". */
  readonly account: string;
}
