/** What is traded, by which strategies, with which money and within which limits. */
import { z } from 'zod';
import { WEEKDAYS } from '../domain/civil-date.js';
import { ROLL_DAYS_MAX } from '../domain/sessions/contract-months.js';
import { STRATEGIES } from '../engine/strategies/registry.js';
import { type FixedKey, LIMITS, type OptionalKey } from '../limits/registry.js';
import { ARTEFACT_FILE, ARTEFACT_NAME, ARTEFACTS_MAX } from './artefacts.js';
import { OWN_STRATEGY } from './own-code.js';
import {
  amount,
  balance,
  currency,
  decimal,
  name,
  percent,
  signedDecimal,
  symbol,
  timeOfDay,
} from './schema-values.js';
import { sessionSchema } from './session-schema.js';

const feePpm = z.number().int().min(0).max(100_000);
const TIERS_MAX = 20;

/** One part per million of the worth: anything less would be none. */
const marginPct = percent.min(0.0001);

export const instrumentSchema = z.strictObject({
  symbol: symbol.describe(
    'What is traded, BASE/QUOTE. Each symbol once; all are paid in `paper.currency`: quoted in it, settled in it (inverse), or, for `future` and `fx`, converted to it at the price of an instrument of the desk.',
  ),
  kind: z
    .enum(['spot', 'linear', 'inverse', 'future', 'stock', 'fx'])
    .default('spot')
    .describe(
      '`spot`: coins, bought and sold for cash. `linear`: perpetual contract settled in the quote currency. `inverse`: ' +
        'perpetual contract worth a sum in the quote currency and settled in the coin, on paper and in backtests. `future`: contract ' +
        'with a multiplier and a month. `stock`: shares, bought and sold for cash. `fx`: a currency pair on margin, in lots, on paper and in backtests.',
    ),
  tickSize: decimal.describe('Smallest price step, in the quote currency, as set by the venue.'),
  lotSize: decimal.describe(
    'Smallest quantity step, in the base currency, as set by the venue; contracts (future, inverse) and shares of a stock: "1"; `fx`, in lots: "0.01".',
  ),
  multiplier: decimal
    .optional()
    .describe(
      'In the quote currency: the worth of one point of a future’s contract ("20" for NQ), or of one contract of an inverse perpetual ("100" for BTC/USD). For `fx`: how much of the base currency one lot is ("100000"). Required for these three; no other kind has it.',
    ),
  pip: decimal
    .optional()
    .describe(
      'Required for `fx`: the step in which prices are counted, "0.0001" for EUR/USD and "0.01" for USD/JPY; a multiple of `tickSize`, which may be finer.',
    ),
  exchange: z
    .string()
    .regex(/^[A-Z][A-Z0-9]{1,14}$/, 'expected an exchange as the broker names it, for example CME')
    .optional()
    .describe(
      'Where a future trades (CME; required), or where a stock is listed (NASDAQ; needed if several exchanges use its name).',
    ),
  contractMonth: z
    .string()
    .regex(/^20\d{2}(0[1-9]|1[0-2])$/, 'expected a month in quotes, year first, for example "202612"')
    .optional()
    .describe(
      'Month of a future. Left out, if orders leave: the one that its continuous future stands for; a month that is held stays until it is closed. Needed for Fermata’s own paper account on prices of a venue that has months.',
    ),
  lastTradeDay: z
    .string()
    .regex(/^20\d{2}-\d{2}-\d{2}$/, 'expected a date in quotes, for example "2026-11-19"')
    .optional()
    .describe(
      'Last day on which `contractMonth` is traded. From 15:00 New York on the business day before it nothing is entered, and positions are closed. Left out: it is known for NQ, CL, GC and the like (docs/VENUES.md); positions in other futures are held until a person closes them.',
    ),
  sideBySide: z
    .literal(true)
    .optional()
    .describe(
      'Several strategies trade it at once, each with its own trades, stops and exits, even against each other; the venue holds the net. For contracts, also beside what is bought for cash. Left out: a position has one trade.',
    ),
  roll: z
    .union([
      z.literal('monday-before-expiry'),
      z.strictObject({
        daysBefore: z
          .number()
          .int()
          .min(1)
          .max(ROLL_DAYS_MAX)
          .describe('Business days before the last trade, or before an earlier notice of delivery.'),
      }),
    ])
    .optional()
    .describe(
      'The day from which nothing is entered in the traded month and people are asked to roll to the next: ' +
        '`monday-before-expiry` (the Monday of its last week) or `{ daysBefore: 4 }`. For a future without ' +
        'contractMonth whose months are known (NQ, CL, GC and the like, or on the calendar cme-equity-index). Left out: the month is that of contractMonth, or of the broker’s continuous future.',
    ),
  minNotional: decimal
    .default('0')
    .describe(
      'Smallest order value, in the quote currency (inverse: in the coin); "0" if the venue has none.',
    ),
  spread: decimal
    .default('0.02')
    .describe('Distance between bid and ask if prices come as bars (simulated or recorded), whole ticks.'),
  fees: z
    .strictObject({
      each: decimal.describe('Per contract, share or lot, on each side.'),
      minimum: decimal
        .optional()
        .describe('Smallest fee of an order, however many fills it has. Left out: none.'),
      maximumPct: z
        .number()
        .min(0.0001)
        .max(100)
        .optional()
        .describe(
          'Largest fee of an order, percent of the traded amount, even if below `minimum`. Left out: none.',
        ),
      tiers: z
        .array(
          z.strictObject({
            from: decimal.describe(
              'Contracts, shares or lots traded in this month (UTC), from which it applies: of all instruments of this kind with tiers.',
            ),
            each: decimal.describe('Instead of `each` above.'),
          }),
        )
        .min(1)
        .max(TIERS_MAX)
        .optional()
        .describe(
          'Fees that change with the volume of the month, ascending; an order has the fee of its first fill. Left out: always `each`.',
        ),
      volumeSoFar: decimal
        .optional()
        .describe(
          'With `tiers`: what was traded in the month of the desk’s first fill before it. Left out: nothing.',
        ),
    })
    .optional()
    .describe(
      'Fees of a future, a stock or `fx` per contract, share or lot, in its quote currency, on paper and in backtests. Left out: `paper.makerFeePpm` and `paper.takerFeePpm`.',
    ),
  margin: z
    .strictObject({
      initial: decimal
        .optional()
        .describe('Free money needed to open one contract of a future, or one lot of `fx`.'),
      maintenance: decimal
        .optional()
        .describe('Equity needed for each contract or lot held; at most `initial`.'),
      initialPct: marginPct
        .optional()
        .describe(
          'Instead of amounts: free money needed to open a contract, percent of its worth. 10 is a leverage of 10.',
        ),
      maintenancePct: marginPct
        .optional()
        .describe(
          'With `initialPct`: equity needed, percent of the position’s present worth; at most `initialPct`.',
        ),
    })
    .optional()
    .describe(
      'Margin of contracts on paper and in backtests; a broker is queried for its own. Amounts per contract, in its quote currency (`future`, `fx`), or percentages of its worth (perpetuals too). Left out: a contract’s whole worth, so nothing is lent.',
    ),
  funding: z
    .strictObject({
      ratePct: signedDecimal.describe(
        'Percent of the position’s worth at the middle of the quote: above 0 longs pay shorts, below 0 shorts pay longs.',
      ),
      everyHours: z
        .literal([1, 2, 4, 8, 12, 24])
        .describe('Hours from one payment to the next, counted from 00:00 UTC.'),
    })
    .optional()
    .describe(
      'What a held perpetual (`linear`, `inverse`) pays or receives, on paper and in backtests; an exchange charges its own. Left out: nothing.',
    ),
  swap: z
    .strictObject({
      longPips: signedDecimal.describe('What one long lot earns a night, in pips; below 0: what it costs.'),
      shortPips: signedDecimal.describe('The same for a short lot.'),
      rollover: timeOfDay.optional().describe('When a night begins, Monday to Friday. Left out: 17:00.'),
      zone: z
        .string()
        .min(1)
        .optional()
        .describe('IANA time zone of `rollover`. Left out: America/New_York.'),
      tripleOn: z
        .enum(WEEKDAYS.slice(0, 5))
        .optional()
        .describe('The weekday whose night counts as three, to cover the weekend. Left out: wed.'),
    })
    .optional()
    .describe(
      'Interest on `fx` for each night that a position is held, on paper and in backtests; a broker charges its own. Left out: nothing.',
    ),
  sessions: sessionSchema.optional().describe('When its market is open; left out: always, as for coins.'),
});

