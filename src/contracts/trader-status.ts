/**
 * The trader's published answers: status, bars, proof of flat. Each field is declared only here: types and
 * the API's description derive from the schemas. Values that people or other programs read are decimal text:
 * no integer units leave the trader. Code that needs only the types imports them as types, which loads no
 * zod.
 */
import { z } from 'zod';
import { STOP_GAP_CAUSES, STOP_MOVERS } from '../domain/exits.js';
import type { GoLiveEnded, GoLiveGrant } from '../domain/go-live-terms.js';
import { HALT_CAUSES, type Halt, MODES, RESUME_RULES } from '../domain/mode.js';
import { ORDER_PURPOSES, ORDER_STATES, ORDER_TYPES, SIDES, WAITED } from '../domain/order.js';
import { SIGNAL_ACTIONS, SIGNAL_STANDINGS } from '../domain/signal.js';
import type { ListedContract } from '../domain/venue.js';
import type { Difference } from '../engine/record.js';
import { decimalText, marketMs, type Shape, settingValue, wallMs } from './json-values.js';
import { marketSourceSchema } from './market-feed.js';

export const modeSchema = z.enum(MODES);

export const haltSchema = z.object({
  haltId: z.string(),
  mode: modeSchema.exclude(['ACTIVE']),
  scope: z.object({ kind: z.literal('desk') }),
  cause: z.enum(HALT_CAUSES),
  by: z.string(),
  reason: z.string(),
  resume: z.enum(RESUME_RULES),
  atWallMs: wallMs,
  atMarketMs: marketMs,
  copiedFrom: z.string().optional().describe('Where the home is that this one was copied from'),
}) satisfies z.ZodType<Halt>;

/**
 * Current state of what closes a trade apart from its protective stop. Null: its entry did not ask for it.
 */
const exitsSchema = z.object({
  targets: z
    .array(
      z.object({
        price: decimalText,
        pct: z.number().describe('Percent of the whole trade closed there'),
        reached: z.boolean(),
        rests: z
          .literal(true)
          .exactOptional()
          .describe('At the venue, in one group with the stop; left out if the desk holds it'),
      }),
    )
    .describe('The nearest first'),
  trailBy: decimalText.nullable().describe('How far behind the market the stop follows'),
  /** When the market reaches this price, the stop moves to the average entry price. */
  breakEven: z
    .object({ price: decimalText, done: z.boolean().describe('The stop is at the average or better') })
    .nullable(),
  /** From this time the trade is closed at the market. */
  timeExitMs: marketMs.nullable(),
  /** Also absent from traders of earlier versions. */
  beforeCloseSeconds: z
    .number()
    .exactOptional()
    .describe(
      'How long before its session ends the trade is closed at the market; left out: may be held over',
    ),
  stopMovedBy: z.enum(STOP_MOVERS).nullable().describe('Null: the stop is where the entry placed it'),
  words: z.array(z.string()).describe('All of it in plain words, a few each'),
});
export type ExitsStatus = Shape<typeof exitsSchema>;

/** What one strategy opened, until none of it is left. */
const tradeSchema = z.object({
  id: z.string(),
  openedMs: marketMs,
  fees: decimalText,
  result: decimalText.describe('Of the closed part, after all fees so far, plus what the rest is worth now'),
  /** Unknown for an adopted quantity. */
  risk: decimalText.nullable().describe('What its first stop would have lost; null: not known'),
  /** Two decimals. */
  r: decimalText.nullable().describe('Result in multiples of the risk'),
  /** Also absent from traders of earlier versions. */
  exits: exitsSchema.exactOptional().describe('What closes it besides its stop; left out: nothing'),
});
export type TradeStatus = Shape<typeof tradeSchema>;

const PROTECTIONS = ['confirmed', 'pending', 'missing', 'passed', 'closing'] as const;

