/** What a backtest retains of its run, gathered from prices and the engine's records as it goes. */
import type { MarketBar } from '../../contracts/market-feed.js';
import type { Desk } from '../../desk/schema.js';
import { BuyAndHold } from '../../domain/buy-and-hold.js';
import { isHoldingCost } from '../../domain/cash-and-coins.js';
import { HOUR_MS, MINUTE_MS } from '../../domain/civil-date.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import type { Halt } from '../../domain/mode.js';
import { parseMoney, readUnits, type Units, type WrittenUnits } from '../../domain/money.js';
import {
  FINAL_ORDER_STATES,
  type Fill,
  type OrderIntent,
  type OrderState,
  POST_ONLY_REFUSED,
} from '../../domain/order.js';
import { countTraded, tierAt, type Volumes } from '../../domain/order-fee.js';
import type { QuoteColumns } from '../../domain/quote-columns.js';
import { alwaysOpen } from '../../domain/sessions/session-calendar.js';
import { isMonthKey, symbolOfMonth } from '../../domain/settings-change.js';
import { DrawdownMeter } from '../../domain/statistics.js';
import { notional, VALUE, valuedAt } from '../../domain/value.js';
import type { Engine } from '../../engine/engine.js';
import type { EngineRecord } from '../../engine/record.js';
import { buildCalendars } from '../../trader/engine-config.js';
import type { Measure, TimedEvent } from '../run-on-prices.js';
import { UnderwaterMeter } from '../statistics/figures.js';
import { Candles, EquityCurve } from './curves.js';
import { BarCoverage } from './data-problems.js';
import { EquityMeter } from './equity-meter.js';
import { TradesSeen } from './trades-seen.js';

/** A corporate action that changed a position or the price. */
export type ActionSeen = Extract<EngineRecord, { readonly type: 'split' | 'dividend' }>;

/** A future that stands for its next month from then on. */
interface RollSeen {
  readonly symbol: string;
  readonly from: string;
  readonly to: string;
  readonly marketMs: number;
}

/** What holding an instrument cost or earned. */
interface HoldingSeen {
  readonly kind: 'funding' | 'swap';
  readonly symbol: string;
  readonly units: Units;
  readonly count: number;
}

/** One order from its intent to its end. */
export interface OrderSeen {
  readonly intent: OrderIntent;
  readonly atMs: number;
  state: OrderState;
  /** The venue's code and text, or the limit that denied the order. */
  reason: string;
  endedMs: number;
  /** The quantity as last amended. */
  quantityLots: number;
  filledLots: number;
  /** The sum that its average price is made from (`ValueRules.averaged`). */
  filledTickLots: bigint;
  /** Of fees by contract or share: that of its first fill. */
  tier?: number;
}

/** A month in UTC. */
interface MonthSeen {
  /** `2026-03`. */
  readonly month: string;
  readonly startEquity: number;
  endEquity: number;
}

interface HaltSeen {
  readonly halt: Halt;
  /** Null: until the end. */
  liftedMs: number | null;
}

/** A time during which a strategy was off, until it was on again. */
export interface SwitchedOff {
  readonly strategy: string;
  /** Why it was switched off; reviews that leave it off add nothing. */
  readonly reason: string;
  /** It threw, or could not run on these prices: what it would have done since is unknown. */
  readonly failed: boolean;
  readonly atMs: number;
  /** Null: until the end. */
  onAgainMs: number | null;
}

/** Receives each order and fill, since the measure retains none. */
export interface Details {
  /** `order`: the order of the fill, with the fill counted. */
  onFill?(fill: Fill, order: OrderSeen | undefined, instruments: readonly Instrument[]): void;
  /** Called once the order or the run has ended, in order of sending. */
  onOrder?(order: OrderSeen, instruments: readonly Instrument[]): void;
}

interface MeasureSetting {
  readonly desk: Desk;
  readonly instruments: readonly Instrument[];
  readonly fromMs: number;
  /** Infinity if the run ends with the last price. */
  readonly toMs: number;
  /** Whether the time ends with the last price if that is earlier. */
  readonly endsWithPrices: boolean;
  /** How many trades are retained for the list; all are counted. */
  readonly tradesMax: number;
  readonly details?: Details;
}

