/** The desk file's KPIs: what each reads now, judged against its alarm or aim. */

import type { TraderStatus } from '../contracts/trader-status.js';
import { type DeskKpi, KPI_DAYS, type KpiReading, termsOf, unitOf } from '../desk/kpi-schema.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../domain/civil-date.js';
import { placesIn } from '../domain/figure-text.js';
import { isDatedAhead } from '../domain/moment.js';
import { readDecisionTimes } from '../store/approval-rows.js';
import { isStillThere, readBackups } from '../store/backup-rows.js';
import { readIncidents } from '../store/incident-rows.js';
import {
  readClosings,
  readCosts,
  readEquitySteps,
  readOrderFigures,
  readTrades,
  type Span,
  type TradesOf,
} from '../store/ledger-figures.js';
import { isPriceDue } from '../trader/engine-config.js';
import { readEquityFigures } from './equity-figures.js';
import type { ReportContext } from './report.js';
import { BYTES_PER_MB, diskSizes } from './sizes.js';

/** The places of a coin. */
const PLACES_MAX = 8;

export const KPI_STATES = ['alarm', 'missed', 'ok', 'tooFew', 'unknown'] as const;

export interface Kpi {
  readonly name: string;
  readonly reading: KpiReading;
  /** What is read, in words. */
  readonly title: string;
  readonly kind: 'alarm' | 'aim';
  /** `tooFew`: below its minimum sample; `unknown`: there is nothing to read. Neither is judged. */
  readonly state: (typeof KPI_STATES)[number];
  /** In `unit`. Also null if it is infinite, such as a profit factor without a loss. */
  readonly value: number | null;
  /** Empty for a plain number. */
  readonly unit: string;
  /** The bound of its alarm, or its aim: `above 25 %`, `at least 47.6 %`. */
  readonly bound: string;
  /** How many trades, hours, orders … it covers; null: nothing is counted. */
  readonly sample: number | null;
  readonly minimumSample: number | null;
  /** Days of market time it looks back over; null: it is read as of now. */
  readonly days: number | null;
  /** Value and sample, in words. */
  readonly says: string;
}

interface KpiContext extends Pick<ReportContext, 'desk' | 'pool'> {
  readonly home: string;
  /** Null if the trader does not answer. */
  readonly status: TraderStatus | null;
  /** The end of the days that a KPI looks back over, in market time. */
  readonly marketMs: number;
}

/**
 * In the order of the desk file; only the named ones, if names are passed. Rejects while the database is
 * down.
 */
export async function readKpis(context: KpiContext, names: readonly string[] = []): Promise<readonly Kpi[]> {
  const wanted = Object.entries(context.desk.kpis ?? {}).filter(
    ([name]) => names.length === 0 || names.includes(name),
  );
  const sources = new Sources(context);
  return Promise.all(wanted.map(([name, kpi]) => readOne(context.desk.paper.currency, sources, name, kpi)));
}

async function readOne(currency: string, sources: Sources, name: string, kpi: DeskKpi): Promise<Kpi> {
  const { title, of, looksBack, endless = '' } = termsOf(kpi.reading);
  const { unit, factor } = unitOf(kpi, currency);
  const days = looksBack ? (kpi.days ?? KPI_DAYS) : null;
  const minimumSample = of === null ? null : (kpi.minimumSample ?? 1);
  const read = await READERS[kpi.reading](sources, days ?? KPI_DAYS);
  const { sample = null } = read;
  // Rounds off floating-point noise, which could push a figure past a bound that it only reaches.
  const value = read.value === null ? null : Number((read.value * factor).toFixed(PLACES_MAX));
  const [words, limit] = boundOf(kpi);
  const withUnit = (figure: string): string => (unit === '' ? figure : `${figure} ${unit}`);
  const text = (figure: number): string =>
    figure === Number.POSITIVE_INFINITY
      ? endless
      : withUnit(figureText(figure, limit, unit === currency ? currency : null));
  const span = days === null ? '' : ` in ${counted(days, 'days')}`;
  const isFew = minimumSample !== null && (sample ?? 0) < minimumSample;
  return {
    ...{ name, reading: kpi.reading, title, unit, sample, minimumSample, days },
    kind: kpi.alarm === undefined ? 'aim' : 'alarm',
    state: isFew ? 'tooFew' : value === null ? 'unknown' : judged(kpi, value),
    value: Number.isFinite(value) ? value : null,
    bound: `${words} ${withUnit(String(limit))}`,
    says: isFew
      ? `too few (${sample ?? 0} of ${counted(minimumSample, of ?? '')}${span})`
      : value === null
        ? (read.none ?? 'not known')
        : `${text(value)}${of === null ? '' : ` over ${counted(sample ?? 0, of)}`}${span}`,
  };
}

