/** The desk file, judged by the rules of the venues that real orders can leave for, with the strategies of its folder. */
import { type LoadedDesk, type LoadOptions, readDesk, readDeskText } from '../desk/load.js';
import { fileAt } from '../desk/resolve-desk.js';
import { readStrategies } from '../pack/strategy/read-strategies.js';
import { TRADED_VENUES } from './registry.js';

/** `strategies`: instead of compiling them. */
export type KnownParts = Omit<LoadOptions, 'venues' | 'strategies'> &
  Partial<Pick<LoadOptions, 'strategies'>>;

const venues = TRADED_VENUES.map(({ name, live: { kinds, entries, mixesKinds, keepsPaper, account } }) => ({
  ...{ name, kinds, entries, mixesKinds, keepsPaper, account },
}));
const judged = { venues, strategies: readStrategies };

/** Throws `DeskFileError`. */
export function loadDesk(file: string, known: KnownParts = {}): LoadedDesk {
  // A running desk has the path that it was started with, and a checkout may have been updated under it.
  return readDesk(fileAt(file), { ...judged, ...known });
}

/** As `loadDesk`, for text that is already here; `file` is only for messages. */
export function parseDesk(file: string, text: string, known: KnownParts = {}): LoadedDesk {
  return readDeskText(file, text, { ...judged, ...known });
}
