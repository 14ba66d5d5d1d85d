/**
 * The figures of a run. Each states its formula and source; `FORMULAS` has the same for readers of a report.
 * Null: it can't be computed. Figures are rounded to six places, amounts of money to eight, as coins are
 * counted, so a run yields the same bytes on every machine.
 */
import { DAY_MS, HOUR_MS } from '../../domain/civil-date.js';
import { formatUnits, MONEY_SCALE, parseUnits, type Units } from '../../domain/money.js';
import { HOURS_PER_YEAR, mean, returnsOf, sampleDeviation, sharpeRatio } from '../../domain/statistics.js';

const YEAR_MS = HOURS_PER_YEAR * HOUR_MS;
/** The return of a few days is not annualised. (GIPS annualises nothing below a whole year.) */
const ANNUAL_MS_MIN = 30 * DAY_MS;
const PLACES = 1_000_000;
/** Figures that are money. */
const AMOUNTS: ReadonlySet<string> = new Set<FigureName>([
  ...(['expectancy', 'averageWin', 'averageLoss', 'largestWin', 'largestLoss', 'fees'] as const),
]);

interface Underwater {
  /** When equity was last at its peak. */
  readonly fromMs: number;
  /** When it was back at the peak, or the end of the run. */
  readonly toMs: number;
  readonly recovered: boolean;
}

/** One closed trade, as far as the figures need it. Money as decimal numbers. */
export interface TradeResult {
  readonly result: number;
  /** R multiple: result ÷ what the first stop would have lost. Null: unknown. */
  readonly r: number | null;
  readonly openedMs: number;
  readonly closedMs: number;
}

interface RunFacts {
  readonly fromMs: number;
  readonly toMs: number;
  readonly startEquity: number;
  readonly finalEquity: number;
  /** Equity at the first price and every 60 minutes after it; the last part of an hour is left out. */
  readonly hourly: readonly number[];
  /** Largest fall from a peak, as a fraction of the peak, checked at every price. */
  readonly maxDrawdown: number;
  readonly longestDrawdown: Underwater | null;
  readonly trades: TradeFigures;
  /** How long a position in any instrument was open. */
  readonly heldMs: number;
  /** Sum of price × quantity of all fills. */
  readonly tradedValue: number;
  readonly fees: number;
}

interface TradeFigures {
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  readonly winRatePct: number | null;
  readonly profitFactor: number | null;
  readonly expectancy: number | null;
  readonly averageR: number | null;
  readonly averageWin: number | null;
  readonly averageLoss: number | null;
  readonly largestWin: number | null;
  readonly largestLoss: number | null;
  readonly longestLossStreak: number;
  readonly averageHours: number | null;
}

export interface Figures extends TradeFigures {
  readonly returnPct: number;
  readonly cagrPct: number | null;
  readonly volatilityPct: number | null;
  readonly sharpe: number | null;
  readonly sortino: number | null;
  readonly calmar: number | null;
  readonly maxDrawdownPct: number;
  readonly longestDrawdownHours: number;
  readonly exposurePct: number;
  readonly turnover: number | null;
  readonly fees: number;
  readonly feesPct: number;
}

export type FigureName = keyof Figures;

/** In words, with the source of definitions that are not ours. */
export const FORMULAS: Readonly<Record<FigureName, string>> = {
  returnPct: 'equity at the end ÷ equity at the beginning − 1',
  cagrPct: '(equity at the end ÷ at the beginning)^(1 ÷ years) − 1; a year has 365 days; from 30 days on',
  volatilityPct: 'standard deviation (of a sample) of hourly returns × √8760',
  sharpe:
    'mean ÷ standard deviation (of a sample) of hourly returns × √8760, no risk-free rate (Sharpe, The Sharpe Ratio, 1994)',
  sortino:
    'mean of hourly returns ÷ √(mean of squared returns below 0, over all of them) × √8760 (Sortino, Price 1994; target 0)',
  calmar: 'CAGR ÷ largest drawdown (Young, Calmar Ratio: A Smoother Tool, 1991; over the whole time)',
  maxDrawdownPct:
    'largest fall of equity, open results included, from a peak, in parts of it; with every price',
  longestDrawdownHours: 'longest time from a peak until it was reached again, or to the end',
  trades: 'closed trades: from their first fill until no whole lot of them is left',
  wins: 'trades with a result above 0 after fees',
  losses: 'trades with a result below 0 after fees',
  winRatePct: 'wins ÷ trades',
  profitFactor: 'sum of wins ÷ sum of losses',
  expectancy: 'mean result of a trade after fees',
  averageR:
    'mean of result ÷ what the first stop would have lost (Tharp: R multiple), of trades that had one',
  averageWin: 'mean result of wins',
  averageLoss: 'mean result of losses',
  largestWin: 'largest result',
  largestLoss: 'smallest result',
  longestLossStreak: 'most losses one after the other, in the order in which trades ended',
  averageHours: 'mean time from opening to closing',
  exposurePct: 'time in which any position was open ÷ whole time',
  turnover: 'value of all fills ÷ mean of hourly equity',
  fees: 'all fees, in the currency of the desk',
  feesPct: 'fees ÷ equity at the beginning',
};

