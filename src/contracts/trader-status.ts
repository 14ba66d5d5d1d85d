/**
 * What a trader says of itself: status, bars, proof of flat. Each field is declared here and nowhere else: types and the API's
 * description follow from the schemas. Decimal text everywhere a person or another program reads it: no integer units leave the
 * trader. Whoever needs the types alone imports them as types, and loads no zod.
 */
import { z } from 'zod';
import { STOP_MOVERS } from '../domain/exit-plan.js';
import type { GoLiveGrant } from '../domain/go-live.js';
import { HALT_CAUSES, type Halt, MODES, RESUME_RULES } from '../domain/mode.js';
import { ORDER_PURPOSES, ORDER_STATES, ORDER_TYPES, SIDES } from '../domain/order.js';
import { SIGNAL_ACTIONS, SIGNAL_STANDINGS } from '../domain/signal.js';
import { STOP_GAP_CAUSES } from '../domain/stop-gap.js';
import type { Difference } from '../engine/record.js';
import { decimalText, marketMs, type Shape, settingValue, wallMs } from './json-values.js';
import { marketSourceSchema } from './market-feed.js';

export const modeSchema = z.enum(MODES);

export const haltSchema = z.object({
  haltId: z.string(),
  mode: modeSchema.exclude(['ACTIVE']),
  scope: z.union([
    z.object({ kind: z.literal('desk') }),
    z.object({ kind: z.literal('strategy'), name: z.string() }),
    z.object({ kind: z.literal('instrument'), symbol: z.string() }),
  ]),
  cause: z.enum(HALT_CAUSES),
  by: z.string(),
  reason: z.string(),
  resume: z.enum(RESUME_RULES),
  atWallMs: wallMs,
  atMarketMs: marketMs,
}) satisfies z.ZodType<Halt>;

/** What closes a trade beside its protective stop, as it stands now. Null: its entry did not ask for it. */
const exitsSchema = z.object({
  targets: z
    .array(
      z.object({
        price: decimalText,
        pct: z.number().describe('Of the whole trade, what is closed there'),
        reached: z.boolean(),
        rests: z
          .literal(true)
          .exactOptional()
          .describe('At the venue, in one group with the stop; left out where the desk holds it'),
      }),
    )
    .describe('The nearest first'),
  trailBy: decimalText.nullable().describe('How far behind the market the stop follows'),
  /** The price from which on the stop is at the average of the entry. */
  breakEven: z
    .object({ price: decimalText, done: z.boolean().describe('The stop is at the average, or nearer') })
    .nullable(),
  /** From which on it is closed at the market. */
  timeExitMs: marketMs.nullable(),
  stopMovedBy: z.enum(STOP_MOVERS).nullable().describe('null: the stop is where the entry wanted it'),
  words: z.array(z.string()).describe('All of it for people, a few words each'),
});
export type ExitsStatus = Shape<typeof exitsSchema>;

/** What one strategy opened, until nothing is left of it. */
const tradeSchema = z.object({
  id: z.string(),
  openedMs: marketMs,
  fees: decimalText,
  result: decimalText.describe('Of what is closed, after all fees so far, with what the rest is worth now'),
  /** Unknown of a quantity that was adopted. */
  risk: decimalText.nullable().describe('What its first stop would have lost; null: nobody knows'),
  /** Two places. */
  r: decimalText.nullable().describe('Result in multiples of the risk'),
  /** Left out by a trader of before, too. */
  exits: exitsSchema.exactOptional().describe('What closes it beside its stop; left out where nothing does'),
});
export type TradeStatus = Shape<typeof tradeSchema>;