function judged({ alarm, aim }: DeskKpi, value: number): Kpi['state'] {
  const { above = Number.POSITIVE_INFINITY, below = Number.NEGATIVE_INFINITY } = alarm ?? {};
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = aim ?? {};
  if (value > above || value < below) return 'alarm';
  return value > atMost || value < atLeast ? 'missed' : 'ok';
}

/** The desk file's rules allow each KPI exactly one. */
function boundOf({ alarm, aim }: DeskKpi): readonly [words: string, bound: number] {
  if (alarm?.above !== undefined) return ['above', alarm.above];
  if (alarm?.below !== undefined) return ['below', alarm.below];
  if (aim?.atLeast !== undefined) return ['at least', aim.atLeast];
  return ['at most', aim?.atMost ?? 0];
}

/**
 * With two places (an amount with those of its currency), or as many more as distinguish it from the bound.
 */
function figureText(value: number, bound: number, currency: string | null): string {
  if (currency === null && Number.isInteger(value)) return String(value);
  let places = currency === null ? 2 : placesIn(currency);
  while (places < PLACES_MAX && value !== bound && value.toFixed(places) === bound.toFixed(places))
    places += 1;
  return value.toFixed(places);
}

const counted = (count: number, of: string): string => `${count} ${count === 1 ? of.slice(0, -1) : of}`;

/** `value` null: nothing to read it from. Infinite: a gain over no loss, or the age of something missing. */
interface Read {
  readonly value: number | null;
  readonly sample?: number;
  /** Why there is nothing to read, if that is known. */
  readonly none?: string;
}

/** Queries each source and span only once, however many KPIs read from it. */
class Sources {
  readonly #asked = new Map<string, Promise<unknown>>();

  constructor(readonly context: KpiContext) {}

  closings = (days: number) => this.#over('closings', days, readClosings);
  trades = (days: number) => this.#over('trades', days, readTrades);
  costs = (days: number) => this.#over('costs', days, readCosts);
  orders = (days: number) => this.#over('orders', days, readOrderFigures);
  equity = (days: number) =>
    this.#over('equity', days, (pool, span) =>
      readEquityFigures((stepMs) => readEquitySteps(pool, span, stepMs)),
    );

  #over<T>(
    what: string,
    days: number,
    read: (pool: KpiContext['pool'], span: Span) => Promise<T>,
  ): Promise<T> {
    const { pool, desk, marketMs } = this.context;
    const key = `${what} ${days}`;
    const asked =
      (this.#asked.get(key) as Promise<T> | undefined) ??
      // Includes what happened at this very moment.
      read(pool, { desk: desk.desk, fromMs: marketMs - days * DAY_MS, toMs: marketMs + 1 });
    this.#asked.set(key, asked);
    return asked;
  }
}

type Closings = Awaited<ReturnType<Sources['closings']>>;
type Equity = Awaited<ReturnType<Sources['equity']>>;
type SumOf = 'r' | 'rated' | 'wonR' | 'wonRated' | 'lostR' | 'lostRated';

const ofClosings =
  (value: (closings: Closings) => number | null) =>
  async (sources: Sources, days: number): Promise<Read> => {
    const closings = await sources.closings(days);
    return { value: value(closings), sample: closings.length };
  };

/** Of trades whose risk is known. */
const ofRated =
  (value: (total: (of: SumOf) => number) => number) =>
  async (sources: Sources, days: number): Promise<Read> => {
    const trades = await sources.trades(days);
    const total = (of: SumOf): number => trades.reduce((sum, trade: TradesOf) => sum + trade[of], 0);
    return { value: known(value(total)), sample: total('rated') };
  };

const ofEquity =
  (value: (figures: Equity) => number | null) =>
  async (sources: Sources, days: number): Promise<Read> => {
    const figures = await sources.equity(days);
    return { value: value(figures), sample: figures.hours };
  };

const ofStatus =
  (value: (status: TraderStatus) => number | null) =>
  async ({ context: { status } }: Sources): Promise<Read> => ({
    value: status === null ? null : value(status),
  });

const sumOf = (closings: Closings): number => closings.reduce((sum, { net }) => sum + net, 0);
const isWin = ({ net }: Closings[number]): boolean => net > 0;
const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
/** Percent; null if `whole` is 0. */
const share = (part: number, whole: number): number | null => known((part / whole) * 100);

