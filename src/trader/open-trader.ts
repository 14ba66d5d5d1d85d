/**
 * From an open journal to an engine that has begun: market, venue, replay, warm-up, in this order. The paper venue is
 * opened after the replay.
 */
import { existsSync } from 'node:fs';
import type { MarketFeed } from '../contracts/market-feed.js';
import { deskEnvironment } from '../desk/desk-environment.js';
import { ordersLeave } from '../desk/desk-venue.js';
import type { LoadedDesk } from '../desk/load.js';
import type { Desk } from '../desk/schema.js';
import { keptOverRestart, paperAccount } from '../domain/account-name.js';
import { othersLots } from '../domain/cash-and-coins.js';
import type { Instrument } from '../domain/instrument.js';
import { messageOf } from '../domain/message-of.js';
import { CONTRACT_ZONE, monthInForceAt } from '../domain/sessions/contract-months.js';
import { type ContractMonth, rolledSeries } from '../domain/sessions/contract-series.js';
import { monthKey } from '../domain/settings-change.js';
import { zoneOffset } from '../domain/zone-offset.js';
import { createEngine, type Engine } from '../engine/engine.js';
import type { EngineRecord } from '../engine/record.js';
import { longestReadingMs } from '../engine/sync/request-snapshot.js';
import type { FileLock } from '../home/file-lock.js';
import { type DeskPaths, homePaths, type Runtime } from '../home/runtime.js';
import { createFeed } from '../market/create-feed.js';
import { openMarketPositionFile } from '../market/replay-feed.js';
import { startItsProgram } from '../venue/environment.js';
import { PAPER_CAPABILITIES } from '../venue/paper/capabilities.js';
import type { PaperVenue, PaperVenueOptions } from '../venue/paper/paper-venue.js';
import type { VenuePort } from '../venue/port.js';
import { tradedVenue } from '../venue/registry.js';
import { claimAccountAt } from './accounts/claim-account.js';
import { type AccountInUse, accountOf, restingAccounts } from './accounts/paper-accounts.js';
import { keepStops, takeDeskRules, takeKeptStops, takeOverRules } from './accounts/standing-rules.js';
import { DeskTrader } from './desk-trader.js';
import { buildCalendars, buildInstruments, engineConfig, type TradedAccount } from './engine-config.js';
import type { Journal } from './journal/journal.js';
import { readJournal, replayJournal } from './journal/read-journal.js';
import type { Log } from './log.js';
import { type Clock, systemTimers } from './running/clock.js';
import { Runner, StartRefused } from './running/runner.js';
import { VenueCalls } from './running/venue-calls.js';
import { ActivityLog } from './status/activity.js';
import { RecordLog } from './status/record-log.js';
import { BarHistory, EquityCurve, WaitingSince } from './status/since-start.js';
import { deskOfFeeds, openTradingVenue, type TradingVenue } from './trading-venue.js';
import { catchUpVenue, warmUp, warmUpBars } from './warm-up.js';

interface OpenTraderParts {
  readonly runtime: Runtime;
  readonly loaded: LoadedDesk;
  readonly paths: DeskPaths;
  readonly journal: Journal;
  /** Opens the journal of this account in place of the open one. */
  readonly useAccount: (account: string) => Promise<AccountInUse>;
  readonly openPaper: (options: PaperVenueOptions) => PaperVenue;
  readonly clock: Clock;
  readonly log: Log;
  readonly startedWallMs: number;
  /** What the start is doing, for the status. */
  readonly onProgress: (doing: string) => void;
  readonly onFeedEnded: (detail: string) => void;
  readonly onBroken: (error: Error) => void;
}

export interface OpenedTrader {
  /** Of the account at a venue. Null: on paper, or the account's id is not known yet. */
  readonly claim: FileLock | null;
  readonly trader: DeskTrader;
  readonly runner: Runner;
  readonly feed: MarketFeed;
  readonly venue: TradingVenue;
}