export const positionSchema = z.object({
  symbol: z.string(),
  side: z.enum(['long', 'short']),
  quantity: decimalText,
  averagePrice: decimalText,
  markPrice: decimalText.nullable(),
  unrealised: decimalText,
  stopPrice: decimalText.nullable(),
  /**
   * `confirmed`: the venue acknowledged the protective stop for the whole quantity. `passed`: it rests although the market is
   * past its price. `closing`: no stop can protect the position, so it is being closed at the market.
   */
  protection: z.enum(['confirmed', 'pending', 'missing', 'passed', 'closing', 'synthetic']),
  withoutStopMs: z
    .number()
    .nullable()
    .describe(
      'Milliseconds for which no stop for the whole position has rested at the venue; null: one does',
    ),
  strategy: z.string(),
  /** Of that strategy; null: none, as of a position that is less than a lot. */
  trade: tradeSchema.nullable(),
});
export type PositionStatus = Shape<typeof positionSchema>;

export const orderSchema = z.object({
  clientId: z.string(),
  symbol: z.string(),
  side: z.enum(SIDES),
  type: z.enum(ORDER_TYPES),
  purpose: z.enum(ORDER_PURPOSES),
  state: z.enum(ORDER_STATES),
  quantity: decimalText,
  filled: decimalText,
  /** Another’s: its limit, or the worst price that an entry at the market takes. */
  price: decimalText.nullable().describe('A stop: its trigger; null: at the market'),
  worstPrice: decimalText
    .exactOptional()
    .describe(
      'Of an entry by a stop: the worst price at which it may be filled; left out by every other order',
    ),
  strategy: z.string(),
});
export type OrderStatus = Shape<typeof orderSchema>;

const marketDataSchema = marketSourceSchema.extend({
  marketMs,
  state: z.enum(['up', 'down', 'waiting']),
  lastQuoteAgeMs: z.number().nullable(),
  lastPrices: z
    .array(z.object({ symbol: z.string(), bid: decimalText, ask: decimalText }))
    .describe('Of each instrument the newest quote that is believed'),
  heldBack: z
    .array(
      z.object({
        symbol: z.string(),
        bid: decimalText,
        ask: decimalText,
        /** In words. */
        because: z.string(),
        quotes: z.number().describe('Quotes in a row that agree with it'),
        forMs: z.number(),
      }),
    )
    .describe('Implausible quotes: used for nothing until others agree or they have stood for a while'),
});

const differenceSchema = z.object({
  what: z.enum(['position', 'order', 'fill', 'balance']),
  symbol: z.string(),
  ours: z.string(),
  venues: z.string(),
  rule: z.enum(['adopt', 'flag', 'correct', 'halt']),
}) satisfies z.ZodType<Difference>;

export const reconciliationSchema = z.object({
  state: z.enum(['pending', 'clean', 'differences', 'failed']),
  atWallMs: wallMs.nullable(),
  differences: z.array(differenceSchema),
});

export const strategyStatusSchema = z.object({
  name: z.string(),
  symbol: z.string(),
  enabled: z.boolean(),
  state: z.string(),
  trades: z.number(),
  wins: z.number(),
  realised: decimalText,
  lossesInARow: z.number(),
  /** Of its instrument's last 60 bars. */
  regime: z.enum(['trending', 'ranging', 'unknown']),
  /** Null, too, where the desk file has it off. */
  off: z
    .object({
      /** By the tracker, which looks at it again. */
      automatic: z.boolean(),
      by: z.string(),
      reason: z.string(),
      atMarketMs: marketMs,
      nextReviewMarketMs: marketMs.nullable(),
    })
    .nullable()
    .describe('Why it is off; null while it is on'),
});
export type StrategyStatus = Shape<typeof strategyStatusSchema>;

/** The permission to trade real money. */
export const grantSchema = z.object({
  release: z.string(),
  attempt: z.number().int(),
  step: z.number().int(),
  incarnation: z.string(),
  configHash: z.string(),
  haltId: z.string().nullable(),
  size: z.object({ maxPositionSizePct: z.number(), maxConcurrentPositions: z.number().int() }),
  fileConfigHash: z.string(),
  approvedBy: z.array(z.string()),
}) satisfies z.ZodType<GoLiveGrant>;

/**
 * Times without a protective stop for the whole position, of one cause. `opened`: until the stop for what was just bought
 * rested. `changed`: while it was changed. `closing`: taken off for a sale that came to nothing. `lost`: the venue ended it.
 */