const lots = z.number().int().min(1).max(1_000_000_000);

const sizeSchema = z.strictObject({
  riskPct: percent
    .optional()
    .describe(
      'What an entry may lose at its stop, percent of equity: lots are that ÷ (distance of the stop × value of a tick of one lot), rounded down; if not even one lot fits, the entry is refused.',
    ),
  lots: lots.optional().describe('Whole lots of the instrument, contracts of a future.'),
  equityPct: z
    .number()
    .positive()
    .max(10_000)
    .optional()
    .describe(
      'What an entry may be worth by itself, percent of equity; `risk.maxPositionSizePct` bounds the whole position. At most 100 if the strategy trades anything bought for cash (spot, stock).',
    ),
  volatilityPct: percent
    .optional()
    .describe(
      'What one standard deviation of a day’s return may cost the strategy’s position, percent of equity (docs/STRATEGY.md#size).',
    ),
  maxLots: lots
    .optional()
    .describe('Most lots that the strategy may hold and have resting on one instrument, new entry included.'),
});

const artefactSchema = z.strictObject({
  file: z
    .string()
    .regex(
      ARTEFACT_FILE,
      'expected a file in the folder artefacts beside the desk file, such as ./artefacts/model.json',
    )
    .describe('`./artefacts/NAME`: a file of the desk’s folder, 16 MiB at most.'),
  sha256: z
    .string()
    .max(64)
    .describe(
      'SHA-256 of its content in hex; other content is refused. If it is "", the error message gives the file’s hash.',
    ),
});

