/** The trader's status as the API publishes it; `satisfies` holds it to the control protocol. */
import { z } from 'zod';
import type {
  ExitsStatus,
  OrderStatus,
  PositionStatus,
  SignalsStatus,
  StopGapStatus,
  TraderStatus,
  TradeStatus,
} from '../../contracts/trader-status.js';
import { MONEY_AT_STAKE } from '../../domain/account.js';
import { STOP_MOVERS } from '../../domain/exit-plan.js';
import type { GoLiveGrant } from '../../domain/go-live.js';
import { HEADLINE_TONES } from '../../domain/headline.js';
import { HALT_CAUSES, type Halt, MODES, RESUME_RULES } from '../../domain/mode.js';
import { ORDER_PURPOSES, ORDER_STATES, ORDER_TYPES, SIDES } from '../../domain/order.js';
import { SIGNAL_ACTIONS, SIGNAL_STANDINGS } from '../../domain/signal.js';
import { STOP_GAP_CAUSES } from '../../domain/stop-gap.js';
import { CHANNEL_STATES, CHANNELS, type ShownChannel } from '../../home/channel-health.js';
import type { ProcessStatus } from '../../home/supervisor-protocol.js';
import type { ShownStatus } from '../live/shown-status.js';
import type { LiveMessage } from '../live/status-watch.js';
import { decimalText, marketMs, settingValue, wallMs } from './json-schema.js';

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
  breakEven: z
    .object({ price: decimalText, done: z.boolean().describe('The stop is at the average, or nearer') })
    .nullable(),
  timeExitMs: marketMs.nullable(),
  stopMovedBy: z.enum(STOP_MOVERS).nullable().describe('null: the stop is where the entry wanted it'),
  words: z.array(z.string()).describe('All of it for people, a few words each'),
}) satisfies z.ZodType<ExitsStatus>;

const tradeSchema = z.object({
  id: z.string(),
  openedMs: marketMs,
  fees: decimalText,
  result: decimalText.describe('Of what is closed, after all fees so far, with what the rest is worth now'),
  risk: decimalText.nullable().describe('What its first stop would have lost; null: nobody knows'),
  r: decimalText.nullable().describe('Result in multiples of the risk'),
  exits: exitsSchema.exactOptional().describe('What closes it beside its stop; left out where nothing does'),
}) satisfies z.ZodType<TradeStatus>;

export const positionSchema = z.object({
  symbol: z.string(),
  side: z.enum(['long', 'short']),
  quantity: decimalText,
  averagePrice: decimalText,
  markPrice: decimalText.nullable(),
  unrealised: decimalText,
  stopPrice: decimalText.nullable(),
  protection: z.enum(['confirmed', 'pending', 'missing', 'passed', 'closing', 'synthetic']),
  withoutStopMs: z
    .number()
    .nullable()
    .describe(
      'Milliseconds for which no stop for the whole position has rested at the venue; null: one does',
    ),
  strategy: z.string(),
  trade: tradeSchema.nullable(),
}) satisfies z.ZodType<PositionStatus>;

export const orderSchema = z.object({
  clientId: z.string(),
  symbol: z.string(),
  side: z.enum(SIDES),
  type: z.enum(ORDER_TYPES),
  purpose: z.enum(ORDER_PURPOSES),
  state: z.enum(ORDER_STATES),
  quantity: decimalText,
  filled: decimalText,
  price: decimalText.nullable().describe('A stop: its trigger; null: at the market'),
  worstPrice: decimalText
    .exactOptional()
    .describe(
      'Of an entry by a stop: the worst price at which it may be filled; left out by every other order',
    ),
  strategy: z.string(),
}) satisfies z.ZodType<OrderStatus>;

const marketDataSchema = z.object({
  kind: z.enum(['live', 'simulated', 'recorded']),
  identity: z.string(),
  label: z.string(),
  simulated: z.boolean(),
  speed: z.number().nullable(),
  seed: z.number().nullable(),
  venue: z.string().nullable(),
  files: z.array(z.string()),
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
        because: z.string(),
        quotes: z.number().describe('Quotes in a row that agree with it'),
        forMs: z.number(),
      }),
    )
    .describe('Implausible quotes: used for nothing until others agree or they have stood for a while'),
});

const reconciliationSchema = z.object({
  state: z.enum(['pending', 'clean', 'differences', 'failed']),
  atWallMs: wallMs.nullable(),
  differences: z.array(
    z.object({
      what: z.enum(['position', 'order', 'fill', 'balance']),
      symbol: z.string(),
      ours: z.string(),
      venues: z.string(),
      rule: z.enum(['adopt', 'flag', 'correct', 'halt']),
    }),
  ),
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
  regime: z.enum(['trending', 'ranging', 'unknown']),
  off: z
    .object({
      automatic: z.boolean(),
      by: z.string(),
      reason: z.string(),
      atMarketMs: marketMs,
      nextReviewMarketMs: marketMs.nullable(),
    })
    .nullable()
    .describe('Why it is off; null while it is on'),
});

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

const goLiveStatus = z.object({ required: z.boolean(), granted: grantSchema.nullable() });

const stopGapSchema = z.object({
  why: z.enum(STOP_GAP_CAUSES),
  count: z.number(),
  longestMs: z.number(),
  symbol: z.string().describe('Of the longest'),
  atMarketMs: marketMs,
  newestMs: z.number(),
}) satisfies z.ZodType<StopGapStatus>;