export const stopGapSchema = z.object({
  why: z.enum(STOP_GAP_CAUSES),
  count: z.number(),
  longestMs: z.number(),
  symbol: z.string().describe('Of the longest'),
  atMarketMs: marketMs,
  newestMs: z.number(),
});
export type StopGapStatus = Shape<typeof stopGapSchema>;

/** Never valued, protected or sold by the desk. */
const coinsSchema = z.object({
  symbol: z.string(),
  /** Of these no person has said yet whose they are. */
  nobodys: decimalText,
  foreign: decimalText,
  /** A person takes them out of the account. */
  toMove: decimalText,
});
export type CoinsStatus = Shape<typeof coinsSchema>;

const dustSchema = z.object({
  symbol: z.string(),
  /** To the last place, what is below a lot included. */
  quantity: decimalText,
  /** In the desk's currency, at the last bid. */
  value: decimalText,
});

const signalStatusSchema = z.object({
  source: z.string(),
  id: z.string(),
  /** Null: everything that it brought is. */
  revision: z.number().nullable().describe('The newest; null: it was withdrawn before it came'),
  symbol: z.string().nullable(),
  action: z.enum(SIGNAL_ACTIONS).nullable(),
  entry: decimalText.nullable(),
  stop: decimalText.nullable(),
  targets: z.array(decimalText),
  issuedMs: marketMs.nullable(),
  expiresMs: marketMs,
  text: z.string(),
  standing: z.enum(SIGNAL_STANDINGS),
  reason: z.string().nullable().describe('Why nothing was entered on it; null: nothing spoke against it'),
});
export type SignalStatus = Shape<typeof signalStatusSchema>;

/** Signals from outside. */
export const signalsSchema = z.object({
  /** At most 50. */
  newest: z.array(signalStatusSchema),
  refused: z
    .array(z.object({ limit: z.string(), count: z.number() }))
    .describe('Since the journal began, by what refused them'),
});
export type SignalsStatus = Shape<typeof signalsSchema>;

const notTradingSchema = z.object({
  /** `desk`, a strategy's name or a symbol. */
  subject: z.string(),
  reason: z.string(),
  /** What would have to happen, in plain words. */
  waitsFor: z.string(),
});
export type NotTradingReason = Shape<typeof notTradingSchema>;