export class BacktestMeasure implements Measure {
  readonly instruments: readonly Instrument[];
  readonly startingCash: number;
  readonly fromMs: number;
  readonly equity: EquityMeter;
  readonly coverage: readonly BarCoverage[];
  readonly drawdown = new DrawdownMeter();
  readonly underwater = new UnderwaterMeter();
  readonly hold: BuyAndHold;
  readonly curve = new EquityCurve();
  readonly candles: readonly Candles[];
  readonly hourly: number[];
  readonly months: MonthSeen[] = [];
  readonly actions: ActionSeen[] = [];
  readonly rolls: RollSeen[] = [];
  readonly holding = new Map<string, HoldingSeen>();
  readonly trades: TradesSeen;
  readonly halts: HaltSeen[] = [];
  readonly switchedOff: SwitchedOff[] = [];
  /** Where strategies asked for an entry, whatever became of it: `name/instrument`. */
  readonly askedForEntry = new Set<string>();
  /** How often each limit denied an entry. */
  readonly denied = new Map<string, number>();
  /** Why the first entry was denied, by limit. */
  readonly deniedFirst = new Map<string, string>();
  /** How often a strategy's `adjust` was refused, by strategy and reason. One that is repeated is told once. */
  readonly adjustsRefused = new Map<string, number>();
  /** What the strategy said with the first of them. */
  readonly adjustsRefusedFirst = new Map<string, string>();
  /** Why the first signal was refused, by limit. */
  readonly signalRefusedFirst = new Map<string, string>();
  /** How often the venue rejected an order, by its reason. */
  readonly rejected = new Map<string, number>();
  orderCount = 0;
  fillCount = 0;
  /** By instrument whose fees have tiers: fills with its own fees, and with those of each tier. */
  readonly tierFills = new Map<InstrumentId, number[]>();
  readonly #volumes: Volumes = new Map();
  fees = 0;
  /** Value of everything bought and sold, in money units. */
  tradedValue = 0;
  #toMs: number;
  #lastMs: number | null = null;
  #nextHourMs: number;
  #monthEndsMs = Number.NEGATIVE_INFINITY;
  /** Instruments whose last bar of the month ended exactly at the end of the month. */
  readonly #closed = new Set<InstrumentId>();
  readonly #endsWithPrices: boolean;
  readonly #details: Details;
  #inTheWay: () => string = () => '';
  /** Until the desk is armed for the first time. */
  #startHalt: Halt | null = null;
  #firstPriceMs: number | null = null;
  /** Orders under way; with `onOrder`, also orders that ended since the oldest of those was sent. */
  readonly #orders = new Map<string, OrderSeen>();

  constructor(setting: MeasureSetting) {
    const { desk, instruments, fromMs, toMs, endsWithPrices, tradesMax, details = {} } = setting;
    const calendars = buildCalendars(desk);
    const startingCash = parseMoney(desk.paper.balance);
    const trading = desk.strategies.filter(({ enabled }) => enabled);
    const traded = new Set(
      (trading.length > 0 ? trading : desk.strategies).flatMap(({ symbols }) => symbols),
    );
    this.instruments = instruments;
    this.startingCash = startingCash;
    this.fromMs = fromMs;
    this.#endsWithPrices = endsWithPrices;
    this.#details = details;
    this.trades = new TradesSeen(instruments, tradesMax);
    this.equity = new EquityMeter(instruments, startingCash);
    this.coverage = instruments.map(
      ({ id, symbol }) => new BarCoverage(symbol, fromMs, calendars[id] ?? alwaysOpen()),
    );
    this.candles = instruments.map(() => new Candles());
    const holds = instruments.map(({ symbol }) => traded.has(symbol));
    this.hold = new BuyAndHold(instruments, holds, startingCash);
    this.hourly = [startingCash];
    this.#toMs = toMs;
    this.#nextHourMs = fromMs + HOUR_MS;
    this.#month(fromMs);
    this.#sample(fromMs);
  }

  get toMs(): number {
    return this.#toMs;
  }

  /** Market time of the last price. Null: none came. */
  get lastMs(): number | null {
    return this.#lastMs;
  }

  get closedTrades(): number {
    return this.trades.sums.count;
  }

  onBegin(inTheWay: () => string): void {
    this.#inTheWay = inTheWay;
  }

