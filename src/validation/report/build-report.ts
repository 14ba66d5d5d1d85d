/** Builds the report from the measurements. Pure: the same run yields the same report, byte for byte. */
import { basename } from 'node:path';
import type { BacktestMeasure, SwitchedOff } from '../../backtest/measure/backtest-measure.js';
import type { Coverage, DataProblem } from '../../backtest/measure/data-problems.js';
import { outcomeOf, rollsTold } from '../../backtest/report/build-report.js';
import type { MarketSource } from '../../contracts/market-feed.js';
import { goLiveValidation } from '../../desk/live-rules.js';
import type { Desk } from '../../desk/schema.js';
import { placesIn } from '../../domain/figure-text.js';
import type { Instrument } from '../../domain/instrument.js';
import { iso } from '../../domain/moment.js';
import { formatMoney } from '../../domain/money.js';
import { shownPlaces } from '../../domain/value.js';
import type { EngineView } from '../../engine/view.js';
import type { ValidationRequest } from '../request.js';
import {
  type CriterionResult,
  judge,
  looserThan,
  type PriceEndpoint,
  type ReportedFile,
  type ReportedHalt,
  type ReportedTrade,
  type ValidationReport,
} from './report.js';
import { hoursText } from './report-html.js';

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
  readonly measure: BacktestMeasure | null;
  readonly coverage: readonly Coverage[];
  readonly problems: readonly DataProblem[];
  readonly view: EngineView | null;
  readonly journal: ValidationReport['journal'];
}

export function buildReport(inputs: ReportInputs): ValidationReport {
  const { request, desk, measure, coverage, problems } = inputs;
  const outcome = outcomeOf(inputs);
  const results = resultsOf(inputs, outcome);
  const places = Math.max(placesIn(desk.paper.currency), ...inputs.instruments.map(shownPlaces));
  const verdicts = judge(request.criteria, results);
  const halts = (measure?.halts ?? []).map(
    ({ halt: { cause, reason, atMarketMs }, liftedMs }): ReportedHalt => ({
      cause,
      reason,
      at: iso(atMarketMs),
      lifted: isoOrNull(liftedMs),
    }),
  );
  const reasons = reasonsOf(verdicts, problems, measure);
  const because = whyNotForRealMoney(inputs, reasons);
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
    ...(measure === null ? {} : rollsTold(measure)),
    halts,
    figures: outcome.figures,
    by: outcome.by,
    trades: outcome.trades.map(({ result, ...trade }): ReportedTrade => ({ ...trade, profit: result })),
    tradesLeftOut: outcome.tradesLeftOut,
    equity: measure === null ? [] : curveOf(measure, places),
    journal: inputs.journal,
  };
}

function resultsOf(
  { measure, desk, view }: ReportInputs,
  { exact }: ReturnType<typeof outcomeOf>,
): ValidationReport['results'] {
  const worst = measure?.drawdown.worst ?? null;
  const start = measure?.startingCash ?? 0;
  const final = measure?.equity.equity ?? start;
  return {
    currency: desk.paper.currency,
    startingEquity: measure === null ? desk.paper.balance : formatMoney(start),
    finalEquity: measure === null ? desk.paper.balance : formatMoney(final),
    netProfit: formatMoney(final - start),
    netProfitPct: exact?.returnPct ?? 0,
    fees: formatMoney(measure?.fees ?? 0),
    fills: measure?.fillCount ?? 0,
    trades: exact?.trades ?? 0,
    wins: exact?.wins ?? 0,
    winRatePct: exact?.winRatePct ?? null,
    sharpe: exact?.sharpe ?? null,
    hourlyReturns: Math.max(0, (measure?.hourly.length ?? 0) - 1),
    maxDrawdownPct: exact?.maxDrawdownPct ?? 0,
    maxDrawdownFrom: isoOrNull(worst?.peakMs ?? null),
    maxDrawdownTo: isoOrNull(worst?.troughMs ?? null),
    openPositions: view?.positions.length ?? 0,
    ordersDenied: [...(measure?.denied.values() ?? [])].reduce((sum, count) => sum + count, 0),
  };
}

/** From the beginning; each point has the equity at that moment. */
function curveOf(measure: BacktestMeasure, places: number): ValidationReport['equity'] {
  const { curve, fromMs, startingCash } = measure;
  const points = curve.slots.map(({ atMs, equity }) => [iso(atMs), formatMoney(equity, places)] as const);
  return [[iso(fromMs), formatMoney(startingCash, places)], ...points];
}

function reasonsOf(
  verdicts: readonly CriterionResult[],
  problems: readonly DataProblem[],
  measure: BacktestMeasure | null,
): readonly string[] {
  const failed = verdicts.filter(({ passed }) => !passed).map(({ text }) => text);
  const standstill = measure === null ? null : haltedTooLong(measure);
  return [
    ...failed,
    ...problems.map(({ text }) => text),
    ...(standstill === null ? [] : [standstill]),
    ...(measure?.switchedOff ?? []).filter(({ onAgainMs }) => onAgainMs === null).map(stayedOff),
  ];
}

function haltedTooLong({ halts, fromMs, toMs }: BacktestMeasure): string | null {
  let haltedMs = 0;
  let untilMs = fromMs;
  for (const { halt, liftedMs } of halts) {
    const endMs = liftedMs ?? toMs;
    haltedMs += Math.max(0, endMs - Math.max(halt.atMarketMs, untilMs));
    untilMs = Math.max(untilMs, endMs);
  }
  const pct = (haltedMs / (toMs - fromMs)) * 100;
  if (pct <= HALTED_PCT_MAX) return null;
  const { reason } = (halts.find(({ liftedMs }) => liftedMs === null) ?? halts[0])?.halt ?? {};
  return `Trading was halted for ${pct.toFixed(1)} % of the time, at most ${HALTED_PCT_MAX} % may be: ${reason}`;
}

/** It is unknown what the strategy would have done since. */
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
    ...leftOut.map((symbol) => `${symbol} is traded or looked at by the desk and had no prices here`),
    ...looserThan(request.criteria, desk.goLive.criteria),
  ];
}

function tooShort({ durationMs }: ValidationRequest, desk: Desk): string[] {
  const { durationMsMin } = goLiveValidation(desk);
  if (durationMs >= durationMsMin) return [];
  const [had, least] = [durationMs, durationMsMin].map(hoursText);
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

function periodOf(
  { durationMs }: ValidationRequest,
  measure: BacktestMeasure | null,
): ValidationReport['period'] {
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

const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));
