/** Builds the report from what was measured. Pure: the same run gives the same report, byte for byte. */
import { basename } from 'node:path';
import type { Coverage, DataProblem } from '../../backtest/measure/data-problems.js';
import type { RoundTrip } from '../../backtest/measure/round-trips.js';
import type { MarketSource } from '../../contracts/market-feed.js';
import { goLiveValidation } from '../../desk/go-live-people.js';
import type { Desk } from '../../desk/schema.js';
import { HOUR_MS } from '../../domain/civil-date.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import { iso } from '../../domain/moment.js';
import { formatMoney } from '../../domain/money.js';
import { HOURS_PER_YEAR, returnsOf, sharpeRatio } from '../../domain/statistics.js';
import { shownPlaces } from '../../domain/value.js';
import { type CriterionResult, judge, looserThan } from '../criteria.js';
import type { ValidationRequest } from '../request.js';
import type { RunMeasure, SwitchedOff } from '../run-measure.js';
import type { PriceEndpoint, ReportedFile, ReportedHalt, ReportedTrade, ValidationReport } from './report.js';

/** Further trades are counted, not listed. */
const TRADES_MAX = 2000;
/** If more than this part of the time passed without trading, a GO would mean nothing. */
const HALTED_PCT_MAX = 50;

export interface ReportInputs {
  readonly request: ValidationRequest;
  /** The whole desk, as in its file. */
  readonly desk: Desk;
  readonly symbols: readonly string[];
  readonly leftOut: readonly string[];
  readonly instruments: readonly Instrument[];
  /** Null: no prices could be opened. */
  readonly source: MarketSource | null;
  readonly files: ValidationReport['market']['files'];
  /** Null: there was no price. */
  readonly measure: RunMeasure | null;
  readonly coverage: readonly Coverage[];
  readonly problems: readonly DataProblem[];
  readonly openPositions: number;
  readonly journal: ValidationReport['journal'];
}

export function buildReport(inputs: ReportInputs): ValidationReport {
  const { request, desk, measure, coverage, problems } = inputs;
  const results = resultsOf(inputs);
  const places = Math.max(0, ...inputs.instruments.map(shownPlaces));
  const verdicts = judge(request.criteria, results);
  const halts = (measure?.halts ?? []).map(
    ({ cause, reason, atMs, liftedMs }): ReportedHalt => ({
      cause,
      reason,
      at: iso(atMs),
      lifted: isoOrNull(liftedMs),
    }),
  );
  const reasons = reasonsOf(verdicts, problems, measure);
  const because = whyNotForRealMoney(inputs, reasons);
  const trips = measure?.trips.closed ?? [];
  return {
    version: 1,
    kind: 'validation-report',
    id: request.id,
    desk: desk.desk,
    configHash: request.configHash,
    created: iso(request.createdMs),
    requestedBy: request.requestedBy,
    recommendation: reasons.length === 0 ? 'GO' : 'NO-GO',
    reasons,
    goLive: { qualifies: because.length === 0, because },
    period: periodOf(request, measure),
    market: marketOf(inputs),
    criteria: request.criteria,
    results,
    verdicts,
    data: { problems, coverage },
    halts,
    trades: trips.slice(0, TRADES_MAX).map((trip) => tradeOf(trip, inputs.instruments)),
    tradesLeftOut: Math.max(0, trips.length - TRADES_MAX),
    equity: (measure?.curve ?? []).map(({ marketMs, equity }) => [
      iso(marketMs),
      formatMoney(equity, places),
    ]),
    journal: inputs.journal,
  };
}

function resultsOf({ measure, desk, openPositions }: ReportInputs): ValidationReport['results'] {
  const trips = measure?.trips.closed ?? [];
  const wins = trips.filter(({ profit }) => profit > 0).length;
  const returns = returnsOf(measure?.hourly ?? []);
  const worst = measure?.drawdown.worst ?? null;
  const start = measure?.startingCash ?? 0;
  const final = measure?.equity.equity ?? start;
  return {
    currency: desk.paper.currency,
    startingEquity: measure === null ? desk.paper.balance : formatMoney(start),
    finalEquity: measure === null ? desk.paper.balance : formatMoney(final),
    netProfit: formatMoney(final - start),
    netProfitPct: start > 0 ? (final / start - 1) * 100 : 0,
    fees: formatMoney(measure?.fees ?? 0),
    fills: measure?.fills ?? 0,
    trades: trips.length,
    wins,
    winRatePct: trips.length === 0 ? null : (wins / trips.length) * 100,
    sharpe: sharpeRatio(returns, HOURS_PER_YEAR),
    hourlyReturns: returns.length,
    maxDrawdownPct: (worst?.fraction ?? 0) * 100,
    maxDrawdownFrom: isoOrNull(worst?.peakMs ?? null),
    maxDrawdownTo: isoOrNull(worst?.troughMs ?? null),
    openPositions,
    ordersDenied: measure?.entriesDenied ?? 0,
  };
}

function reasonsOf(
  verdicts: readonly CriterionResult[],
  problems: readonly DataProblem[],
  measure: RunMeasure | null,
): readonly string[] {
  const failed = verdicts.filter(({ passed }) => !passed).map(({ text }) => text);
  const standstill = measure === null ? null : haltedTooLong(measure);
  return [
    ...failed,
    ...problems.map(({ text }) => text),
    ...(standstill === null ? [] : [standstill]),
    ...[...(measure?.switchedOff.values() ?? [])].map(stayedOff),
  ];
}