export const strategySchema = z.strictObject({
  name: name.describe(
    'Name of this strategy, unique on this desk. If it changes while a trade is open, no strategy closes that trade.',
  ),
  kind: z
    .string()
    .meta({ anyOf: [{ enum: [...STRATEGIES.keys()] }, { pattern: OWN_STRATEGY.source }] })
    .describe(
      'One of the strategies that ship with Fermata, or `./strategies/NAME.ts`: a file beside this one.',
    ),
  symbols: z
    .array(symbol)
    .min(1)
    .describe(
      'Instruments of this desk that it trades: each on its own, or all as one if the strategy has `legs`. Strategies of one instrument share the stop orders that its venue takes (docs/VENUES.md#stop-orders-of-one-instrument).',
    ),
  watches: z
    .array(symbol)
    .min(1)
    .max(20)
    .optional()
    .describe(
      'Instruments of this desk that it only watches, if the strategy says `watches: true`. Left out: none.',
    ),
  enabled: z.boolean().default(true).describe('`false`: loaded, shown, enters nothing.'),
  parameters: z
    .record(z.string(), z.union([z.number(), z.string(), z.boolean()]))
    .default({})
    .describe('What the kind declares; any left out have their defaults.'),
  artefacts: z
    .record(
      z.string().regex(ARTEFACT_NAME, 'expected 1 to 40 letters and digits'),
      artefactSchema.describe('The file and its hash.'),
    )
    .refine((listed) => Object.keys(listed).length <= ARTEFACTS_MAX, {
      error: `expected at most ${ARTEFACTS_MAX} artefacts`,
    })
    .optional()
    .describe(
      'Data files for a strategy of the desk’s own, by the names that it declares: `model: { file: ./artefacts/model.json, sha256: "…" }` (docs/STRATEGY.md#artefacts). Left out: none.',
    ),
  size: sizeSchema
    .optional()
    .describe(
      'Size of its entries: one of `riskPct`, `lots`, `equityPct` and `volatilityPct`, bounded by the limits. Left out: as large as `risk.maxPositionSizePct` allows.',
    ),
});

export const paperSchema = z.strictObject({
  balance: balance.describe('Cash at the first start and after `fermata paper reset`.'),
  currency: currency.describe(
    'Currency of the balance: the quote currency of every instrument, what its results are converted to, or the coin (BTC) of an inverse one.',
  ),
  makerFeePpm: feePpm
    .default(1000)
    .describe('Fee of an order that rested, parts per million of its value (1000 = 0.1 %).'),
  takerFeePpm: feePpm
    .default(1000)
    .describe('Fee of an order that filled at once, parts per million of its value.'),
  feeTiers: z
    .array(
      z.strictObject({
        from: decimal.describe(
          'Volume of the thirty days (UTC) before the present one, in `currency`, from which it applies: of all instruments without `fees` of their own.',
        ),
        makerFeePpm: feePpm.describe('Instead of `makerFeePpm` above.'),
        takerFeePpm: feePpm.describe('Instead of `takerFeePpm` above.'),
      }),
    )
    .min(1)
    .max(TIERS_MAX)
    .optional()
    .describe('Rates that change with the traded volume, ascending. Left out: always the rates above.'),
  volumeSoFar: decimal
    .optional()
    .describe(
      'With `feeTiers`: the volume of before the desk’s first fill; it counts for thirty days from there. Left out: nothing.',
    ),
  feesIn: z
    .enum(['coin', 'quote'])
    .optional()
    .describe(
      'What spot fees are taken from: `coin`, as on the exchange: from what was bought; `quote`: always from the cash. Left out: `quote`.',
    ),
  feeStock: z
    .record(currency, amount)
    .optional()
    .describe(
      'Coins of `venue.feeAssets` that a new paper book has for fees (`BNB: "1"`): while they last, spot fees are paid in them, a quarter lower.',
    ),
  slippageTicks: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(1)
    .describe('Ticks past the quote at which market and stop orders fill.'),
  latencyMs: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(20)
    .describe('Milliseconds until the paper venue answers an order.'),
});