const READERS: Readonly<Record<KpiReading, (sources: Sources, days: number) => Promise<Read>>> = {
  trades: async (sources, days) => ({ value: (await sources.closings(days)).length }),
  winRate: ofClosings((closings) => share(closings.filter(isWin).length, closings.length)),
  profitFactor: ofClosings((closings) => {
    const gained = sumOf(closings.filter(isWin));
    const lost = -sumOf(closings.filter((closing) => !isWin(closing)));
    if (lost > 0) return gained / lost;
    return gained > 0 ? Number.POSITIVE_INFINITY : null;
  }),
  averageR: ofRated((total) => total('r') / total('rated')),
  rewardRisk: ofRated((total) => total('wonR') / total('wonRated') / (total('lostR') / total('lostRated'))),
  result: ofClosings(sumOf),
  lossStreak: ofClosings((closings) => {
    let [longest, now] = [0, 0];
    for (const closing of closings) {
      now = isWin(closing) ? 0 : now + 1;
      longest = Math.max(longest, now);
    }
    return longest;
  }),
  return: ofEquity(({ returnPct }) => returnPct),
  sharpe: ofEquity(({ sharpe }) => sharpe),
  maxDrawdown: ofEquity(({ maxDrawdownPct }) => maxDrawdownPct),
  fees: async (sources, days) => {
    const { fees, fills } = await sources.costs(days);
    return { value: fees, sample: fills };
  },
  stopSlippage: async (sources, days) => {
    const { stopSlippage, stopFills } = await sources.costs(days);
    return { value: known(stopSlippage / stopFills), sample: stopFills };
  },
  filledEntries: async (sources, days) => {
    const { filled, ended } = await sources.orders(days);
    return { value: share(filled, ended), sample: ended };
  },
  rejectedOrders: async (sources, days) => {
    const { rejected, sent } = await sources.orders(days);
    return { value: share(rejected, sent), sample: sent };
  },
  fillTime: async (sources, days) => {
    const { fillMs, timed } = await sources.orders(days);
    return { value: fillMs, sample: timed };
  },
  approvalTime: async ({ context: { pool, desk } }, days) => {
    const { ms, count } = await readDecisionTimes(pool, desk.desk, Date.now() - days * DAY_MS);
    return { value: ms === null ? null : ms / MINUTE_MS, sample: count };
  },
  drawdown: ofStatus(({ drawdownPct }) => Number(drawdownPct)),
  dayResult: ofStatus(({ equity, returnCountsFrom: from }) =>
    share(Number(equity) - Number(from), Number(from)),
  ),
  priceAge: async ({ context: { desk, status } }) => {
    if (status === null) return { value: null };
    const { marketData } = status;
    // The last price before the night is as old as the night is long.
    if (!isPriceDue(desk, marketData))
      return { value: null, none: 'no price is due while the market is closed' };
    return { value: marketData.lastQuoteAgeMs ?? Number.POSITIVE_INFINITY };
  },
  openIncidents: async ({ context: { pool, desk } }) => {
    const incidents = await readIncidents(pool, desk.desk);
    return { value: incidents.filter(({ state }) => state !== 'resolved').length };
  },
  backupAge: async ({ context: { pool, desk, home } }) => {
    const nowMs = Date.now();
    const kept = (await readBackups(pool, desk.desk)).find(
      (backup) =>
        backup.prunedMs === null && isStillThere(home, backup) && !isDatedAhead(backup.takenMs, nowMs),
    );
    const takenMs = kept?.takenMs ?? Number.NEGATIVE_INFINITY;
    return { value: Math.max(0, nowMs - takenMs) / HOUR_MS };
  },
  traderMemory: ofStatus(({ rssBytes }) => rssBytes / BYTES_PER_MB),
  diskUsed: async ({ context: { home } }) => {
    const { disk } = await diskSizes(home);
    return { value: share(disk.whole - disk.free, disk.whole) };
  },
};

const STATE_WORDS = {
  alarm: ': ALARM',
  missed: ': missed',
  ok: ': ok',
  tooFew: '',
  unknown: '',
} as const satisfies Readonly<Record<Kpi['state'], string>>;

/** One line, for reports, evidence and the command line. */
export const kpiLine = ({ name, title, kind, state, bound, says }: Kpi): string =>
  `${name}: ${title} ${says}, ${kind} ${bound}${STATE_WORDS[state]}`;
