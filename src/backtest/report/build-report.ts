/** Builds the report from the measure of a run. Pure: the same run yields the same report, byte for byte. */
import type { Desk } from '../../desk/schema.js';
import { splitText } from '../../domain/corporate-action.js';
import { formatAverage, formatDecimal } from '../../domain/decimal.js';
import { placesIn } from '../../domain/figure-text.js';
import type { Instrument, PriceSide } from '../../domain/instrument.js';
import { iso } from '../../domain/moment.js';
import { formatMoney, formatUnits, MONEY_SCALE } from '../../domain/money.js';
import { NO_SIGNAL, WARMING_UP } from '../../domain/order-words.js';
import { returnsOf } from '../../domain/statistics.js';
import { shownPlaces } from '../../domain/value.js';
import type { EngineView } from '../../engine/view.js';
import type { ActionSeen, BacktestMeasure } from '../measure/backtest-measure.js';
import type { Candle, Candles } from '../measure/curves.js';
import type { Coverage, DataProblem, DataProblemKind } from '../measure/data-problems.js';
import type { ReportedTrade } from '../measure/trades-seen.js';
import {
  cagrOf,
  exactFiguresOf,
  type Figures,
  FORMULAS,
  type Group,
  round,
  rounded,
  sumOf,
} from '../statistics/figures.js';
import { executionLines, type FillModel, type PricesKind, type RollTold } from './execution.js';

export interface ReportedFile {
  readonly name: string;
  readonly sha256: string;
  /** The instrument that the file was given for. */
  readonly symbol: string;
  /** Its prices are that side's alone. Left out: they are of no side, or of both. */
  readonly side?: PriceSide;
  /** Address that Fermata itself fetched the file from. Null: any other file. */
  readonly fetchedFrom: string | null;
}

interface ReportedMonth {
  /** UTC, `2026-03`. */
  readonly month: string;
  /** Change in equity including open results, over the part of the month that was run. */
  readonly returnPct: number;
  readonly trades: number;
  /** Result of the trades that ended in the month. */
  readonly result: string;
}

export interface BacktestReport {
  readonly version: 1;
  readonly kind: 'backtest-report';
  readonly desk: string;
  readonly configHash: string;
  /** Values set differently from the desk file. */
  readonly set: readonly string[];
  /** How many sets of values were tried for this report. */
  readonly trials: number;
  readonly period: { readonly from: string | null; readonly to: string | null; readonly days: number };
  readonly market: {
    readonly symbols: readonly string[];
    /** Traded or watched by an enabled strategy, but without prices here. */
    readonly leftOut: readonly string[];
    readonly files: readonly ReportedFile[];
  };
  /** How orders were filled, in sentences. */
  readonly execution: readonly string[];
  readonly currency: string;
  readonly startingEquity: string;
  readonly finalEquity: string;
  readonly netProfit: string;
  /** Sum of closed trades; the rest of the net profit is unrealised, or holding cost. */
  readonly closedResult: string;
  /** Null: there was no price. */
  readonly figures: Figures | null;
  readonly formulas: typeof FORMULAS;
  readonly buyAndHold: {
    readonly returnPct: number;
    readonly cagrPct: number | null;
    readonly maxDrawdownPct: number;
    /** Return of the run less that of buy and hold. */
    readonly excessReturnPct: number;
  } | null;
  readonly by: {
    readonly strategy: readonly Group[];
    readonly instrument: readonly Group[];
    readonly exitReason: readonly Group[];
  };
  readonly months: readonly ReportedMonth[];
  readonly balances: EngineView['balances'];
  readonly positions: readonly {
    readonly symbol: string;
    readonly quantity: string;
    readonly averagePrice: string;
    readonly unrealised: string;
    readonly strategy: string;
  }[];
  readonly orders: number;
  readonly fills: number;
  /**
   * Strategies that could not ask for an entry, since they were warming up to the end, or did not, and what they said last.
   * Left out: none.
   */
  readonly neverEntered?: readonly {
    readonly strategy: string;
    /** Those of which it said the same: of one that trades several as one, all. */
    readonly symbols: readonly string[];
    readonly reason: string;
  }[];
  /** How often each limit denied an entry. */
  readonly denied: Readonly<Record<string, number>>;
  /** Why the first entry was denied, in words, by limit. */
  readonly deniedFirst: Readonly<Record<string, string>>;
  /** How often a strategy's change of exits was refused, by strategy and reason; one that is repeated counts once. */
  readonly adjustsRefused: Readonly<Record<string, number>>;
  /** What the strategy said with the first of them. */
  readonly adjustsRefusedFirst: Readonly<Record<string, string>>;
  /** How often the venue rejected an order, by its reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /**
   * Signals from outside the desk: how many arrived, how many each limit refused, and why it refused the
   * first. Left out: none were given.
   */
  readonly signals?: {
    readonly sent: number;
    readonly refused: Readonly<Record<string, number>>;
    readonly refusedFirst: Readonly<Record<string, string>>;
  };
  /** Splits and dividends during the run. Left out: no file of them was given. */
  readonly actions?: readonly {
    readonly at: string;
    readonly symbol: string;
    readonly kind: 'split' | 'dividend';
    /** `4:1`, or the amount per share. */
    readonly value: string;
    /** Cash received; negative: paid. */
    readonly amount: string;
  }[];
  /** Futures that were rolled to their next month. Left out: none. */
  readonly rolls?: readonly RollTold[];
  /** Paid (negative) or received for holding: in the net profit, in no trade's result. Left out: nothing. */
  readonly holding?: readonly {
    readonly kind: 'funding' | 'swap';
    readonly symbol: string;
    readonly amount: string;
    readonly times: number;
  }[];
  readonly halts: readonly {
    readonly cause: string;
    readonly reason: string;
    readonly at: string;
    readonly lifted: string | null;
  }[];
  /** Switched off by losses; a strategy that failed is among the problems of the data. */
  readonly switchedOff: readonly {
    readonly strategy: string;
    readonly at: string;
    readonly reason: string;
    /** When the strategy was on again. Null: it stayed off to the end. */
    readonly onAgain: string | null;
  }[];
  readonly data: { readonly problems: readonly DataProblem[]; readonly coverage: readonly Coverage[] };
  /** The first trades or all, as many as requested. */
  readonly trades: readonly ReportedTrade[];
  readonly tradesLeftOut: number;
  /** Time of the values, equity, deepest drawdown in percent since the previous point, buy and hold. */
  readonly equity: readonly (readonly [at: string, equity: string, drawdownPct: number, hold: string])[];
  readonly candles: readonly {
    readonly symbol: string;
    readonly tickSize: string;
    readonly candles: readonly Candle[];
    /** The strategies' lines: a value in ticks for each candle, after its first bar. Null: not known. */
    readonly lines: readonly {
      readonly strategy: string;
      readonly name: string;
      readonly ticks: readonly (number | null)[];
    }[];
  }[];
  /** Hash of the engine's final state, and the version of the time zone data used to count days. */
  readonly stateHash: string | null;
  readonly timeZones: string;
}