export const marketSchema = z.strictObject({
  seed: z.number().int().min(0).default(7).describe('Seed of the simulated prices; `--seed`.'),
  speed: z.number().positive().max(100_000).default(60).describe('Simulated minutes per minute; `--speed`.'),
});

export const pricesSchema = z.strictObject({
  implausible: z
    .strictObject({
      awaySpreads: z
        .number()
        .min(1)
        .max(1_000_000)
        .default(20)
        .describe('A quote is implausible past this many spreads from the last one, if also past `awayPct`.'),
      awayPct: percent.default(3).describe('Percent of the last quote’s price; see `awaySpreads`.'),
      spreadPct: percent.default(2).describe('Also implausible: a spread above this percent of the price.'),
      agreeing: z
        .number()
        .int()
        .min(1)
        .max(100)
        .default(3)
        .describe('Such quotes in a row that must agree to be believed.'),
      standsSeconds: z
        .number()
        .min(0)
        .max(60)
        .default(2)
        .describe('A quote is believed if nothing contradicts it for this long.'),
    })
    .prefault({})
    .describe(
      'Quotes unlikely to be real prices: not used for size, equity, peak or loss until they are believed.',
    ),
});

export const riskSchema = z.strictObject({
  ...limitSchemas(),
  stopOverrunSeconds: z
    .number()
    .min(1)
    .max(600)
    .default(10)
    .describe(
      'How long the market may be past a protective stop that still rests at the venue; then the stop is cancelled and ' +
        'the position closed.',
    ),
});

type LimitSchemas = Record<FixedKey, z.ZodNumber | z.ZodDefault<z.ZodNumber>> &
  Record<OptionalKey, z.ZodOptional<z.ZodNumber>>;

function limitSchemas(): LimitSchemas {
  const entries = LIMITS.map(({ setting: { key, whole, min, above, max, reference, leftOut } }) => {
    const number = whole ? z.number().int() : z.number();
    const bounded = (above === undefined ? number.min(min) : number.gt(above)).max(max);
    if (leftOut === 'off') return [key, bounded.optional().describe(`${reference} Left out: not limited.`)];
    const held = leftOut === 'refused' ? bounded : bounded.default(leftOut);
    return [key, held.describe(reference)];
  });
  return Object.fromEntries(entries) as LimitSchemas;
}

/** The venue that orders go to if they leave this machine. */
export const venueSchema = z.strictObject({
  name: name.describe('Where orders would go with real money; public prices come from `feeds`.'),
  testnet: z.boolean().default(true).describe('`true`: the venue’s test environment.'),
  account: z
    .enum(['broker-paper'])
    .optional()
    .describe(
      '`broker-paper`, with mode: paper: orders go over the wire to the broker’s paper account, and no other account is accepted. Left out: Fermata’s own paper account, and no order leaves.',
    ),
  foreign: z
    .record(currency, decimal)
    .default({})
    .describe('Coins in the account that are not the desk’s, by currency.'),
  feeAssets: z
    .record(currency, z.string().min(3).max(40))
    .optional()
    .describe(
      'Coins that a person keeps in the account for fees (BNB), each with the instrument of this desk whose price values them: `BNB: BNB/USDT`. No strategy may trade that instrument.',
    ),
  serverTime: z
    .strictObject({
      zone: z.string().min(1).max(64).describe('IANA time zone.'),
      hoursAhead: z
        .number()
        .int()
        .min(-14)
        .max(14)
        .default(0)
        .describe('Hours by which the server is ahead of that zone, all year.'),
    })
    .optional()
    .describe(
      'The clock of the broker’s server, in which its terminal exports bars and ticks (docs/DATA.md): `{ zone: America/New_York, hoursAhead: 7 }` with most brokers, whose days end at 17:00 in New York. Left out: such files are refused.',
    ),
  rateLimit: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe('Requests wait until the exchange’s limit allows them; otherwise it bans the address.'),
    })
    .prefault({})
    .describe('The limit on requests.'),
});