/** Throws with a clear message if any part can't be opened; the parts opened so far are closed then. */
export async function openTrader(parts: OpenTraderParts): Promise<OpenedTrader> {
  const { log } = parts;
  parts.onProgress('choosing where prices come from');
  let priced = await openPrices(parts, parts.journal);
  try {
    const { desk } = priced;
    if (ordersLeave(desk)) return await openOn(parts, priced, []);
    const { journal, changedFrom } = await parts.useAccount(paperAccount(priced.feed.source.identity));
    const news = changedFrom === null ? [] : [accountChanged(changedFrom, priced.feed)];
    for (const line of news) log('warn', line, { incarnation: journal.incarnation });
    if (journal !== parts.journal && rollsAny(desk) && priced.feed.source.kind === 'live') {
      // Each account's journal has months of its own, and its positions are in those contracts.
      const { identity } = priced.feed.source;
      await priced.feed.stop();
      priced = await openPrices(parts, journal);
      const now = priced.feed.source.identity;
      if (now !== identity) throw new Error(`prices came from ${identity}, and now from ${now}: start again`);
    }
    return await openOn({ ...parts, journal }, priced, news);
  } catch (error) {
    await priced.feed.stop().catch(() => undefined);
    throw error;
  }
}

interface Priced {
  readonly desk: Desk;
  readonly feed: MarketFeed;
  readonly instruments: readonly Instrument[];
}

/** Before anything else is connected: prices, venue and strategies must begin with the same contract. */
async function openPrices(parts: OpenTraderParts, { directory }: Journal): Promise<Priced> {
  const { loaded, runtime, clock } = parts;
  const dated = buildInstruments(loaded.desk, monthsInForce(loaded.desk, directory, clock.wallMs()));
  const position = openMarketPositionFile(parts.paths.marketPosition);
  const { desk, outside } = deskOfFeeds(runtime, loaded.desk);
  const calendars = buildCalendars(loaded.desk);
  const feed = await createFeed(runtime.market, desk, dated, position, { ...outside, calendars });
  parts.log('info', `prices: ${feed.source.label}`, { market: feed.source });
  // Simulated and recorded prices belong to no month: nothing is rolled on them.
  const instruments = feed.source.kind === 'live' ? dated : buildInstruments(loaded.desk);
  return { desk, feed, instruments };
}

async function openOn(
  parts: OpenTraderParts,
  { feed, instruments }: Priced,
  news: readonly string[],
): Promise<OpenedTrader> {
  const { desk } = parts.loaded;
  let known: Engine | null = null;
  const expectedLots = (id: number): number => {
    if (known === null) return 0;
    const { positions, coins } = known.view;
    const others = coins.find(({ instrument }) => instrument === id);
    const ours = positions.find(({ instrument }) => instrument === id)?.quantityLots ?? 0;
    return ours + (others === undefined ? 0 : othersLots(others));
  };
  const expectedAccount = () => known?.view.accountId ?? null;
  const feePerLot = (id: number) => known?.feePerLot(id) ?? null;
  const books = { expectedLots, expectedAccount, feePerLot };
  const openVenue = () => {
    parts.onProgress(ordersLeave(desk) ? `connecting to ${desk.venue.name}` : 'opening the paper venue');
    return openTradingVenue({ ...parts, desk, instruments, feed, ...books });
  };
  let venue = ordersLeave(desk) ? await openVenue() : null;
  let runner: Runner | null = null;
  let claim: FileLock | null = null;
  try {
    const replayed = await replayedEngine(parts, { feed, instruments }, venue);
    const { engine, activity, waitingSince, curve, records } = replayed;
    known = engine;
    const refusal = engine.whyNotBegin();
    if (refusal !== null) throw new StartRefused(refusal);
    // It rewrites the paper book for these instruments, which a refused start must leave as it was.
    venue ??= await openVenue();
    claim = await claimOf(parts, venue, replayed.accountId);
    runner = buildRunner(parts, desk.closeAll.answerTimeoutMs, { ...replayed, venue, feed });
    const { paper } = venue;
    const caughtUpFills = paper === null ? 0 : await catchUpVenue(paper, feed, instruments.length);
    runner.begin();
    await takeKeptStops(parts.paths.keptStops, { engine, runner, journal: parts.journal });
    await takeOverRules({ paths: parts.paths, journal: parts.journal, desk, engine, runner });
    await takeDeskRules({
      ...{ desk, engine, runner, log: parts.log, home: parts.runtime.home },
      ...{ nowMs: parts.clock.wallMs(), isFirst: replayed.isFirst },
    });
    parts.onProgress('warming up the strategies');
    const bars = new BarHistory(instruments, warmUpBars(engine.view.strategies));
    const shown = await warmUp(engine, runner, feed, bars, instruments.length);
    for (const line of [keptOverRestart(desk.mode, venue.account), ...news]) {
      activity.say(line, { wallMs: parts.clock.wallMs(), marketMs: feed.nowMs() });
    }
    parts.log('info', 'the trader is HALTED and reads the venue', { records, bars: shown, caughtUpFills });
    const { home, web } = parts.runtime;
    const account = { name: venue.account, resting: restingAccounts(parts.paths) };
    const trader = new DeskTrader({
      ...parts,
      home,
      web,
      account,
      instruments,
      engine,
      runner,
      venue,
      feed,
      activity,
      waitingSince,
      curve,
      bars,
    });
    return { trader, runner, feed, venue, claim };
  } catch (error) {
    runner?.stop();
    await venue?.port.close().catch(() => undefined);
    claim?.release();
    throw error;
  }
}