export const figuresOf = (facts: RunFacts): Figures => rounded(exactFiguresOf(facts));

/** Not rounded: for figures judged by a threshold. */
export function exactFiguresOf(facts: RunFacts): Figures {
  const { fromMs, toMs, startEquity, finalEquity, hourly, maxDrawdown, longestDrawdown: longest } = facts;
  const returns = returnsOf(hourly);
  const deviation = sampleDeviation(returns);
  const cagr = cagrOf(startEquity, finalEquity, toMs - fromMs);
  const meanEquity = mean(hourly);
  return {
    ...facts.trades,
    returnPct: (finalEquity / startEquity - 1) * 100,
    cagrPct: cagr === null ? null : cagr * 100,
    volatilityPct: Number.isNaN(deviation) ? null : deviation * Math.sqrt(HOURS_PER_YEAR) * 100,
    sharpe: sharpeRatio(returns, HOURS_PER_YEAR),
    sortino: sortinoRatio(returns, HOURS_PER_YEAR),
    calmar: cagr === null || maxDrawdown === 0 ? null : cagr / maxDrawdown,
    maxDrawdownPct: maxDrawdown * 100,
    longestDrawdownHours: longest === null ? 0 : (longest.toMs - longest.fromMs) / HOUR_MS,
    exposurePct: toMs > fromMs ? (facts.heldMs / (toMs - fromMs)) * 100 : 0,
    turnover: meanEquity > 0 ? facts.tradedValue / meanEquity : null,
    fees: facts.fees,
    feesPct: (facts.fees / startEquity) * 100,
  };
}

/** As a fraction. Null: less than 30 days, or nothing was left. */
export function cagrOf(start: number, final: number, ms: number): number | null {
  return ms < ANNUAL_MS_MIN || final <= 0 || start <= 0 ? null : (final / start) ** (YEAR_MS / ms) - 1;
}

/** Null: there is no return, or none below 0. */
export function sortinoRatio(returns: readonly number[], periodsPerYear: number): number | null {
  const squares = returns.reduce((sum, value) => sum + (value < 0 ? value * value : 0), 0);
  return squares > 0
    ? (mean(returns) / Math.sqrt(squares / returns.length)) * Math.sqrt(periodsPerYear)
    : null;
}

/** Adds up closed trades, in the order they ended. */
export class TradeSums {
  #trades = 0;
  #wins = 0;
  #losses = 0;
  #result = 0;
  #won = 0;
  #lost = 0;
  #judgedByR = 0;
  #r = 0;
  #hours = 0;
  #largestWin: number | null = null;
  #largestLoss: number | null = null;
  #lossStreak = 0;
  #longestLossStreak = 0;

  get count(): number {
    return this.#trades;
  }

  add({ result, r, openedMs, closedMs }: TradeResult): void {
    this.#trades += 1;
    this.#result += result;
    this.#hours += (closedMs - openedMs) / HOUR_MS;
    if (r !== null) {
      this.#judgedByR += 1;
      this.#r += r;
    }
    this.#lossStreak = result < 0 ? this.#lossStreak + 1 : 0;
    this.#longestLossStreak = Math.max(this.#longestLossStreak, this.#lossStreak);
    if (result > 0) {
      this.#wins += 1;
      this.#won += result;
      this.#largestWin = Math.max(this.#largestWin ?? result, result);
    } else if (result < 0) {
      this.#losses += 1;
      this.#lost += result;
      this.#largestLoss = Math.min(this.#largestLoss ?? result, result);
    }
  }

