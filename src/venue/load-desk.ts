/**
 * Loads a desk file, checked against the rules of every venue that takes real orders, with the strategies of its
 * folder.
 */
import { type LoadedDesk, type LoadOptions, readDesk, readDeskText } from '../desk/load.js';
import { fileAt } from '../desk/resolve-desk.js';
import type { Desk } from '../desk/schema.js';
import { largeStart, stopsShared, tradedByTurns } from '../desk/strategy-rules.js';
import { closestName } from '../desk/typed-names.js';
import { playbookNames, readPlaybooks } from '../pack/playbook/read-playbooks.js';
import { readStrategies } from '../pack/strategy/read-strategies.js';
import { capabilitiesOf, feedNames, TRADED_VENUES } from './registry.js';

export { readPlaybooks };

/**
 * `strategies`: if absent, the folder's are compiled. `playbooks`: pass `readPlaybooks` to open incidents; if
 * absent, they are compiled when the whole folder is judged (`parts`), and otherwise known only by name.
 */
export type KnownParts = Omit<LoadOptions, 'venues' | 'feeds' | 'strategies' | 'playbooks'> &
  Partial<Pick<LoadOptions, 'strategies' | 'playbooks'>>;

const venues = TRADED_VENUES.map(({ name, live: { takes, mixesKinds, keepsPaper, account } }) => ({
  ...{ name, takes, mixesKinds, keepsPaper, account },
}));
const judged = (known: KnownParts): LoadOptions => ({
  venues,
  feeds: feedNames,
  strategies: readStrategies,
  playbooks: known.parts === undefined ? playbookNames : readPlaybooks,
  ...known,
});

/** What is allowed in the desk file but worth knowing, one sentence each. */
export const remarksOn = (desk: Desk): readonly string[] => [
  ...unknownVenue(desk),
  ...tradedByTurns(desk, capabilitiesOf(desk)),
  ...stopsShared(desk, venues),
  ...largeStart(desk),
];

/** On paper any name will do, a misspelt one too: the day of real money is late to learn of it. */
function unknownVenue({ venue: { name } }: Desk): readonly string[] {
  const known = feedNames();
  if (known.includes(name)) return [];
  const near = closestName(name, known);
  return [`venue.name: no venue of the name ${name} is known${near === null ? '' : `; is ${near} meant?`}`];
}

/** Throws `DeskFileError`. */
export function loadDesk(file: string, known: KnownParts = {}): LoadedDesk {
  // A running desk has the path it was started with; its checkout may have been updated since.
  return readDesk(fileAt(file), judged(known));
}

/** Like `loadDesk`, for text already in memory; `file` is only for messages. */
export function parseDesk(file: string, text: string, known: KnownParts = {}): LoadedDesk {
  return readDeskText(file, text, judged(known));
}
