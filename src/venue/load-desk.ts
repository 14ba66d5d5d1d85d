/** The desk file, judged by the rules of the venues that real orders can leave for. */
import { type LoadedDesk, type LoadOptions, readDesk, readDeskText } from '../desk/load.js';
import { fileAt } from '../desk/resolve-desk.js';
import { TRADED_VENUES } from './registry.js';

export type KnownParts = Omit<LoadOptions, 'venues'>;

const venues = TRADED_VENUES.map(({ name, live: { kinds, account } }) => ({ name, kinds, account }));

/** Throws `DeskFileError`. */
export function loadDesk(file: string, known: KnownParts = {}): LoadedDesk {
  // A running desk has the path that it was started with, and a checkout may have been updated under it.
  return readDesk(fileAt(file), { ...known, venues });
}

/** As `loadDesk`, for text that is already here; `file` is only for messages. */
export function parseDesk(file: string, text: string, known: KnownParts = {}): LoadedDesk {
  return readDeskText(file, text, { ...known, venues });
}