const SAYS_NOTHING: ReadonlySet<DataProblemKind> = new Set([
  'damaged',
  'books-differ',
  'no-data',
  'no-trades',
  'strategy-failed',
]);

function actionOf(
  record: ActionSeen,
  instruments: readonly Instrument[],
): NonNullable<BacktestReport['actions']>[number] {
  const isSplit = record.type === 'split';
  return {
    at: new Date(record.marketMs).toISOString(),
    symbol: instruments[record.instrument]?.symbol ?? '?',
    kind: record.type,
    value: isSplit ? splitText(record) : record.perShare,
    amount: formatMoney(isSplit ? record.inLieu : record.amount),
  };
}

/**
 * Damaged or missing data, books that differ or a failed strategy make every figure worthless. A gap is only
 * reported; the market may have been like that.
 */
export const isSound = ({ data }: BacktestReport): boolean =>
  !data.problems.some(({ kind }) => SAYS_NOTHING.has(kind));

export interface ReportInputs {
  readonly desk: Desk;
  readonly configHash: string;
  readonly set: readonly string[];
  readonly fillModel: FillModel;
  readonly prices: PricesKind;
  readonly instruments: readonly Instrument[];
  readonly symbols: readonly string[];
  readonly leftOut: readonly string[];
  readonly files: readonly ReportedFile[];
  readonly measure: BacktestMeasure | null;
  readonly coverage: readonly Coverage[];
  readonly problems: readonly DataProblem[];
  readonly view: EngineView | null;
  readonly stateHash: string | null;
  readonly hasActions: boolean;
  /** How many signals arrived. Null: none were given. */
  readonly signalsSent: number | null;
}

/** The outcome of a run, in a backtest and in a validation alike. */
interface Outcome extends Pick<BacktestReport, 'figures' | 'by' | 'trades' | 'tradesLeftOut'> {
  /** Not rounded. Null: there was no price. */
  readonly exact: Figures | null;
}

/** Nothing if nothing was rolled. */
export const rollsTold = ({
  rolls,
}: Pick<BacktestMeasure, 'rolls'>): { readonly rolls?: readonly RollTold[] } =>
  rolls.length === 0
    ? {}
    : { rolls: rolls.map(({ marketMs, ...one }): RollTold => ({ at: iso(marketMs), ...one })) };