export const signalsSchema = z.object({
  newest: z.array(
    z.object({
      source: z.string(),
      id: z.string(),
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
    }),
  ),
  refused: z
    .array(z.object({ limit: z.string(), count: z.number() }))
    .describe('Since the journal began, by what refused them'),
}) satisfies z.ZodType<SignalsStatus>;

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
  peakEquity: decimalText,
  books: z
    .object({
      balances: z.array(z.object({ asset: z.string(), amount: decimalText })),
      capitalMoved: decimalText.describe('Cash in and out since the journal began that is no result'),
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
    .array(z.object({ symbol: z.string(), nobodys: decimalText, foreign: decimalText, toMove: decimalText }))
    .describe('Coins of the account that are not the desk’s; nothing is armed while some are nobody’s'),
  dust: z
    .array(z.object({ symbol: z.string(), quantity: decimalText, value: decimalText }))
    .describe('What is left below the venue’s smallest order: shown, valued, prevents nothing'),
  orders: z.array(orderSchema),
  openPositions: z.number(),
  openOrders: z.number(),
  entriesWorking: z.number().describe('Entry orders that are not final; 0 proves a stop'),
  targetsWait: z
    .enum(['venue', 'desk'])
    .exactOptional()
    .describe(
      'Where the target that closes a trade waits: at the venue, which links it with the stop, or in the desk, which closes at the market once the price is there',
    ),
  fills: z.number().describe('Fills ever applied'),
  venueBreaker: z.object({
    state: z.enum(['closed', 'open', 'halfOpen']),
    sinceWallMs: wallMs.nullable(),
    detail: z.string(),
  }),
  sizePct: z.number().describe('How much of the desk file’s position size is used, percent'),
  goLive: goLiveStatus,
  closeAll: z.enum(['idle', 'running', 'flat', 'escalated']),
  reconciliation: reconciliationSchema,
  notTrading: z.array(z.object({ subject: z.string(), reason: z.string(), waitsFor: z.string() })),
  strategies: z.array(strategyStatusSchema),
  risk: z
    .array(z.object({ limit: z.string(), title: z.string().optional(), value: z.string(), now: z.string() }))
    .describe(
      'Each limit that the desk file sets: what is allowed and what is, as text; `title` as people name it',
    ),
  signals: signalsSchema.optional(),
  settings: z
    .object({ version: z.number(), changed: z.record(z.string(), settingValue), fileConfigHash: z.string() })
    .describe('What was changed while the desk ran'),
  activity: z.array(z.object({ wallMs, marketMs, text: z.string() })),
  rssBytes: z.number(),
}) satisfies z.ZodType<TraderStatus>;

export const reconciliationAnswerSchema = reconciliationSchema.extend({
  clean: z.boolean(),
  openPositions: z.number(),
  openOrders: z.number(),
  unprotected: z.array(z.string()).describe('Symbols whose protective stop the venue has not confirmed'),
});

const processesSchema = z
  .array(
    z.object({
      name: z.string(),
      state: z.enum(['starting', 'running', 'restarting', 'stopping', 'stopped', 'down']),
      pid: z.number().nullable(),
      restarts: z.number(),
      startedWallMs: wallMs.nullable().exactOptional().describe('Of the process that runs now'),
      lastDeath: z
        .object({ how: z.string(), atMs: wallMs })
        .nullable()
        .exactOptional()
        .describe('The newest unexpected end'),
    }),
  )
  .nullable()
  .describe('Null where the supervisor does not answer') satisfies z.ZodType<readonly ProcessStatus[] | null>;

/** What the API adds to the trader's own words. */
const shownStatusSchema = traderStatusSchema.extend({
  money: z.enum(MONEY_AT_STAKE).describe('What is not known to be play money is real'),
  headline: z
    .object({ tone: z.enum(HEADLINE_TONES), text: z.string(), detail: z.string() })
    .describe('The mode, and what stands in its way: “ACTIVE, but every strategy is off”'),
  pricesWord: z.string().describe('“Live prices”, “Recorded” or “Simulated”'),
  stopGaps: z.array(stopGapSchema.extend({ words: z.string().describe('`why` in words') })),
}) satisfies z.ZodType<ShownStatus>;

const alertsSchema = z
  .array(
    z.object({
      channel: z.enum(CHANNELS),
      state: z
        .enum(CHANNEL_STATES)
        .describe(
          'refusing: it takes nothing; silent: whether anything arrives is not known; off: not set up',
        ),
      sinceMs: wallMs,
      why: z.string().nullable().describe('In words; null while it is well'),
      waiting: z.number().describe('Alerts that have still to be delivered'),
      refused: z
        .number()
        .describe(
          'Alerts that were refused: on Telegram sent after the repair, summed up where older than a day; by mail those of a day',
        ),
      problem: z.string().nullable().describe('For people; null while it is well, or off'),
    }),
  )
  .describe('Whether alerts reach people') satisfies z.ZodType<readonly ShownChannel[]>;

export const deskStatusSchema = shownStatusSchema.extend({
  status: z.enum(['running', 'stopped']).describe('running: it may trade (ACTIVE or REDUCING)'),
  processes: processesSchema,
  alerts: alertsSchema,
});

/** What comes over the WebSocket. */
export const liveMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('welcome'), expiresMs: wallMs.describe('Send a new token before') }),
  z.object({ type: z.literal('alive') }),
  z.object({
    type: z.literal('state'),
    atWallMs: wallMs,
    trader: z.object({
      reachable: z.boolean(),
      sinceWallMs: wallMs.describe('When it last changed between reachable and not'),
      problem: z.string().nullable(),
    }),
    status: shownStatusSchema.nullable().describe('The newest known; old while the trader is not reachable'),
    statusWallMs: wallMs.nullable(),
    processes: processesSchema,
    alerts: alertsSchema,
  }),
]) satisfies z.ZodType<LiveMessage>;
