/** From an open journal to an engine that has begun: market, venue, replay, warm-up, in this order. */
import type { LoadedDesk } from '../desk/load.js';
import type { Instrument } from '../domain/instrument.js';
import { createEngine, type Engine } from '../engine/engine.js';
import type { DeskPaths, Runtime } from '../home/runtime.js';
import { createFeed } from '../market/create-feed.js';
import type { MarketFeed } from '../market/feed.js';
import { openMarketPositionFile } from '../market/position.js';
import { spreadTicksOf } from '../market/spread.js';
import type { PaperVenue, PaperVenueOptions } from '../venue/paper/paper-venue.js';
import { DeskTrader } from './desk-trader.js';
import { buildInstruments, engineConfig } from './engine-config.js';
import type { Journal } from './journal/journal.js';
import type { Log } from './log.js';
import { StartRefused } from './refuse-start.js';
import { replayJournal } from './replay.js';
import type { Clock } from './running/clock.js';
import { Runner } from './running/runner.js';
import { ActivityLog, logRecord } from './status/activity.js';
import { BarHistory } from './status/bar-history.js';
import { catchUpVenue, warmUp } from './warm-up.js';

export interface OpenTraderParts {
  readonly runtime: Runtime;
  readonly loaded: LoadedDesk;
  readonly paths: DeskPaths;
  readonly journal: Journal;
  readonly openVenue: (options: PaperVenueOptions) => PaperVenue;
  readonly clock: Clock;
  readonly log: Log;
  readonly startedWallMs: number;
  /** What the start is at, for the status. */
  readonly onProgress: (doing: string) => void;
  readonly onFeedEnded: (detail: string) => void;
  readonly onBroken: (error: Error) => void;
}

export interface OpenedTrader {
  readonly trader: DeskTrader;
  readonly runner: Runner;
  readonly feed: MarketFeed;
  readonly venue: PaperVenue;
}

/** Throws with a clear message where something of it can't be; what was opened is closed then. */
export async function openTrader(parts: OpenTraderParts): Promise<OpenedTrader> {
  const { loaded, runtime, paths, log } = parts;
  const instruments = buildInstruments(loaded.desk);
  parts.onProgress('choosing where prices come from');
  const position = openMarketPositionFile(paths.marketPosition);
  const feed = await createFeed(runtime.market, loaded.desk, instruments, position);
  log('info', `prices: ${feed.source.label}`, { market: feed.source });
  try {
    return await openOn(parts, feed, instruments);
  } catch (error) {
    await feed.stop().catch(() => undefined);
    throw error;
  }
}

async function openOn(
  parts: OpenTraderParts,
  feed: MarketFeed,
  instruments: readonly Instrument[],
): Promise<OpenedTrader> {
  const venue = parts.openVenue({
    directory: parts.paths.paperBook,
    instruments,
    paper: parts.loaded.desk.paper,
    nowMs: () => feed.nowMs(),
    spreadTicks: spreadTicksOf(parts.loaded.desk.instruments, instruments),
  });
  let runner: Runner | null = null;
  try {
    const { engine, activity, records } = await replayedEngine(parts, instruments, venue);
    runner = buildRunner(parts, { engine, activity, venue, feed, instruments });
    const caughtUpFills = await catchUpVenue(venue, feed, instruments.length);
    const begun = engine.begin(runner.stamp());
    if (!begun.ok) throw new StartRefused(begun.message);
    runner.begin(begun.effects);
    parts.onProgress('warming up the strategies');
    const bars = new BarHistory(instruments);
    const shown = await warmUp(engine, runner, feed, bars, instruments.length);
    parts.log('info', 'the trader is HALTED and reads the venue', { records, bars: shown, caughtUpFills });
    const { home } = parts.runtime;
    const trader = new DeskTrader({
      ...parts,
      home,
      instruments,
      engine,
      runner,
      venue,
      feed,
      activity,
      bars,
    });
    return { trader, runner, feed, venue };
  } catch (error) {
    runner?.stop();
    await venue.close().catch(() => undefined);
    throw error;
  }
}

async function replayedEngine(
  { loaded, journal, onProgress }: OpenTraderParts,
  instruments: readonly Instrument[],
  venue: PaperVenue,
): Promise<{ engine: Engine; activity: ActivityLog; records: number }> {
  const { desk, configHash } = loaded;
  const { incarnation } = journal;
  const engine = createEngine(engineConfig(desk, configHash, incarnation, instruments, venue.capabilities));
  const activity = new ActivityLog(instruments);
  onProgress('replaying the journal');
  const records = await replayJournal(journal, (record, wallMs) => {
    engine.apply(record);
    activity.add(record, wallMs);
  });
  return { engine, activity, records };
}

interface Running {
  readonly engine: Engine;
  readonly activity: ActivityLog;
  readonly venue: PaperVenue;
  readonly feed: MarketFeed;
  readonly instruments: readonly Instrument[];
}

function buildRunner({ journal, clock, log, onBroken }: OpenTraderParts, running: Running): Runner {
  const { engine, activity, venue, feed, instruments } = running;
  return new Runner({
    engine,
    journal,
    venue,
    clock,
    marketNowMs: () => feed.nowMs(),
    onRecord: (record, wallMs) => {
      activity.add(record, wallMs);
      logRecord(log, record, instruments);
    },
    onBroken,
  });
}