export function outcomeOf({ measure, view }: Pick<ReportInputs, 'measure' | 'view'>): Outcome {
  if (measure === null) {
    const by = { strategy: [], instrument: [], exitReason: [] };
    return { exact: null, figures: null, by, trades: [], tradesLeftOut: 0 };
  }
  const { by, kept, sums } = measure.trades;
  const exact = runFigures(measure, view);
  return {
    exact,
    figures: rounded(exact),
    by: {
      strategy: by.strategy.list(),
      instrument: by.instrument.list(),
      exitReason: by.exitReason.list(),
    },
    trades: kept,
    tradesLeftOut: sums.count - kept.length,
  };
}

export function buildReport(inputs: ReportInputs): BacktestReport {
  const { desk, measure, view, instruments } = inputs;
  const { balance, currency } = desk.paper;
  const { figures, by, trades, tradesLeftOut } = outcomeOf(inputs);
  const final = measure?.equity.equity ?? null;
  const places = Math.max(placesIn(currency), ...instruments.map(shownPlaces));
  return {
    version: 1,
    kind: 'backtest-report',
    desk: desk.desk,
    configHash: inputs.configHash,
    set: inputs.set,
    trials: 1,
    period: periodOf(measure),
    market: { symbols: inputs.symbols, leftOut: inputs.leftOut, files: inputs.files },
    execution: executionLines(
      desk,
      inputs.fillModel,
      inputs.prices,
      (at) => measure?.tierFills.get(at) ?? [],
    ),
    currency,
    startingEquity: measure === null ? balance : formatMoney(measure.startingCash),
    finalEquity: final === null ? balance : formatMoney(final),
    netProfit: formatMoney(measure === null || final === null ? 0 : final - measure.startingCash),
    closedResult: measure?.trades.result.text ?? sumOf([]),
    figures,
    formulas: FORMULAS,
    buyAndHold: measure === null || figures === null ? null : holdFigures(measure, figures),
    by,
    months: measure === null ? [] : monthsOf(measure),
    balances: view?.balances ?? [],
    positions: positionsOf(view, instruments),
    orders: measure?.orderCount ?? 0,
    fills: measure?.fillCount ?? 0,
    ...neverEntered(inputs),
    denied: inOrder(measure?.denied),
    deniedFirst: inOrder(measure?.deniedFirst),
    adjustsRefused: inOrder(measure?.adjustsRefused),
    adjustsRefusedFirst: inOrder(measure?.adjustsRefusedFirst),
    rejected: inOrder(measure?.rejected),
    ...(inputs.hasActions
      ? { actions: (measure?.actions ?? []).map((one) => actionOf(one, instruments)) }
      : {}),
    ...(inputs.signalsSent === null
      ? {}
      : {
          signals: {
            ...{ sent: inputs.signalsSent, refused: Object.fromEntries(view?.signalsRefused ?? []) },
            refusedFirst: Object.fromEntries(measure?.signalRefusedFirst ?? []),
          },
        }),
    ...(measure === null ? {} : rollsTold(measure)),
    ...(measure === null || measure.holding.size === 0 ? {} : { holding: holdingOf(measure) }),
    halts: (measure?.halts ?? []).map(({ halt: { cause, reason, atMarketMs }, liftedMs }) => ({
      ...{ cause, reason, at: iso(atMarketMs) },
      lifted: liftedMs === null ? null : iso(liftedMs),
    })),
    switchedOff: (measure?.switchedOff ?? []).flatMap(({ strategy, atMs, reason, failed, onAgainMs }) =>
      failed ? [] : { strategy, at: iso(atMs), reason, onAgain: onAgainMs === null ? null : iso(onAgainMs) },
    ),
    data: { problems: inputs.problems, coverage: inputs.coverage },
    trades,
    tradesLeftOut,
    equity: (measure?.curve.slots ?? []).map(({ atMs, equity, drawdown, buyAndHold }) => [
      iso(atMs),
      formatMoney(equity, places),
      round(drawdown * 100),
      formatMoney(Math.round(buyAndHold), places),
    ]),
    candles: instruments.map(({ symbol, tickSize }, id) => {
      const slots = measure?.candles[id]?.slots ?? [];
      const candles = slots.map(({ lines: _lines, ...candle }) => candle);
      return { symbol, tickSize, candles, lines: linesOf(slots) };
    }),
    stateHash: inputs.stateHash,
    timeZones: process.versions.tz ?? 'unknown',
  };
}

/** A run without trades says what it had come to: too short a recording looks like a market without a signal. */
function neverEntered({ measure, view, instruments }: ReportInputs): Pick<BacktestReport, 'neverEntered'> {
  const told: { readonly strategy: string; readonly symbols: string[]; readonly reason: string }[] = [];
  for (const { name, instrument, enabled, barsSeen, warmupBars, state } of view?.strategies ?? []) {
    const isWarm = barsSeen >= warmupBars;
    // A split or a roll begins the warm-up anew: one that is not warm at the end may have asked before.
    if (!enabled || (measure?.askedForEntry.has(`${name}/${instrument}`) ?? isWarm)) continue;
    const symbol = instruments[instrument]?.symbol ?? '?';
    const reason = isWarm ? state || NO_SIGNAL : `${WARMING_UP}: ${barsSeen} of ${warmupBars} bars seen`;
    const same = told.find((one) => one.strategy === name && one.reason === reason);
    if (same === undefined) told.push({ strategy: name, symbols: [symbol], reason });
    else same.symbols.push(symbol);
  }
  return told.length === 0 ? {} : { neverEntered: told };
}

