/**
 * KPIs: figures of the desk, compared with an alarm or an aim. Readings are declared once, here, for the desk
 * file, the documents and the code that reads them (`reports/read-kpis.ts`).
 */
import { z } from 'zod';

interface KpiReadingTerms {
  readonly title: string;
  /** The unit of the reading; empty: a plain number, `money`: the currency of the account. */
  readonly unit: string;
  /** What `minimumSample` counts; null: nothing. */
  readonly of: string | null;
  /** Whether it looks back over `days`; otherwise it is read as of now. */
  readonly looksBack: boolean;
  /** Shown instead of an infinite value; only for readings that can be infinite. */
  readonly endless?: string;
  readonly meaning: string;
}

const back = (title: string, unit: string, of: string | null, meaning: string): KpiReadingTerms => ({
  ...{ title, unit, of, looksBack: true, meaning },
});
const now = (title: string, unit: string, meaning: string): KpiReadingTerms => ({
  ...{ title, unit, of: null, looksBack: false, meaning },
});

const KPI_READINGS = {
  trades: back('closed trades', '', null, 'how many'),
  winRate: back('win rate', '%', 'trades', 'share of closed trades with a profit after fees'),
  profitFactor: {
    ...back('profit factor', '', 'trades', 'gains over losses of closed trades, after fees'),
    endless: 'no loss',
  },
  averageR: back(
    'average R',
    'R',
    'trades',
    'the expectancy of a trade, in multiples of what its first stop would have lost',
  ),
  rewardRisk: back(
    'reward to risk',
    '',
    'trades',
    'average win over average loss of closed trades, both in multiples of what the first stop would have lost',
  ),
  result: back('result', 'money', 'trades', 'of closed trades, after fees'),
  lossStreak: back('longest losing streak', '', 'trades', 'most closed trades in a row without a profit'),
  return: back('return', '%', 'hours', 'of equity, capital movements excluded'),
  sharpe: back('Sharpe ratio', '', 'hours', 'of hourly returns, annualised'),
  maxDrawdown: back(
    'largest drawdown',
    '%',
    'hours',
    'largest fall of equity from a peak, open results included',
  ),
  fees: back('fees', 'money', 'fills', 'paid for fills'),
  stopSlippage: back(
    'slippage of stops',
    'money',
    'stop fills',
    'how much worse than the stop’s price a fill was, on average',
  ),
  filledEntries: back(
    'filled entries',
    '%',
    'entry orders',
    'entry orders filled at least in part, of those that were sent and have ended',
  ),
  rejectedOrders: back('rejected orders', '%', 'orders', 'share of sent orders that the venue rejected'),
  fillTime: back(
    'time to a fill',
    'ms',
    'orders',
    'from sending a market order to its first fill; 95 % took no longer',
  ),
  approvalTime: back(
    'time to a decision',
    'min',
    'approvals',
    'from asking people until they decided or the question expired, by the wall clock; 95 % took no longer',
  ),
  drawdown: now('drawdown', '%', 'fall of equity from its peak'),
  dayResult: now('result of the day', '%', 'open results included, relative to the day’s first equity'),
  priceAge: { ...now('age of the price', 'ms', 'since the newest quote'), endless: 'no quote so far' },
  openIncidents: now('open incidents', '', 'how many'),
  backupAge: {
    ...now('age of the backup', 'h', 'since the newest one that is kept and not dated ahead of now'),
    endless: 'no backup',
  },
  traderMemory: now('memory of the trader', 'MB', 'resident'),
  diskUsed: now('disk used', '%', 'of the disk with FERMATA_HOME'),
} as const satisfies Readonly<Record<string, KpiReadingTerms>>;

export type KpiReading = keyof typeof KPI_READINGS;
export const KPI_READING_NAMES = Object.keys(KPI_READINGS) as [KpiReading, ...KpiReading[]];

export const termsOf = (reading: KpiReading): KpiReadingTerms => KPI_READINGS[reading];

/** How far a KPI looks back if the desk file doesn't say. */
export const KPI_DAYS = 30;

/** Units that can be converted into each other, each as a multiple of the first. */
const CONVERTIBLE: readonly Readonly<Record<string, number>>[] = [
  { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 },
  { MB: 1, GB: 1_024 },
];

/** The reading's own unit, on an account in this currency. */
const ownUnit = (reading: KpiReading, currency: string): string => {
  const { unit } = termsOf(reading);
  return unit === 'money' ? currency : unit;
};

/** Units that a desk file may state for a reading; empty for a plain number. */
export function unitsOf(reading: KpiReading, currency: string): readonly string[] {
  const own = ownUnit(reading, currency);
  const several = CONVERTIBLE.find((units) => own in units);
  return several !== undefined ? Object.keys(several) : own === '' ? [] : [own];
}

/** The unit of a KPI's bound and value, and the factor that converts a reading to it. */
export function unitOf(
  { reading, unit }: Pick<DeskKpi, 'reading' | 'unit'>,
  currency: string,
): { readonly unit: string; readonly factor: number } {
  const own = ownUnit(reading, currency);
  const stated = unit ?? own;
  const units = CONVERTIBLE.find((each) => own in each) ?? {};
  return { unit: stated, factor: (units[own] ?? 1) / (units[stated] ?? 1) };
}

const bound = z.number().min(-1_000_000_000).max(1_000_000_000).optional();

export const kpiSchema = z.strictObject({
  reading: z.enum(KPI_READING_NAMES).describe('What is read (docs/DESK_FILE.md, "Readings of kpis").'),
  alarm: z
    .strictObject({ above: bound.describe('More is an alarm.'), below: bound.describe('Less is an alarm.') })
    .optional()
    .describe('Either `above` or `below`. Past it the check `kpis` fails, and its step says what follows.'),
  aim: z
    .strictObject({ atLeast: bound.describe('Less misses it.'), atMost: bound.describe('More misses it.') })
    .optional()
    .describe('Instead of `alarm`: either `atLeast` or `atMost`. If it is missed, the check `kpis` warns.'),
  unit: z
    .string()
    .optional()
    .describe(
      'Unit of bound and value: ms, s, min, h, d; MB, GB; %, R or the account’s currency. Left out: the reading’s own.',
    ),
  minimumSample: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('With fewer trades (hours, fills, orders, approvals) than this it is not judged. Left out: 1.'),
  days: z
    .number()
    .int()
    .min(1)
    .max(3650)
    .optional()
    .describe(`Days of market time that it looks back. Left out: ${KPI_DAYS}.`),
});

export type DeskKpi = z.output<typeof kpiSchema>;