export const traderStatusSchema = z.object({
  desk: z.string(),
  starting: z
    .literal(true)
    .optional()
    .describe(
      'The engine does not speak for itself yet: nothing else here is known of books, orders and permissions',
    ),
  mode: modeSchema,
  reason: z.string().describe('One sentence: why the mode is what it is'),
  halts: z.array(haltSchema),
  haltId: z.string().nullable().describe('What arming must quote; null while ACTIVE'),
  configHash: z.string(),
  incarnation: z.string(),
  sequence: z.number(),
  pid: z.number(),
  startedWallMs: wallMs,
  trading: z.enum(['paper', 'live']),
  account: z
    .object({ name: z.string(), resting: z.array(z.string()) })
    .describe('Whose money; resting: paper accounts of other prices, kept until those are back'),
  marketData: marketDataSchema,
  currency: z.string(),
  equity: decimalText,
  cash: decimalText,
  dayStartEquity: decimalText,
  dayPnl: decimalText,
  drawdownPct: decimalText,
  /** What the drawdown is counted from: the highest equity since people last let it be counted anew. */
  peakEquity: decimalText,
  books: z
    .object({
      /** Cash, coins held, and what was taken from assets kept for fees, below zero. */
      balances: z.array(z.object({ asset: z.string(), amount: decimalText })),
      capitalMoved: decimalText.describe('Cash in and out since the journal began that is no result'),
      /** Taken off equity, not off cash. */
      feesElsewhere: decimalText.describe('Worth of fees paid from assets kept for them'),
      cashUnexplained: decimalText
        .nullable()
        .describe('What the venue has more (below zero: less) and nobody explained; null: cash agrees'),
      unvaluedFees: z.array(z.object({ asset: z.string(), amount: decimalText })),
    })
    .describe('The books to the last place'),
  positions: z.array(positionSchema),
  stopGaps: z
    .array(stopGapSchema)
    .describe('How long positions were without a protective stop, by cause, since the journal began'),
  coins: z
    .array(coinsSchema)
    .describe('Coins of the account that are not the desk’s; nothing is armed while some are nobody’s'),
  dust: z
    .array(dustSchema)
    .describe('What is left below the venue’s smallest order: shown, valued, prevents nothing'),
  orders: z.array(orderSchema),
  openPositions: z.number(),
  openOrders: z.number(),
  entriesWorking: z.number().describe('Entry orders that are not final; 0 proves a stop'),
  /** Left out by a trader of before, and while it starts. */
  targetsWait: z
    .enum(['venue', 'desk'])
    .exactOptional()
    .describe(
      'Where the target that closes a trade waits: at the venue, which links it with the stop, or in the desk, which closes at the market once the price is there',
    ),
  fills: z.number().describe('Fills ever applied'),
  /** Of the venue's API: while it is not closed, nothing new is opened. */
  venueBreaker: z.object({
    state: z.enum(['closed', 'open', 'halfOpen']),
    sinceWallMs: wallMs.nullable(),
    detail: z.string(),
  }),
  sizePct: z.number().describe('How much of the desk file’s position size is used, percent'),
  /** `required`: a desk with real money; nothing is armed and nothing entered while nothing is granted. */
  goLive: z.object({ required: z.boolean(), granted: grantSchema.nullable() }),
  closeAll: z.enum(['idle', 'running', 'flat', 'escalated']),
  reconciliation: reconciliationSchema,
  notTrading: z.array(notTradingSchema),
  strategies: z.array(strategyStatusSchema),
  /** A trader of before leaves `title` out. */
  risk: z
    .array(z.object({ limit: z.string(), title: z.string().optional(), value: z.string(), now: z.string() }))
    .describe(
      'Each limit that the desk file sets: what is allowed and what is, as text; `title` as people name it',
    ),
  /** Left out by a trader of before. */
  signals: signalsSchema.optional(),
  /** `configHash` is that of desk file and changes together, `fileConfigHash` of the file alone, as are all other values. */
  settings: z
    .object({ version: z.number(), changed: z.record(z.string(), settingValue), fileConfigHash: z.string() })
    .describe('What was changed while the desk ran'),
  /** The newest lines, newest first, at most 50. */
  activity: z.array(z.object({ wallMs, marketMs, text: z.string() })),
  rssBytes: z.number(),
});
export type TraderStatus = Shape<typeof traderStatusSchema>;

/** A finished bar. */
export const barSchema = z.object({
  openMs: marketMs,
  spanMs: z.number(),
  open: decimalText,
  high: decimalText,
  low: decimalText,
  close: decimalText,
  volume: decimalText,
});
export type BarStatus = Shape<typeof barSchema>;

/** What a strategy goes by, beside the bars. */
export const lineSchema = z.object({
  strategy: z.string(),
  /** As `fast average`. */
  name: z.string(),
  /** Rounded to a tick. */
  values: z.array(decimalText.nullable()).describe('One for each bar; null where it is not known'),
});
export type LineStatus = Shape<typeof lineSchema>;

export interface BarsAnswer {
  readonly symbol: string;
  /** Identity of the price source that they are of. */
  readonly source: string;
  /** Oldest first. */
  readonly bars: readonly BarStatus[];
  /** Left out by a trader of before. */
  readonly lines?: readonly LineStatus[] | undefined;
}

export interface FlatProof {
  readonly flat: boolean;
  readonly entriesWorking: number;
  /** Read back from the venue, not from our book. */
  readonly venuePositions: readonly { readonly symbol: string; readonly quantity: string }[];
  readonly venueOpenOrders: number;
  /** Their client ids; left out by a trader of before. */
  readonly venueOrderIds?: readonly string[] | undefined;
  readonly readAtWallMs: number;
  readonly state: TraderStatus['closeAll'];
  readonly escalated: readonly string[];
}