  onMarket(event: TimedEvent): void {
    const { marketMs } = event;
    if (event.kind === 'quote') {
      this.#quote(event.instrument, marketMs, event.bidTicks, event.askTicks);
      return;
    }
    if (event.kind === 'bar') this.#bar(event.bar, marketMs);
    else this.#reach(marketMs);
  }

  onBar(bar: MarketBar): void {
    this.#bar(bar, bar.openMs + bar.spanMs);
  }

  #reach(marketMs: number): void {
    this.#hoursUntil(marketMs);
    this.#month(marketMs);
    this.#lastMs = marketMs;
  }

  #bar(bar: MarketBar, marketMs: number): void {
    this.#reach(marketMs);
    this.coverage[bar.instrument]?.add(bar);
    this.candles[bar.instrument]?.add(bar.openMs, bar);
    if (marketMs === this.#monthEndsMs) this.#closed.add(bar.instrument);
  }

  onQuotes(quotes: QuoteColumns, from: number, until: number): void {
    for (let place = from; place < until; place += 1) {
      const at = quotes.instrument[place] as number;
      const bidTicks = quotes.bidTicks[place] as number;
      this.#quote(at, quotes.marketMs[place] as number, bidTicks, quotes.askTicks[place] as number);
    }
  }

  #quote(at: InstrumentId, marketMs: number, bidTicks: number, askTicks: number): void {
    this.#firstPriceMs ??= marketMs;
    this.#hoursUntil(marketMs);
    // The first price of a month comes at the same moment as the last bar of the previous one, after it.
    const isOfNext = marketMs === this.#monthEndsMs && this.#closed.has(at);
    this.#month(isOfNext ? marketMs + 1 : marketMs);
    this.#lastMs = marketMs;
    this.equity.quote(at, bidTicks, askTicks);
    this.hold.quote(at, marketMs, bidTicks, askTicks);
    this.#sample(marketMs);
  }

  afterBar({ instrument, openMs }: MarketBar, { strategyLines }: Pick<Engine, 'strategyLines'>): void {
    const candles = this.candles[instrument];
    if (candles?.isUndrawn === true) candles.draw(strategyLines(instrument, openMs));
  }

  #signalRefused({ limit, reason }: { readonly limit: string; readonly reason: string }): void {
    if (!this.signalRefusedFirst.has(limit)) this.signalRefusedFirst.set(limit, reason);
  }

  #adjustRefused({ strategy, refusedChange }: Extract<EngineRecord, { type: 'note' }>): void {
    if (refusedChange === undefined) return;
    const key = `${strategy}: ${refusedChange.why}`;
    const count = this.adjustsRefused.get(key) ?? 0;
    if (count === 0) this.adjustsRefusedFirst.set(key, refusedChange.because);
    this.adjustsRefused.set(key, count + 1);
  }

  onRecord(record: EngineRecord): void {
    switch (record.type) {
      case 'order.intended':
        this.#order(record.order, record.marketMs, 'intended', '');
        break;
      case 'order.denied':
        this.#order(record.order, record.marketMs, 'denied', `${record.limit}: ${record.reason}`);
        if (!this.denied.has(record.limit)) this.deniedFirst.set(record.limit, record.reason);
        this.denied.set(record.limit, (this.denied.get(record.limit) ?? 0) + 1);
        if (record.order.signal !== undefined) this.#signalRefused(record);
        break;
      case 'note':
        this.#adjustRefused(record);
        break;
      case 'signal.refused':
        this.#signalRefused(record);
        break;
      case 'order.state':
        // A post-only refusal is as requested: the market reached the entry's price first.
        if (record.state === 'rejected' && !record.reason.startsWith(POST_ONLY_REFUSED))
          this.rejected.set(record.reason, (this.rejected.get(record.reason) ?? 0) + 1);
        this.#ended(record.clientId, record.marketMs, record.state, record.reason);
        break;
      case 'order.amended': {
        const order = this.#orders.get(record.clientId);
        if (order !== undefined) order.quantityLots = record.quantityLots;
        break;
      }
      case 'fill':
        this.#fill(record.fill);
        break;
      case 'fee.valued':
        this.fees += record.fee;
        this.equity.feeValued(record.fee);
        break;
      case 'split':
        this.equity.split(record);
        this.hold.split(record.instrument, record);
        this.coverage[record.instrument]?.split(record);
        this.actions.push(record);
        break;
      case 'dividend':
        this.#received(record.marketMs, record.amount, true);
        this.actions.push(record);
        break;
      case 'settings':
        for (const { key, from, to } of record.changes)
          if (isMonthKey(key))
            this.rolls.push({
              ...{ symbol: symbolOfMonth(key), from: String(from), to: String(to) },
              marketMs: record.marketMs,
            });
        break;
      case 'cash':
        this.#cash(record);
        break;
      case 'trade.closed':
        this.#month(record.marketMs);
        // Midnight is the end of a month or the beginning of the next, by the price that came then.
        this.trades.add(record, this.months.at(-1)?.month ?? '');
        break;
      case 'halt':
        if (record.halt.cause === 'startup') this.#startHalt = record.halt;
        else this.halts.push({ halt: record.halt, liftedMs: null });
        break;
      case 'armed':
        this.#endStartHalt(record.marketMs);
        for (const seen of this.halts) seen.liftedMs ??= record.marketMs;
        break;
      case 'strategy.toggled':
        this.#toggled(record);
        break;
      case 'entry.waits':
        this.askedForEntry.add(`${record.entry.strategy}/${record.entry.instrument}`);
    }
  }

  /** What a share paid, whether or not the desk held one. */
  onDividend(symbol: string, perShare: string): void {
    const instrument = this.instruments.find((one) => one.symbol === symbol);
    if (instrument !== undefined)
      this.hold.dividend(instrument.id, Number(perShare) / Number(instrument.tickSize));
  }

  /**
   * At its own time, even with no price near it. `ofNext`: at the end of a month it is of the next one, as a dividend of the
   * first is; what holding cost is of the time that ends.
   */
  #received(marketMs: number, amount: WrittenUnits, ofNext: boolean): void {
    this.#hoursUntil(marketMs);
    this.#month(ofNext && marketMs === this.#monthEndsMs ? marketMs + 1 : marketMs);
    this.equity.received(amount);
    this.#sample(marketMs);
  }

  #cash({ kind, source, amount, marketMs }: Extract<EngineRecord, { type: 'cash' }>): void {
    const isCost = isHoldingCost(kind);
    this.#received(marketMs, amount, !isCost);
    if (!isCost) return;
    const key = `${kind} ${source}`;
    const { units, count } = this.holding.get(key) ?? { units: 0n, count: 0 };
    this.holding.set(key, { kind, symbol: source, units: units + readUnits(amount), count: count + 1 });
  }

  finish(): void {
    const lastMs = this.#lastMs ?? this.fromMs;
    if (this.#endsWithPrices) this.#toMs = Math.min(this.#toMs, lastMs);
    // An hour's equity is known once the hour is over. Live prices do not come on the second.
    this.#hoursUntil(Math.min(this.#toMs, lastMs + MINUTE_MS) + 1);
    this.#sample(Math.min(this.#toMs, lastMs));
    this.#endStartHalt(Math.min(this.#toMs, lastMs));
    this.#tellOrders(() => true);
  }

  /** Every run begins halted. That counts only if it outlasts the first minute of prices. */
  #endStartHalt(marketMs: number): void {
    const halt = this.#startHalt;
    this.#startHalt = null;
    if (halt === null || marketMs <= (this.#firstPriceMs ?? marketMs) + MINUTE_MS) return;
    const why = this.#inTheWay();
    const reason = why === '' ? halt.reason : `${halt.reason}: ${why}`;
    this.halts.unshift({ halt: { ...halt, reason }, liftedMs: null });
  }

  #sample(marketMs: number): void {
    const { equity } = this.equity;
    this.drawdown.add(marketMs, equity);
    this.underwater.add(marketMs, equity);
    this.curve.add(marketMs, equity, this.hold.equity);
    const month = this.months[this.months.length - 1];
    if (month !== undefined) month.endEquity = equity;
  }

  /** The value for a full hour is the last one at or before it. */
  #hoursUntil(marketMs: number): void {
    for (; this.#nextHourMs < marketMs; this.#nextHourMs += HOUR_MS) this.hourly.push(this.equity.equity);
  }

  /** A month includes its end: the last bar closes at midnight. */
  #month(marketMs: number): void {
    if (marketMs <= this.#monthEndsMs) return;
    this.#closed.clear();
    const date = new Date(marketMs);
    this.#monthEndsMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
    const { equity } = this.equity;
    this.months.push({ month: date.toISOString().slice(0, 7), startEquity: equity, endEquity: equity });
  }

  #toggled({
    strategy,
    reason,
    enabled,
    automatic,
    marketMs,
  }: Extract<EngineRecord, { type: 'strategy.toggled' }>): void {
    const off = this.switchedOff.find((seen) => seen.strategy === strategy && seen.onAgainMs === null);
    if (enabled && off !== undefined) off.onAgainMs = marketMs;
    // No person switches anything here: a strategy that losses did not switch off has failed.
    if (!enabled && off === undefined)
      this.switchedOff.push({ strategy, reason, failed: !automatic, atMs: marketMs, onAgainMs: null });
  }

  #order(intent: OrderIntent, atMs: number, state: OrderState, reason: string): void {
    const { clientId, quantityLots, purpose, strategy } = intent;
    if (purpose === 'entry') this.askedForEntry.add(`${strategy}/${intent.instrument}`);
    this.orderCount += 1;
    const [filledLots, filledTickLots] = [0, 0n];
    const seen = { intent, atMs, state, reason, endedMs: atMs, quantityLots, filledLots, filledTickLots };
    this.#orders.set(clientId, seen);
    this.#tellEnded(clientId, state);
  }

  #ended(clientId: string, atMs: number, state: OrderState, reason: string): void {
    const order = this.#orders.get(clientId);
    if (order === undefined) return;
    // The desk's own reason, not that the venue did as it was asked.
    if (order.state !== 'cancelling' || state !== 'cancelled') order.reason = reason;
    order.state = state;
    order.endedMs = atMs;
    this.#tellEnded(clientId, state);
  }

  #tellEnded(clientId: string, state: OrderState): void {
    if (!FINAL_ORDER_STATES.has(state)) return;
    if (this.#details.onOrder === undefined) this.#orders.delete(clientId);
    else this.#tellOrders(({ state: now }) => FINAL_ORDER_STATES.has(now));
  }

  /** Reports orders from the oldest on, up to the first that can't be reported yet. */
  #tellOrders(isTold: (order: OrderSeen) => boolean): void {
    for (const [clientId, order] of this.#orders) {
      if (!isTold(order)) return;
      this.#details.onOrder?.(order, this.instruments);
      this.#orders.delete(clientId);
    }
  }

  /** Which tier of its fees the fill had, counted as venue and core count. */
  #tier(traded: Instrument, fill: Fill, order: OrderSeen | undefined): void {
    const { tiers } = traded.feeTiers ?? {};
    if (tiers === undefined) return;
    const tier = order?.tier ?? tierAt(traded, this.#volumes, fill.marketMs);
    if (order !== undefined && traded.lotFees !== undefined) order.tier = tier;
    const fills = this.tierFills.get(traded.id) ?? Array.from({ length: tiers.length + 1 }, () => 0);
    fills[tier + 1] = (fills[tier + 1] ?? 0) + 1;
    this.tierFills.set(traded.id, fills);
    countTraded(this.#volumes, traded, fill);
  }

  #fill(fill: Fill): void {
    const { clientId, instrument, quantityLots, priceTicks, rate = 1, marketMs } = fill;
    this.#hoursUntil(marketMs);
    this.#month(marketMs);
    this.fillCount += 1;
    this.fees += fill.fee;
    this.equity.fill(fill);
    this.#sample(marketMs);
    const traded = this.instruments[instrument];
    const order = this.#orders.get(clientId);
    if (order !== undefined) order.filledLots += quantityLots;
    if (traded !== undefined) {
      this.#tier(traded, fill, order);
      this.tradedValue += notional(valuedAt(traded, rate), quantityLots, priceTicks);
      if (order !== undefined) order.filledTickLots += VALUE[traded.kind].averaged(quantityLots, priceTicks);
    }
    this.#details.onFill?.(fill, order, this.instruments);
    if (order === undefined) return;
    if (order.filledLots >= order.quantityLots) this.#ended(clientId, marketMs, 'filled', order.reason);
    // A part may fill while the desk cancels the rest, and the reason stays the desk's.
    else if (order.state !== 'cancelling') this.#ended(clientId, marketMs, 'partlyFilled', order.reason);
  }
}