function holdingOf({ holding }: BacktestMeasure): NonNullable<BacktestReport['holding']> {
  return [...holding.values()].map(({ units, count, ...one }) => ({
    ...one,
    amount: formatUnits(units),
    times: count,
  }));
}

/** Sorted by key. */
function inOrder<Value>(of: ReadonlyMap<string, Value> = new Map()): Record<string, Value> {
  return Object.fromEntries([...of].sort(([left], [right]) => (left < right ? -1 : 1)));
}

function linesOf(slots: Candles['slots']): BacktestReport['candles'][number]['lines'] {
  const lines = new Map<string, { strategy: string; name: string; ticks: (number | null)[] }>();
  for (const [at, slot] of slots.entries()) {
    for (const { strategy, name, ticks } of slot.lines ?? []) {
      const key = `${strategy} ${name}`;
      const line = lines.get(key) ?? { strategy, name, ticks: slots.map(() => null) };
      line.ticks[at] = ticks === null ? null : round(ticks);
      lines.set(key, line);
    }
  }
  return [...lines.values()];
}

/** Not rounded. */
function runFigures(measure: BacktestMeasure, view: EngineView | null): Figures {
  const { fromMs, toMs, startingCash, equity, hourly, drawdown, underwater, trades } = measure;
  for (const { trade } of view?.positions ?? []) if (trade !== null) trades.held.add(trade.openedMs, toMs);
  return exactFiguresOf({
    ...{ fromMs, toMs, trades: trades.sums.exact, heldMs: trades.held.within(fromMs, toMs) },
    startEquity: startingCash / MONEY_SCALE,
    finalEquity: equity.equity / MONEY_SCALE,
    hourly: hourly.map((money) => money / MONEY_SCALE),
    maxDrawdown: drawdown.worst?.fraction ?? 0,
    longestDrawdown: underwater.longest(toMs),
    tradedValue: measure.tradedValue / MONEY_SCALE,
    fees: measure.fees / MONEY_SCALE,
  });
}

function holdFigures(
  { hold, fromMs, toMs }: BacktestMeasure,
  { returnPct: ofRun }: Figures,
): BacktestReport['buyAndHold'] {
  const returnPct = (hold.equity / hold.startEquity - 1) * 100;
  const cagr = cagrOf(hold.startEquity, hold.equity, toMs - fromMs);
  return {
    returnPct: round(returnPct),
    cagrPct: cagr === null ? null : round(cagr * 100),
    maxDrawdownPct: round((hold.drawdown.worst?.fraction ?? 0) * 100),
    excessReturnPct: round(ofRun - returnPct),
  };
}

/** 0 after a month that ended without money: what it grew by would have the wrong sign. */
function monthsOf({ months, trades }: BacktestMeasure): readonly ReportedMonth[] {
  return months.map(({ month, startEquity, endEquity }) => {
    const ended = trades.months.get(month);
    const [part = 0] = returnsOf([startEquity, endEquity]);
    const returnPct = round(part * 100);
    return { month, returnPct, trades: ended?.count ?? 0, result: ended?.result.text ?? sumOf([]) };
  });
}

function positionsOf(
  view: EngineView | null,
  instruments: readonly Instrument[],
): BacktestReport['positions'] {
  return (view?.positions ?? []).map(
    ({ instrument, quantityLots, averageTicks, unrealised, strategy, parts }) => {
      const { symbol = '?', tickSize = '1', lotSize = '1' } = instruments[instrument] ?? {};
      // If trades are against each other, the net shows neither whose it is nor how much is open.
      const trades = parts.flatMap((part) =>
        part.averageTicks === undefined
          ? []
          : `${part.strategy} ${formatDecimal(part.quantityLots, lotSize)}`,
      );
      return {
        ...{ symbol, strategy: trades.join(', ') || strategy },
        quantity: formatDecimal(quantityLots, lotSize),
        averagePrice: formatAverage(averageTicks, tickSize),
        unrealised: formatMoney(Math.round(unrealised)),
      };
    },
  );
}

function periodOf(measure: BacktestMeasure | null): BacktestReport['period'] {
  if (measure === null) return { from: null, to: null, days: 0 };
  const { fromMs, toMs } = measure;
  return { from: iso(fromMs), to: iso(toMs), days: round((toMs - fromMs) / 86_400_000) };
}
