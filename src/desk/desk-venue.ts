import type { Instrument } from '../domain/instrument.js';
import type { EntryTerm, EntryType } from '../domain/order.js';
import type { Desk } from './schema.js';

/** What the rules of a desk file need to know about a venue that real orders can go to. */
export interface DeskVenue {
  /** The name used in desk files. */
  readonly name: string;
  /** The instrument kinds that its account trades. */
  readonly kinds: readonly Instrument['kind'][];
  /** The entry types that it supports. */
  readonly entries: readonly EntryType[];
  /** The terms of limit entries that it supports. */
  readonly terms: readonly EntryTerm[];
  /** False: one account trades only one of these kinds. */
  readonly mixesKinds: boolean;
  /** It also has paper accounts, for desks on paper. */
  readonly keepsPaper: boolean;
  /** Its account in words, for example "a spot account". */
  readonly account: string;
}

/**
 * Whether a desk's orders leave this machine, which is not the same as trading real money. A paper desk's orders
 * leave if the broker keeps the paper account; that needs no go-live.
 */
export const ordersLeave = ({ mode, venue }: Pick<Desk, 'mode' | 'venue'>): boolean =>
  mode === 'live' || isBrokerPaper(venue);

export const isBrokerPaper = ({ account }: Desk['venue']): boolean => account === 'broker-paper';