/** `ofJournal`: the venue may be away, and the journal knows whose it is. */
async function claimOf(
  { loaded: { desk }, runtime }: OpenTraderParts,
  { port, paper }: TradingVenue,
  ofJournal: string | null,
): Promise<FileLock | null> {
  const accountId = port.accountId?.() ?? ofJournal;
  if (paper !== null || accountId === null) return null;
  const { name, live } = tradedVenue(desk.venue.name);
  const endpoint = live.endpoint(desk, runtime.simulatedVenue);
  return claimAccountAt(homePaths(runtime.home), { venue: name, endpoint, accountId });
}

async function replayedEngine(
  { loaded, journal, runtime, clock, log, onProgress }: OpenTraderParts,
  { feed, instruments }: Pick<Priced, 'feed' | 'instruments'>,
  /** Null: the paper venue, which is opened later. */
  venue: TradingVenue | null,
): Promise<JournalReplayed> {
  const { desk, configHash } = loaded;
  const { incarnation } = journal;
  const account =
    venue === null
      ? { account: paperAccount(feed.source.identity), real: false }
      : await tradedAccount(venue, journal, desk.mode, () =>
          startItsProgram({ desk, simulatedVenue: runtime.simulatedVenue, env: deskEnvironment() }),
        );
  const capabilities = venue?.port.capabilities ?? PAPER_CAPABILITIES;
  const contractsNowMs = feed.source.kind === 'live' ? clock.wallMs() : undefined;
  const engine = createEngine({
    ...engineConfig(desk, configHash, incarnation, instruments, capabilities, account, contractsNowMs),
    quotesFromBars: feed.quotesFromBars ?? [],
    ...(feed.showsBooks === true ? { waitsForVolume: true } : {}),
  });
  const activity = new ActivityLog(instruments);
  const recordLog = new RecordLog(log, instruments);
  onProgress('replaying the journal');
  let accountId: string | null = null;
  let isFirst = true;
  const records = await replayJournal(journal, (record, wallMs) => {
    engine.apply(record);
    if (record.type === 'config') {
      accountId = record.accountId ?? accountId;
      isFirst = false;
    }
    activity.add(record, wallMs);
    recordLog.follow(record);
  });
  const seen = { waitingSince: new WaitingSince(), curve: new EquityCurve() };
  return { engine, activity, ...seen, recordLog, records, accountId, isFirst };
}

function accountChanged(before: string, { source }: MarketFeed): string {
  return (
    `prices come from ${source.label} now: its own paper account is traded, and that of ${before} rests as it was until ` +
    'its prices are back'
  );
}

interface Replayed {
  readonly engine: Engine;
  readonly activity: ActivityLog;
  readonly waitingSince: WaitingSince;
  readonly curve: EquityCurve;
  readonly recordLog: RecordLog;
}

interface JournalReplayed extends Replayed {
  readonly records: number;
  readonly accountId: string | null;
  /** No start has configured this journal: it is new, or in the place of one that is gone. */
  readonly isFirst: boolean;
}