  /** Not rounded. */
  get exact(): TradeFigures {
    const part = (sum: number, count: number): number | null => (count === 0 ? null : sum / count);
    return {
      trades: this.#trades,
      wins: this.#wins,
      losses: this.#losses,
      // Multiplied first: 29 ÷ 100 × 100 is below 29, and would miss a criterion of 29 %.
      winRatePct: part(this.#wins * 100, this.#trades),
      profitFactor: this.#losses === 0 ? null : this.#won / -this.#lost,
      expectancy: part(this.#result, this.#trades),
      averageR: part(this.#r, this.#judgedByR),
      averageWin: part(this.#won, this.#wins),
      averageLoss: part(this.#lost, this.#losses),
      largestWin: this.#largestWin,
      largestLoss: this.#largestLoss,
      longestLossStreak: this.#longestLossStreak,
      averageHours: part(this.#hours, this.#trades),
    };
  }
}

/** The time covered by any of several spans. Stores two numbers for each part without a pause. */
export class HeldTime {
  readonly #from: number[] = [];
  readonly #to: number[] = [];

  /** Call in order of `toMs`. */
  add(fromMs: number, toMs: number): void {
    let startMs = fromMs;
    while ((this.#to.at(-1) ?? Number.NEGATIVE_INFINITY) >= startMs) {
      startMs = Math.min(startMs, this.#from.pop() as number);
      this.#to.pop();
    }
    this.#from.push(startMs);
    this.#to.push(toMs);
  }

  /** Milliseconds covered from `fromMs` to `toMs`. */
  within(fromMs: number, toMs: number): number {
    return this.#from.reduce((sum, startMs, at) => {
      const endMs = Math.min(this.#to[at] as number, toMs);
      return sum + Math.max(0, endMs - Math.max(startMs, fromMs));
    }, 0);
  }
}

export function round(value: number, scale = PLACES): number {
  const result = Math.round(value * scale) / scale;
  return result === 0 ? 0 : result;
}

export function rounded<F extends object>(figures: F): F {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      value === null ? null : round(value as number, AMOUNTS.has(name) ? MONEY_SCALE : PLACES),
    ]),
  ) as F;
}

/** More places than any books have. */
const EXACT_PLACES = 24;
const PLACES_SHOWN = 8;

interface GroupedTrade extends TradeResult {
  /** With every place of the books, in the units of `exactUnits`. */
  readonly exactResult: Units;
  readonly exactFees: Units;
}

export interface Group extends TradeFigures {
  readonly key: string;
  /** Decimal text: an exact sum, cut to eight places. */
  readonly result: string;
  readonly fees: string;
}

/** Adds up closed trades by group. */
export class TradeGroups {
  readonly #groups = new Map<string, { sums: TradeSums; result: ExactSum; fees: ExactSum }>();

  add(key: string, trade: GroupedTrade): void {
    const group = this.#groups.get(key) ?? {
      ...{ sums: new TradeSums(), result: new ExactSum(), fees: new ExactSum() },
    };
    this.#groups.set(key, group);
    group.sums.add(trade);
    group.result.addUnits(trade.exactResult);
    group.fees.addUnits(trade.exactFees);
  }

  /** Sorted by key. */
  list(): Group[] {
    return [...this.#groups]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, { sums, result, fees }]) => ({
        ...{ key, result: result.text, fees: fees.text },
        ...rounded(sums.exact),
      }));
  }
}

export const exactUnits = (text: string): Units => parseUnits(text, EXACT_PLACES);

/** Exact sum of decimal texts. */
export class ExactSum {
  #units: Units = 0n;

  add(text: string): void {
    this.addUnits(exactUnits(text));
  }

  addUnits(units: Units): void {
    this.#units += units;
  }

  /** Cut to eight places. */
  get text(): string {
    return formatUnits(this.#units / 10n ** BigInt(EXACT_PLACES - PLACES_SHOWN), PLACES_SHOWN);
  }
}

export function sumOf(texts: readonly string[]): string {
  const sum = new ExactSum();
  for (const text of texts) sum.add(text);
  return sum.text;
}

/** How long a value stays below its peak. */
export class UnderwaterMeter {
  #peak = Number.NEGATIVE_INFINITY;
  #peakMs = 0;
  #below = false;
  #longest: Underwater | null = null;

  /** Call in order of time. */
  add(atMs: number, value: number): void {
    if (value < this.#peak) {
      this.#below = true;
      return;
    }
    if (this.#below) this.#note(atMs, true);
    this.#below = false;
    this.#peak = value;
    this.#peakMs = atMs;
  }

  /** Null: the value never fell. A fall that still lasts at `endMs` counts up to there. */
  longest(endMs: number): Underwater | null {
    if (this.#below) this.#note(endMs, false);
    return this.#longest;
  }

  #note(toMs: number, recovered: boolean): void {
    const { fromMs, toMs: until } = this.#longest ?? { fromMs: 0, toMs: 0 };
    if (toMs - this.#peakMs > until - fromMs) this.#longest = { fromMs: this.#peakMs, toMs, recovered };
  }
}