/** One strategy's part of a position that several may trade. */
const partSchema = tradeSchema.extend({
  strategy: z.string().describe('`fermata`: nobody’s'),
  quantity: decimalText,
  side: z
    .enum(['long', 'short'])
    .exactOptional()
    .describe('Only if trades may be against each other; left out: that of the position'),
  averagePrice: decimalText.exactOptional().describe('Of its own fills; given with `side`'),
  stopPrice: decimalText.nullable(),
  protection: z
    .enum([...PROTECTIONS, 'dust'])
    .describe(
      'By its own stop, for its own quantity; `dust`: below the venue’s smallest order, so no stop can rest',
    ),
});

export const positionSchema = z.object({
  symbol: z.string(),
  side: z.enum(['long', 'short']),
  quantity: decimalText,
  averagePrice: decimalText,
  markPrice: decimalText.nullable(),
  unrealised: decimalText.describe('With every place'),
  stopPrice: decimalText.nullable(),
  /**
   * `confirmed`: the venue acknowledged the protective stop for the whole quantity, apart from parts that are dust.
   * `passed`: it rests
   * although the market is past its price. `closing`: no stop can protect the position, so it is being closed
   * at the market.
   */
  protection: z.enum(PROTECTIONS),
  withoutStopMs: z
    .number()
    .nullable()
    .describe(
      'Milliseconds that no stop for the whole position is known to rest at the venue: one whose cancel was not answered may; null: one does',
    ),
  strategy: z.string(),
  /** Of that strategy; null if there is none, for example for a position of less than one lot. */
  trade: tradeSchema.nullable(),
  /** Also absent from traders of earlier versions. */
  parts: z
    .array(partSchema)
    .exactOptional()
    .describe(
      'If several strategies may trade the instrument: what each holds, oldest first; `strategy` and `trade` are then those of the oldest. Trades side by side may be against each other: `side` and `quantity` of the position are then those of the venue’s net, which may be 0',
    ),
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
  /** For an order that is not a stop: its limit, or the worst price that a market entry accepts. */
  price: decimalText.nullable().describe('Of a stop: its trigger; null: at the market'),
  worstPrice: decimalText
    .exactOptional()
    .describe('Of a stop entry: the worst price at which it may be filled; left out for any other order'),
  strategy: z.string(),
});
export type OrderStatus = Shape<typeof orderSchema>;

export const waitingEntrySchema = z.object({
  clientId: z.string().describe('Client id of its future order; also cancels it'),
  symbol: z.string(),
  side: z.enum(SIDES),
  type: z.enum(WAITED),
  strategy: z.string(),
  waits: z.string().describe('For what, in words; times are in its market’s zone'),
  stop: decimalText.describe('The stop-loss that it will have'),
  sinceMs: marketMs.nullable().describe('When it began to wait, market time; null: not known'),
});
export type WaitingEntryStatus = Shape<typeof waitingEntrySchema>;