interface Running extends Replayed {
  readonly venue: TradingVenue;
  readonly feed: MarketFeed;
}

function buildRunner(
  { journal, paths, clock, onBroken }: OpenTraderParts,
  answerTimeoutMs: number,
  running: Running,
): Runner {
  const { engine, activity, waitingSince, curve, recordLog, venue, feed } = running;
  const keepUnwritten = (): void =>
    journal.afterDurable(
      () => undefined,
      () => keepStops(paths.keptStops, engine.view.halts),
    );
  return new Runner({
    engine,
    journal,
    link: new VenueCalls(venue.port, systemTimers, longestReadingMs(answerTimeoutMs), (state, detail) =>
      recordLog.venueIs(state, detail),
    ),
    clock,
    timers: systemTimers,
    pace: 'running',
    marketNowMs: () => feed.nowMs(),
    onRecord: (record, wallMs) => {
      activity.add(record, wallMs);
      waitingSince.add(record);
      recordLog.write(record);
      if (record.type === 'halt') keepUnwritten();
    },
    onEquity: (sample) => curve.add(sample),
    onBroken,
  });
}

const rollsAny = ({ instruments }: Pick<Desk, 'instruments'>): boolean =>
  instruments.some(({ roll }) => roll !== undefined);

/**
 * The month that each rolled instrument stands for, by symbol. The journal has it: from the configuration of
 * the last start, or from a roll that people approved since. If the journal has none, as at the first start,
 * the calendar decides. Reads the journal once, and only for a desk that rolls something.
 */
export function monthsInForce(
  desk: Pick<Desk, 'instruments'>,
  journalDirectory: string,
  nowMs: number,
): ReadonlyMap<string, ContractMonth> {
  if (!rollsAny(desk)) return new Map();
  const rolled = desk.instruments.filter(({ roll }) => roll !== undefined);
  const months = new Map<string, ContractMonth>();
  // A pre-flight also asks before the first start.
  if (existsSync(journalDirectory))
    for (const { record } of readJournal(journalDirectory)) takeMonths(months, record);
  return new Map(
    rolled.map(({ symbol, roll }) => [
      symbol,
      months.get(symbol) ??
        monthInForceAt(
          rolledSeries(symbol),
          nowMs,
          roll ?? 'monday-before-expiry',
          zoneOffset(CONTRACT_ZONE),
        ),
    ]),
  );
}

function takeMonths(months: Map<string, ContractMonth>, record: EngineRecord): void {
  if (record.type === 'config')
    for (const { symbol, contractMonth } of record.instruments)
      if (contractMonth === undefined) months.delete(symbol);
      else months.set(symbol, contractMonth);
  if (record.type !== 'settings') return;
  for (const { key, to } of record.changes)
    for (const symbol of months.keys())
      if (key === monthKey(symbol) && typeof to === 'string') months.set(symbol, to);
}

/**
 * The account at a venue that the engine trades, and the time and cash with which its journal begins. The first start
 * counts profit from the account's cash at that moment; later starts know it from the journal.
 */
export async function tradedAccount(
  { port, account }: Pick<TradingVenue, 'port' | 'account'>,
  journal: Journal,
  mode: Desk['mode'],
  whatToDo: () => string | null,
): Promise<TradedAccount> {
  const real = mode === 'live';
  if (accountOf(journal) !== null) return { account, ...accountIdOf(port), real, startingCash: 0 };
  try {
    // First the cash, then the time: a trade in between shows as a difference in cash, never as money counted
    // twice.
    const { cash } = await port.balances();
    const historyBeginsMs = await port.serverTime();
    return { account, ...accountIdOf(port), real, startingCash: cash, historyBeginsMs };
  } catch (error) {
    const why = messageOf(error);
    throw new StartRefused(
      `the first start ${real ? 'with real money' : 'on a broker’s paper account'} needs the account's balance, and ${account} did not give it (${why}). ` +
        `No order was sent. ${whatToDo() ?? 'Start again once it answers'}.`,
    );
  }
}

/** A venue that is unavailable reports its account id later. */
function accountIdOf(port: VenuePort): Pick<TradedAccount, 'accountId'> {
  const accountId = port.accountId?.() ?? null;
  return accountId === null ? {} : { accountId };
}
