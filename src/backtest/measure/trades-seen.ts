/** Adds up closed trades one by one. Retains only the first, so memory does not grow with their number. */
import { formatAverage, formatDecimal } from '../../domain/decimal.js';
import type { ExitReason } from '../../domain/exits.js';
import type { Instrument } from '../../domain/instrument.js';
import { iso } from '../../domain/moment.js';
import type { EngineRecord } from '../../engine/record.js';
import {
  ExactSum,
  exactUnits,
  HeldTime,
  round,
  sumOf,
  TradeGroups,
  TradeSums,
} from '../statistics/figures.js';

type TradeClosed = Extract<EngineRecord, { readonly type: 'trade.closed' }>;

export interface ReportedTrade {
  readonly id: string;
  readonly symbol: string;
  readonly strategy: string;
  readonly side: 'long' | 'short';
  readonly opened: string;
  readonly closed: string;
  readonly quantity: string;
  /** Average prices. Empty entry: no fill opened the trade. Null exit: no fill closed it. */
  readonly entryPrice: string;
  readonly exitPrice: string | null;
  /** After fees. */
  readonly result: string;
  readonly fees: string;
  readonly r: number | null;
  readonly why: ExitReason;
}

export class TradesSeen {
  readonly sums = new TradeSums();
  readonly by = {
    strategy: new TradeGroups(),
    instrument: new TradeGroups(),
    exitReason: new TradeGroups(),
  };
  readonly result = new ExactSum();
  readonly held = new HeldTime();
  /** By the month that they ended in, `2026-03`. */
  readonly months = new Map<string, { count: number; readonly result: ExactSum }>();
  /** The first trades, at most `keptMax`. */
  readonly kept: ReportedTrade[] = [];

  constructor(
    readonly instruments: readonly Instrument[],
    readonly keptMax: number,
  ) {}

  /** `month`: in which its last price was, `2026-03`. */
  add(trade: TradeClosed, month: string): void {
    const { strategy, result, fees, r, why, openedMs, marketMs: closedMs } = trade;
    const [exactResult, exactFees] = [exactUnits(result), exactUnits(fees)];
    const roundedR = r === null ? null : round(r);
    const told = { openedMs, closedMs, exactResult, exactFees, result: Number(result), r: roundedR };
    this.sums.add(told);
    this.by.strategy.add(strategy, told);
    this.by.instrument.add(this.instruments[trade.instrument]?.symbol ?? '?', told);
    this.by.exitReason.add(why, told);
    this.result.addUnits(told.exactResult);
    this.held.add(openedMs, closedMs);
    const ended = this.months.get(month) ?? { count: 0, result: new ExactSum() };
    this.months.set(month, ended);
    ended.count += 1;
    ended.result.addUnits(told.exactResult);
    if (this.kept.length < this.keptMax) this.kept.push(reportedTrade(trade, this.instruments));
  }
}

function reportedTrade(trade: TradeClosed, instruments: readonly Instrument[]): ReportedTrade {
  const { strategy, side, result, fees, r, why, openedMs, marketMs: closedMs } = trade;
  const { symbol = '?', tickSize = '1', lotSize = '1' } = instruments[trade.instrument] ?? {};
  return {
    id: trade.trade,
    symbol,
    strategy,
    side,
    opened: iso(openedMs),
    closed: iso(closedMs),
    quantity: formatDecimal(trade.quantityLots, lotSize),
    entryPrice: trade.entryTicks === null ? '' : formatAverage(trade.entryTicks, tickSize),
    exitPrice: trade.exitTicks === null ? null : formatAverage(trade.exitTicks, tickSize),
    result: sumOf([result]),
    fees: sumOf([fees]),
    r: r === null ? null : round(r),
    why,
  };
}