function haltedTooLong({ halts, fromMs, toMs }: RunMeasure): string | null {
  let haltedMs = 0;
  let untilMs = fromMs;
  for (const { atMs, liftedMs } of halts) {
    const endMs = liftedMs ?? toMs;
    haltedMs += Math.max(0, endMs - Math.max(atMs, untilMs));
    untilMs = Math.max(untilMs, endMs);
  }
  const pct = (haltedMs / (toMs - fromMs)) * 100;
  if (pct <= HALTED_PCT_MAX) return null;
  const reason = halts.find(({ liftedMs }) => liftedMs === null)?.reason ?? halts[0]?.reason;
  return `Trading was halted for ${pct.toFixed(1)} % of the time, at most ${HALTED_PCT_MAX} % may be: ${reason}`;
}

/** What the strategy would have done since is unknown. */
function stayedOff({ strategy, reason, atMs }: SwitchedOff): string {
  return `${strategy} was switched off at ${iso(atMs)} and stayed off: ${reason}`;
}

/** Empty: a GO may stand for real money. */
function whyNotForRealMoney(
  { request, desk, source, leftOut, files }: ReportInputs,
  reasons: readonly string[],
): readonly string[] {
  return [
    ...(reasons.length > 0 ? ['the validation is a NO-GO'] : []),
    ...(source?.kind === 'simulated' ? ['prices were simulated, and no market has shown them'] : []),
    ...tooShort(request, desk),
    ...files.flatMap(whyForStudy),
    ...(pricesOf(source, files) === null && files.every(({ fetched }) => fetched !== null) && files.length > 0
      ? ['its files come from different markets: another exchange, its testnet, or a simulator']
      : []),
    ...leftOut.map((symbol) => `${symbol} is traded by the desk and had no prices here`),
    ...looserThan(request.criteria, desk.goLive.criteria),
  ];
}

function tooShort({ durationMs }: ValidationRequest, desk: Desk): string[] {
  const { durationMsMin } = goLiveValidation(desk);
  if (durationMs >= durationMsMin) return [];
  const [had, least] = [durationMs, durationMsMin].map((ms) => `${Number((ms / HOUR_MS).toFixed(2))} h`);
  return [`it traded for ${had}; real money needs at least ${least} (goLive.validationHours)`];
}

function whyForStudy({ name, symbol, fetched, study }: ReportedFile): string[] {
  if (fetched === null)
    return [
      `${name} is for study: ${study}. Real money takes live prices, or minutes of: fermata data fetch ${symbol}`,
    ];
  return fetched.symbol === symbol
    ? []
    : [`${name} holds the prices of ${fetched.symbol}, and was given for ${symbol}`];
}

/** Null: the market can't be named. */
function pricesOf(source: MarketSource | null, files: readonly ReportedFile[]): PriceEndpoint | null {
  if (source?.kind === 'live')
    return source.venue === null ? null : { kind: 'live', venue: source.venue, address: null };
  const [first, ...others] = files.map(({ fetched }) => (fetched === null ? null : endpointOf(fetched)));
  if (source?.kind !== 'recorded' || !first) return null;
  const { kind, venue, address } = first;
  return others.every((other) => other?.kind === kind && other.venue === venue && other.address === address)
    ? first
    : null;
}

function endpointOf({ venue, endpoint, address }: NonNullable<ReportedFile['fetched']>): PriceEndpoint {
  return { kind: endpoint, venue, address: endpoint === 'simulator' ? address : null };
}

function periodOf({ durationMs }: ValidationRequest, measure: RunMeasure | null): ValidationReport['period'] {
  return {
    requestedMs: durationMs,
    from: isoOrNull(measure?.fromMs ?? null),
    to: isoOrNull(measure?.toMs ?? null),
    reached: isoOrNull(measure?.lastMs ?? null),
  };
}

function marketOf({ source, symbols, leftOut, files }: ReportInputs): ValidationReport['market'] {
  return {
    kind: source?.kind ?? null,
    label: labelOf(source),
    simulated: source?.kind === 'simulated',
    symbols,
    leftOut,
    endpoint: pricesOf(source, files),
    files,
  };
}

/** Without the speed, which does not change the result. */
function labelOf(source: MarketSource | null): string {
  if (source === null) return 'no prices could be opened';
  if (source.kind === 'recorded') return `recorded: ${source.files.map((file) => basename(file)).join(', ')}`;
  return source.kind === 'simulated' ? `simulated market, seed ${source.seed}` : source.label;
}

function tradeOf(trip: RoundTrip, instruments: readonly Instrument[]): ReportedTrade {
  const { symbol, side, openedMs, closedMs, quantityLots, entryTicks, exitTicks, profit } = trip;
  const instrument = instruments.find((candidate) => candidate.symbol === symbol);
  const { tickSize = '1', lotSize = '1' } = instrument ?? {};
  return {
    symbol,
    side,
    opened: iso(openedMs),
    closed: iso(closedMs),
    quantity: formatDecimal(quantityLots, lotSize),
    entryPrice: formatDecimal(entryTicks, tickSize),
    exitPrice: formatDecimal(exitTicks, tickSize),
    profit: formatMoney(profit),
  };
}

const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));
