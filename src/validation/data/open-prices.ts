/** Opens the requested prices as a feed that gives the same prices at every start. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MarketFeed } from '../../contracts/market-feed.js';
import type { Desk } from '../../desk/schema.js';
import type { Instrument } from '../../domain/instrument.js';
import type { MarketChoice } from '../../home/runtime.js';
import { createFeed, outsideFor } from '../../market/create-feed.js';
import type { MarketPositionStore } from '../../market/position.js';
import { spreadTicksOf } from '../../market/spread.js';
import { LoggedFeed } from './logged-feed.js';

/** A validation always begins at the same place of its prices, however often it is continued. */
const beginningAt = (beginMs: number | null): MarketPositionStore => ({
  load: () => beginMs,
  save: () => undefined,
});

interface PricesRequest {
  readonly market: MarketChoice;
  /** Null: the first price. */
  readonly beginMs: number | null;
  readonly desk: Desk;
  readonly instruments: readonly Instrument[];
  /** Folder of the validation. */
  readonly directory: string;
  readonly onFault: (error: Error) => void;
}

export type OpenFeed = typeof createFeed;

/** Throws `DataFileError` or `FeedUnavailable`. Recorded and simulated prices come as fast as they are taken. */
export async function openPrices(
  request: PricesRequest,
  openFeed: OpenFeed = createFeed,
): Promise<MarketFeed> {
  const { desk, instruments, directory, onFault } = request;
  const choice = { ...request.market, kind: chosenBefore(directory) ?? request.market.kind, speed: null };
  const position = beginningAt(request.beginMs);
  const outside = outsideFor('validation');
  const feed = await openFeed(choice, { ...desk, mode: 'paper' }, instruments, position, outside);
  keepChoice(directory, feed.source.kind);
  if (feed.source.kind !== 'live') return feed;
  const file = join(directory, 'prices.log');
  const spreadTicks = spreadTicksOf(desk.instruments, instruments);
  return new LoggedFeed({ feed, file, instrumentCount: instruments.length, spreadTicks, onFault });
}

/** What `auto` chose the first time applies to every later start. */
function chosenBefore(directory: string): MarketChoice['kind'] | null {
  const file = choiceFile(directory);
  return existsSync(file) ? (readFileSync(file, 'utf8').trim() as MarketChoice['kind']) : null;
}

function keepChoice(directory: string, kind: MarketChoice['kind']): void {
  if (chosenBefore(directory) === null) writeFileSync(choiceFile(directory), `${kind}\n`, { mode: 0o600 });
}

const choiceFile = (directory: string): string => join(directory, 'market');
