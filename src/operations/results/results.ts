/** Results of trading: round trips, their sums by day, week or month, and the desk's KPIs. */
import { z } from 'zod';
import { decimalText, marketMs, type Shape } from '../../contracts/json-values.js';
import { KPI_READING_NAMES } from '../../desk/kpi-schema.js';
import { MONEY_SCALE } from '../../domain/money.js';
import { KPI_STATES, type Kpi, readKpis } from '../../reports/read-kpis.js';
import { JOURNAL_INSTRUMENTS } from '../../store/ledger-figures.js';
import { ofAccountInUse } from '../../store/read-ledger.js';
import { readStatus } from '../../trader/read-status.js';
import type { OperationContext } from '../operation.js';

/** The part of a Postgres pool that is used. Rejects while the database is down. */
export interface Queries {
  query(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

export const PERIODS = ['day', 'week', 'month'] as const;
export type Period = (typeof PERIODS)[number];

/** Amounts are in the desk's currency. */
const sumsSchema = z.object({
  trips: z.number().describe('Closed round trips'),
  wins: z.number().describe('Those with a profit after fees'),
  net: decimalText.describe('After fees'),
  fees: decimalText,
});
export type Sums = Shape<typeof sumsSchema>;

const roundTripSchema = z.object({
  id: z.string(),
  symbol: z.string(),
  strategy: z.string(),
  side: z.enum(['long', 'short']),
  openedMs: marketMs,
  closedMs: marketMs,
  quantity: decimalText.describe('Everything that was entered'),
  entry: decimalText.describe('Average price'),
  exit: decimalText.describe('Average price'),
  /** From its fills, as recorded at that time. */
  priceDigits: z.number().describe('Places of the instrument’s tick: how many a price is written with'),
  net: decimalText.describe('After fees'),
  netPct: z.number().describe('Of what was paid at the entry'),
  r: z
    .number()
    .nullable()
    .describe('Result over what the first protective stop would have lost; null without one'),
  reason: z
    .string()
    .describe(
      'Purpose of the last fill: exit, protective, close, foreign; `split`: a split paid all of it out',
    ),
  fees: decimalText,
});
export type RoundTrip = Shape<typeof roundTripSchema>;

export const resultsSchema = z.object({
  currency: z.string().nullable(),
  fromMs: marketMs.describe('Where the first period begins'),
  toMs: marketMs,
  fromDate: z.string().describe('Date of the first period'),
  toDate: z.string().describe('Date of the last period'),
  timezone: z.string().describe('Of the desk: dates are in it'),
  dayBoundary: z.string().describe('When a trading day begins in that time zone'),
  total: sumsSchema,
  periods: z
    .array(
      sumsSchema.extend({
        startMs: marketMs,
        date: z
          .string()
          .describe(
            'Where a day begins; the first day of a week (`weekStart` of the desk file), the first of a month',
          ),
      }),
    )
    .describe('Newest first, by the time of closing; those without a round trip are left out'),
  roundTrips: z.array(roundTripSchema).describe('Newest first'),
  truncated: z.boolean().describe('There are older ones: the sums count them, the list does not'),
});
export type Results = Shape<typeof resultsSchema>;
/** Without the periods, which the caller knows. */
export type FoundResults = Pick<Results, 'total' | 'periods' | 'roundTrips' | 'truncated'>;

/**
 * Which fills make up a round trip: the one rule for everything that counts them. Common table expressions,
 * those of the journal's instruments first; `$1` is the desk. `numbered` has each fill with its trip, and
 * each change of a position without a fill (`purpose` is null): a quantity adopted from the venue, coins that
 * a person assigned to the desk, or a split, whose quantity is in new shares, which cost nothing; and each
 * dividend, which changes none. `cash` is what a split or a dividend paid, `ratio` a split's new shares for an
 * old one. A trip ends as in the engine: when less than one lot is held. That remainder stays and counts on;
 * coins that the venue kept as its fee are not held. Steps are those in the journal at that time. Each journal
 * counts separately, since a new one begins flat. It also counts the fills that it repeats of an earlier
 * journal (`told` is false), which has reported the trips that those ended.
 */
export const NUMBERED_FILLS = `
  ${JOURNAL_INSTRUMENTS}, without_fill as (
    select each ->> 'symbol' as symbol, entry.incarnation, entry.sequence, entry.type,
      (record ->> 'quantityLots')::numeric * (each ->> 'lotSize')::numeric as quantity,
      case type when 'split' then 0 else coalesce(record ->> 'priceTicks', record ->> 'costTicks')::numeric end
        * (each ->> 'tickSize')::numeric as price, coalesce((record ->> 'rate')::numeric, 1) as rate,
      coalesce(record ->> 'inLieu', record ->> 'amount')::numeric / ${MONEY_SCALE} as cash,
      (record ->> 'numerator')::numeric / (record ->> 'denominator')::numeric as ratio,
      to_timestamp((record ->> 'marketMs')::float8 / 1000) as market
    from journal_entry entry cross join lateral (
      select each from configured, jsonb_array_elements(instruments) with ordinality listed (each, place)
      where configured.incarnation = entry.incarnation and configured.sequence < entry.sequence
        and (each ->> 'symbol' = record ->> 'symbol' or place = (record ->> 'instrument')::int + 1)
      order by configured.sequence desc limit 1
    ) instrument
    where desk = $1 and type in ('position.adopted', 'coins.claimed', 'split', 'dividend') and ${ofAccountInUse('entry.incarnation')}
  ), filled as (
    select symbol, incarnation, sequence, true as told, side, quantity, price, coalesce(rate, 1) as rate, market, strategy, realised, fee, fee_asset, fee_amount, purpose
    from fills where desk = $1 and ${ofAccountInUse()}
    union all
    select symbol, again.incarnation, again.sequence, false, side, quantity, price, coalesce(rate, 1), market, strategy, realised, fee, fee_asset, fee_amount, purpose
    from repeated_fills again join fills using (desk, symbol, trade_id) where desk = $1 and ${ofAccountInUse('again.incarnation')}
  ), change as (
    select symbol, incarnation, sequence, told, side, price, rate, market, strategy, realised, fee, purpose, quantity as size,
      case side when 'sell' then -quantity
        else quantity - case fee_asset when split_part(symbol, '/', 1) then fee_amount else 0 end end as by,
      null::numeric as adopted, null::numeric as cash, null::numeric as ratio
    from filled
    union all
    select symbol, incarnation, sequence, false, null, price, rate, market, null, null, null, null, null,
      case type when 'coins.claimed' then quantity else 0 end, case when type in ('position.adopted', 'split') then quantity end,
      cash, ratio
    from without_fill
  ), since_adopted as (
    select *, count(adopted) over (partition by symbol, incarnation order by sequence) as adoptions from change
  ), holding as (
    select *, coalesce(first_value(adopted) over since, 0) + sum(by) over since as held from since_adopted
    window since as (partition by symbol, incarnation, adoptions order by sequence)
  ), moved as (
    select holding.*, held = 0 or abs(held) < coalesce(lot, 0) as flat,
      held - coalesce(lag(held) over (partition by symbol, incarnation order by sequence), 0) as moved_by
    from holding left join steps using (symbol, incarnation)
  ), numbered as (
    select symbol, incarnation, sequence, told, price, rate, market, strategy, realised, fee, purpose, flat, cash, ratio,
      coalesce(side, case when moved_by < 0 then 'sell' else 'buy' end) as side, coalesce(size, abs(moved_by)) as size,
      count(*) filter (where flat)
        over (partition by symbol, incarnation order by sequence rows between unbounded preceding and 1 preceding) as trip
    from moved
  )`;

/**
 * Over a trip's rows: ended by a fill, first reported in this journal, or by a split that paid all of it out. Otherwise its
 * result is not known.
 */
export const IS_CLOSED = 'bool_or(flat and (told or ratio is not null))';

/**
 * Over a trip's rows: its result before fees. The shares that a split paid out took their cost with them,
 * which is no fill's: such a trip's result is all that it received less all that it paid.
 */
const GROSS = `coalesce(sum(cash), 0) + case when bool_or(ratio is not null and (cash <> 0 or flat))
  then sum(case side when 'sell' then size else -size end * price) else sum(realised) end`;

/** Over a trip's rows: its result after fees. */
export const NET = `${GROSS} - sum(fee)`;

/** Over a trip's rows, as in the engine: whose order opened it. Its end may be nobody's, as a close-all's. */
export const OPENED_BY = "coalesce((array_agg(strategy order by sequence))[1], 'fermata')";

/* The desk's KPIs. */

const kpiSchema = z.object({
  name: z.string(),
  reading: z.enum(KPI_READING_NAMES),
  title: z.string().describe('What is read, in words'),
  kind: z.enum(['alarm', 'aim']),
  state: z
    .enum(KPI_STATES)
    .describe(
      'alarm: past its alarm; missed: short of its aim; ok: neither; tooFew: below its minimum sample; unknown: nothing to read. The last two are not judged',
    ),
  value: z
    .number()
    .nullable()
    .describe('In `unit`; also null where it has no end, as a profit factor without a loss'),
  unit: z.string().describe('Empty for a plain number'),
  bound: z.string().describe('When it is an alarm, or what is aimed at: "above 25 %", "at least 47.6 %"'),
  sample: z.number().nullable().describe('What it was counted over; null: nothing is counted'),
  minimumSample: z.number().nullable(),
  days: z.number().nullable().describe('Of market time that it looks back; null: it stands now'),
  says: z.string().describe('Value and sample, in words'),
}) satisfies z.ZodType<Kpi>;

export const kpisSchema = z.object({
  machineTime: z
    .boolean()
    .describe(
      'The trader does not answer: days are by this machine’s clock, and what it alone knows is unknown',
    ),
  kpis: z.array(kpiSchema).describe('In the order of the desk file'),
});
export type KpisShown = Shape<typeof kpisSchema>;

/** Rejects while Postgres is down. */
export async function showKpis({
  desk,
  pool,
  runtime,
  trader,
  nowMs,
}: Pick<OperationContext, 'desk' | 'pool' | 'runtime' | 'trader' | 'nowMs'>): Promise<KpisShown> {
  const status = await readStatus({ trader }).catch(() => null);
  const marketMs = status?.marketData.marketMs ?? nowMs();
  const kpis = await readKpis({ desk, pool, home: runtime.home, status, marketMs });
  return { machineTime: status === null, kpis };
}