const marketDataSchema = marketSourceSchema.extend({
  marketMs,
  state: z.enum(['up', 'down', 'waiting']),
  lastQuoteAgeMs: z.number().nullable(),
  lastPrices: z
    .array(z.object({ symbol: z.string(), bid: decimalText, ask: decimalText }))
    .describe('The newest believed quote of each instrument'),
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
    .describe('Implausible quotes: not used until others agree or they have lasted for a while'),
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
  realised: decimalText.describe('After fees, with every place'),
  lossesInARow: z.number(),
  /** Derived from its instrument's last 60 bars. */
  regime: z.enum(['trending', 'ranging', 'unknown']),
  /** Also null if the desk file has it off. */
  off: z
    .object({
      /** Switched off by the tracker, which reviews it later. */
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

const goLiveEndedSchema = z.object({
  release: z.string(),
  attempt: z.number().int(),
  by: z.string(),
  reason: z.string(),
}) satisfies z.ZodType<GoLiveEnded>;

/**
 * Times without a protective stop for the whole position, by cause. `opened`: until the stop for newly bought
 * quantity rested. `changed`: while it was changed. `part`: made smaller for a part that was sold. `closing`:
 * cancelled for a sale, until one rested again. `lost`: the venue ended it.
 */
export const stopGapSchema = z.object({
  why: z.enum(STOP_GAP_CAUSES),
  count: z.number(),
  longestMs: z.number(),
  symbol: z.string().describe('Of the longest gap'),
  atMarketMs: marketMs,
  newestMs: z.number(),
});
export type StopGapStatus = Shape<typeof stopGapSchema>;

/** The desk never values, protects or sells these. */
const coinsSchema = z.object({
  symbol: z.string(),
  /** No person has said yet whose these are. */
  nobodys: decimalText,
  foreign: decimalText,
  /** A person withdraws these from the account. */
  toMove: decimalText,
});
export type CoinsStatus = Shape<typeof coinsSchema>;

const capabilitySchema = z.object({
  symbol: z.string(),
  targetsWait: z
    .enum(['venue', 'desk'])
    .describe(
      'Where the target that closes a trade waits: at the venue, which links it with the stop, or in the desk, which closes at the market once the price is reached',
    ),
  refused: z.array(z.string()).describe('What the venue takes no orders for, for example `short sales`'),
  byDesk: z.array(z.string()).describe('What the desk does itself, since the venue can’t'),
});

const dustSchema = z.object({
  symbol: z.string(),
  /** Exact quantity, including fractions of a lot. */
  quantity: decimalText,
  /** In the desk's currency, at the last bid. */
  value: decimalText,
});

const signalStatusSchema = z.object({
  source: z.string(),
  id: z.string(),
  /** If null, all fields that come with a signal are also null. */
  revision: z.number().nullable().describe('The newest; null: withdrawn before it came'),
  symbol: z.string().nullable(),
  action: z.enum(SIGNAL_ACTIONS).nullable(),
  entry: decimalText.nullable(),
  stop: decimalText.nullable(),
  targets: z.array(decimalText),
  issuedMs: marketMs.nullable(),
  expiresMs: marketMs,
  text: z.string(),
  standing: z.enum(SIGNAL_STANDINGS),
  reason: z.string().nullable().describe('Why nothing was entered on it; null: it was not refused'),
});
export type SignalStatus = Shape<typeof signalStatusSchema>;

/** Signals from outside. */
export const signalsSchema = z.object({
  /** At most 50. */
  newest: z.array(signalStatusSchema),
  refused: z
    .array(z.object({ limit: z.string(), count: z.number() }))
    .describe('Since the journal began, by refusing limit'),
});
export type SignalsStatus = Shape<typeof signalsSchema>;

const listedContractSchema = z.object({
  name: z.string().describe('As people know it at the broker, for example NQZ6'),
  month: z.string().describe('yyyymm'),
  lastTradeDay: z.string().describe('2026-12-18'),
}) satisfies z.ZodType<ListedContract>;

const CONTRACT_PHASES = ['trading', 'due', 'leaving', 'ended', 'rolled'] as const;

/** The contract of a future that an instrument stands for. */
const contractSchema = z.object({
  symbol: z.string(),
  month: z
    .string()
    .nullable()
    .describe('In force, yyyymm; null: what the broker’s continuous future stands for'),
  lastTradeDay: z.string().nullable().describe('Of the traded contract; null: not known yet'),
  noticeDay: z
    .string()
    .nullable()
    .describe(
      'The first day on which a holder may get notice of delivery: it is left before that; null: none before the last trade',
    ),
  daysLeft: z
    .number()
    .nullable()
    .describe('Days until the last trade, rounded up; 0 or less: it has expired'),
  rollDay: z
    .string()
    .nullable()
    .describe('Nothing is entered in it from then on; null: the desk file has no rule'),
  phase: z
    .enum(CONTRACT_PHASES)
    .describe(
      'due: people are asked to roll; leaving: positions are closed, too; rolled: the trader must restart',
    ),
  leftBeforeEnd: z
    .boolean()
    .describe(
      'Whether entries end and positions are closed before its last trade; false: the desk has no rule for it, and a person closes them',
    ),
  next: z.string().nullable().describe('The next month, yyyymm'),
  choices: z.array(z.string()).describe('Months that people may roll to; empty without a rule'),
  atVenue: z
    .object({ traded: listedContractSchema, following: listedContractSchema.nullable() })
    .nullable()
    .describe('As the broker describes them; null: not connected, or no broker'),
});
export type ContractStatus = Shape<typeof contractSchema>;

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
    .describe('The engine has not started yet: books, orders and permissions here are not known'),
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
    .describe('Whose money; resting: paper accounts set aside until their prices are back'),
  marketData: marketDataSchema,
  currency: z.string(),
  equity: decimalText,
  cash: decimalText,
  dayStartEquity: decimalText.describe(
    'Equity at the beginning of the day, and the capital that moved since',
  ),
  lossesCountFrom: decimalText.describe(
    'Equity from which the daily loss counts: of the beginning of the day, or of when a daily-loss halt was lifted on it, in proportion to capital that moved since',
  ),
  returnCountsFrom: decimalText.describe(
    'Equity from which the return of the day counts: of its beginning, in proportion to capital that moved since',
  ),
  dayPnl: decimalText,
  drawdownPct: decimalText,
  /** Reference of the drawdown: the highest equity since people last reset it. */
  peakEquity: decimalText,
  books: z
    .object({
      /** Cash, coins held, and, as negative amounts, fees taken from assets held for them. */
      balances: z.array(z.object({ asset: z.string(), amount: decimalText })),
      capitalMoved: decimalText.describe('Cash in and out since the journal began that is not a result'),
      /** Deducted from equity, not from cash. */
      feesElsewhere: decimalText.describe('Value of fees paid from assets held for them'),
      feesAwaited: decimalText
        .optional()
        .describe(
          'Fees booked as expected that the venue may still tell: cash may differ by them for some minutes',
        ),
      cashUnexplained: decimalText
        .nullable()
        .describe('Unexplained cash at the venue (below zero: missing there); null: cash agrees'),
      unvaluedFees: z.array(z.object({ asset: z.string(), amount: decimalText })),
    })
    .describe('The books to the last digit'),
  positions: z.array(positionSchema),
  stopGaps: z
    .array(stopGapSchema)
    .describe('How long positions were without a protective stop, by cause, since the journal began'),
  coins: z
    .array(coinsSchema)
    .describe('Coins of the account that are not the desk’s; nothing is armed while some are nobody’s'),
  dust: z.array(dustSchema).describe('Below the venue’s smallest order: shown, valued, blocks nothing'),
  orders: z.array(orderSchema),
  openPositions: z.number(),
  openOrders: z.number(),
  entriesWorking: z
    .number()
    .describe('Entry orders that are not final, and entries that wait in the desk; 0 proves a stop'),
  waitingEntries: z
    .array(waitingEntrySchema)
    .exactOptional()
    .describe('Entries that wait in the desk, not at the venue; left out: none'),
  /** Absent from traders of earlier versions, and while the trader starts. */
  capabilities: z
    .array(capabilitySchema)
    .exactOptional()
    .describe('By instrument: what the venue refuses, and what the desk does in its place'),
  fills: z.number().describe('Fills ever applied'),
  /** The breaker of the venue's API: while it is not closed, nothing new is opened. */
  venueBreaker: z.object({
    state: z.enum(['closed', 'open', 'halfOpen']),
    sinceWallMs: wallMs.nullable(),
    detail: z.string(),
  }),
  /** Absent from traders of earlier versions, and while the trader starts. */
  venueIsUp: z
    .boolean()
    .exactOptional()
    .describe(
      'Whether the venue takes and answers requests, by its adapter; a ban of the address is down, too',
    ),
  sizePct: z.number().describe('Position size in use, percent of the full size'),
  /** `required`: the desk trades real money. Without a permission it can't be armed and enters nothing. */
  goLive: z.object({
    required: z.boolean(),
    granted: grantSchema.nullable(),
    /** Absent from traders of earlier versions, and while the trader starts. */
    ended: goLiveEndedSchema
      .nullable()
      .exactOptional()
      .describe('The newest permission that ended, and why; null: none ever did'),
  }),
  closeAll: z.enum(['idle', 'running', 'flat', 'escalated']),
  reconciliation: reconciliationSchema,
  notTrading: z.array(notTradingSchema),
  strategies: z.array(strategyStatusSchema),
  /** Traders of earlier versions omit `title`. */
  risk: z
    .array(z.object({ limit: z.string(), title: z.string().optional(), value: z.string(), now: z.string() }))
    .describe('Each limit that the desk file sets: allowed and current value, as text; `title` is its name'),
  /** Absent from traders of earlier versions. */
  signals: signalsSchema.optional(),
  /** `configHash` and all other values reflect the desk file with its changes; `fileConfigHash` only the file. */
  settings: z
    .object({ version: z.number(), changed: z.record(z.string(), settingValue), fileConfigHash: z.string() })
    .describe('What was changed while the desk ran'),
  /** Absent from traders of earlier versions, and where no future is traded. */
  contracts: z.array(contractSchema).exactOptional().describe('The contract that each future stands for'),
  /** The newest lines, newest first, at most 50. */
  activity: z.array(z.object({ wallMs, marketMs, text: z.string() })),
  rssBytes: z.number(),
});
export type TraderStatus = Shape<typeof traderStatusSchema>;
export type PricesNow = TraderStatus['marketData'];

/** A finished bar. */
export const barSchema = z.object({
  openMs: marketMs,
  spanMs: z.number(),
  open: decimalText,
  high: decimalText,
  low: decimalText,
  close: decimalText,
  volume: decimalText.nullable().describe('Null if the source of prices does not report it'),
  bid: decimalText
    .nullable()
    .describe('Best prices that strategies were shown with the bar; null: not known'),
  ask: decimalText.nullable(),
});
export type BarStatus = Shape<typeof barSchema>;

/** A price line that a strategy uses, in addition to the bars. */
export const lineSchema = z.object({
  strategy: z.string(),
  /** For example `fast average`. */
  name: z.string(),
  /** Rounded to a tick. */
  values: z.array(decimalText.nullable()).describe('One for each bar; null: not known'),
});
export type LineStatus = Shape<typeof lineSchema>;

export interface BarsAnswer {
  readonly symbol: string;
  /** Identity of their price source. */
  readonly source: string;
  /** Oldest first. */
  readonly bars: readonly BarStatus[];
  /** Absent from traders of earlier versions. */
  readonly lines?: readonly LineStatus[] | undefined;
}

/** Points of the equity curve that are in no record. Decimal text in the desk's currency. */
export interface EquityAnswer {
  /** Of the journal the points belong to. */
  readonly incarnation: string;
  /** Pass this as `after` next. */
  readonly next: number;
  /** Oldest first. */
  readonly points: readonly {
    readonly marketMs: number;
    readonly equity: string;
    readonly peak: string;
    readonly cash: string;
    readonly unrealised: string;
    readonly capitalMoved: string;
  }[];
}

export interface FlatProof {
  readonly flat: boolean;
  readonly entriesWorking: number;
  /** Read from the venue, not from our book. */
  readonly venuePositions: readonly { readonly symbol: string; readonly quantity: string }[];
  readonly venueOpenOrders: number;
  /** Their client ids; absent from traders of earlier versions. */
  readonly venueOrderIds?: readonly string[] | undefined;
  readonly readAtWallMs: number;
  readonly state: TraderStatus['closeAll'];
  readonly escalated: readonly string[];
}
