/** Accounts: cash, positions, and the figures that TWS derives from them. */
import type { Instrument } from './contracts.js';
import { cents, moneyText, ticksOf } from './decimals.js';
import type { Market } from './market.js';

export interface AccountOptions {
  readonly id: string;
  /** US dollars, decimal text. */
  readonly cash: string;
  readonly positions?: readonly {
    readonly localSymbol: string;
    /** Negative for a short position. */
    readonly quantity: number;
    readonly averagePrice: string;
  }[];
}

/** A paper account of the broker: its name begins with DU. */
export const DEFAULT_ACCOUNTS: readonly AccountOptions[] = [{ id: 'DU1234567', cash: '100000.00' }];

/** Parts of a stock's value. */
const STOCK_MARGIN = { initial: 0.5, maintenance: 0.25 } as const;

export interface Position {
  readonly instrument: Instrument;
  quantity: number;
  /** Of one contract, in cents: price times multiplier. */
  averageCost: number;
}

export class Account {
  readonly id: string;
  cash: number;
  /** Interest of the month, cents, until it is posted. */
  accrued = 0;
  realized = 0;
  /** Figures that TWS reports instead of the true ones. */
  readonly misreported = new Map<string, string>();
  readonly positions = new Map<number, Position>();
  readonly #marketOf: (conId: number) => Market;

  constructor(options: AccountOptions, markets: ReadonlyMap<number, Market>) {
    this.id = options.id;
    this.cash = cents(options.cash);
    this.#marketOf = (conId) => {
      const market = markets.get(conId);
      if (market === undefined) throw new TypeError(`no market ${conId}`);
      return market;
    };
    for (const { localSymbol, quantity, averagePrice } of options.positions ?? []) {
      const market = [...markets.values()].find(({ instrument }) => instrument.localSymbol === localSymbol);
      if (market === undefined) throw new TypeError(`account ${this.id}: no instrument ${localSymbol}`);
      const { instrument } = market;
      const averageCost = ticksOf(averagePrice, instrument.tick) * instrument.tickCents;
      this.positions.set(instrument.conId, { instrument, quantity, averageCost });
    }
  }

  price(position: Position): number {
    return this.#marketOf(position.instrument.conId).last;
  }

  marketValue(position: Position): number {
    return position.quantity * this.price(position) * position.instrument.tickCents;
  }

  unrealized(position: Position): number {
    return this.marketValue(position) - position.quantity * position.averageCost;
  }

  get unrealizedSum(): number {
    return this.#sum((position) => this.unrealized(position));
  }

  /** A future counts only with its gain, a stock with its whole value. */
  get netLiquidation(): number {
    return (
      this.cash +
      this.accrued +
      this.#sum((one) => (one.instrument.secType === 'FUT' ? this.unrealized(one) : this.marketValue(one)))
    );
  }

  get initialMargin(): number {
    return this.#sum(({ quantity, instrument }) => this.marginOf(instrument, quantity, 'initial'));
  }

  get maintenanceMargin(): number {
    return this.#sum(({ quantity, instrument }) => this.marginOf(instrument, quantity, 'maintenance'));
  }

  /** A future's margin is an amount for each contract, a stock's is a part of its value. */
  marginOf(instrument: Instrument, quantity: number, part: 'initial' | 'maintenance'): number {
    const { secType, conId, tickCents, initialMarginCents, maintenanceMarginCents } = instrument;
    if (secType === 'FUT')
      return Math.abs(quantity) * (part === 'initial' ? initialMarginCents : maintenanceMarginCents);
    return Math.round(Math.abs(quantity) * this.#marketOf(conId).last * tickCents * STOCK_MARGIN[part]);
  }

  /**
   * Books a trade with its commission. Returns the realized result after costs, in cents; null if it closed nothing.
   * The average cost includes the cost of opening, as in TWS.
   */
  traded(instrument: Instrument, signed: number, ticks: number, commission: number): number | null {
    const held = this.positions.get(instrument.conId) ?? { instrument, quantity: 0, averageCost: 0 };
    const price = ticks * instrument.tickCents;
    const closes = Math.sign(held.quantity) === -Math.sign(signed);
    const closed = closes ? Math.min(Math.abs(held.quantity), Math.abs(signed)) : 0;
    const opened = Math.abs(signed) - closed;
    const isFuture = instrument.secType === 'FUT';
    const share = (commission * closed) / Math.abs(signed);
    const costOfClosing = isFuture ? Math.round(share) : share;
    const gain = closed * Math.sign(held.quantity) * (price - held.averageCost);
    const realized = closed > 0 ? Math.round(gain) - costOfClosing : 0;
    this.cash += isFuture ? realized : -(signed * price + commission);
    this.realized += realized;
    const before = (Math.abs(held.quantity) - closed) * held.averageCost;
    const openedAt = opened * price + Math.sign(signed) * (commission - costOfClosing);
    held.quantity += signed;
    const size = Math.abs(held.quantity);
    held.averageCost = size === 0 ? 0 : opened === 0 ? held.averageCost : (before + openedAt) / size;
    this.positions.set(instrument.conId, held);
    return closed > 0 ? realized : null;
  }

  /**
   * Corrects the price of an earlier trade: `paidMore` cents more were paid. The cost of an open position
   * includes the difference.
   */
  correct(instrument: Instrument, paidMore: number): void {
    const held = this.positions.get(instrument.conId);
    if (held !== undefined) held.averageCost += paidMore / held.quantity;
    else this.realized -= paidMore;
    if (held === undefined || instrument.secType === 'STK') this.cash -= paidMore;
  }

  #sum(of: (position: Position) => number): number {
    return [...this.positions.values()].reduce((sum, position) => sum + of(position), 0);
  }
}

/** Key, value and currency, as in account updates and summaries. */
export interface Figure {
  readonly key: string;
  readonly value: string;
  readonly currency: string;
}

const DAY_TRADE_LEVERAGE = 4;

export function figuresOf(account: Account): readonly Figure[] {
  const { cash, netLiquidation, initialMargin, maintenanceMargin } = account;
  const available = netLiquidation - initialMargin;
  const excess = netLiquidation - maintenanceMargin;
  const stocks = [...account.positions.values()].filter(({ instrument }) => instrument.secType === 'STK');
  const gross = stocks.reduce((sum, one) => sum + Math.abs(account.marketValue(one)), 0);
  const sums: readonly (readonly [string, number])[] = [
    ['NetLiquidation', netLiquidation],
    ['TotalCashValue', cash],
    ['SettledCash', cash],
    ['AccruedCash', account.accrued],
    ['BuyingPower', Math.max(0, available * DAY_TRADE_LEVERAGE)],
    ['EquityWithLoanValue', netLiquidation],
    ['PreviousEquityWithLoanValue', cash],
    ['GrossPositionValue', gross],
    ['InitMarginReq', initialMargin],
    ['MaintMarginReq', maintenanceMargin],
    ['AvailableFunds', available],
    ['ExcessLiquidity', excess],
    ['FullInitMarginReq', initialMargin],
    ['FullMaintMarginReq', maintenanceMargin],
    ['FullAvailableFunds', available],
    ['FullExcessLiquidity', excess],
  ];
  return [
    { key: 'AccountType', value: 'INDIVIDUAL', currency: '' },
    { key: 'Cushion', value: cushion(excess, netLiquidation), currency: '' },
    { key: 'DayTradesRemaining', value: '-1', currency: '' },
    ...sums.map(([key, sum]) => ({ key, value: said(account, key, sum), currency: 'USD' })),
  ];
}

function said({ misreported }: Account, key: string, sum: number): string {
  return misreported.get(key) ?? moneyText(sum);
}

function cushion(excess: number, netLiquidation: number): string {
  return netLiquidation <= 0 ? '0' : (excess / netLiquidation).toFixed(6);
}

/** What an account holds in one currency; BASE is the account's own. */
export function ledgerOf(account: Account, currency: 'USD' | 'BASE'): readonly Figure[] {
  const sums: readonly (readonly [string, number])[] = [
    ['CashBalance', account.cash],
    ['TotalCashBalance', account.cash],
    ['AccruedCash', account.accrued],
    ['NetLiquidationByCurrency', account.netLiquidation],
    ['UnrealizedPnL', account.unrealizedSum],
    ['RealizedPnL', account.realized],
  ];
  return [
    { key: 'Currency', value: currency, currency },
    ...sums.map(([key, sum]) => ({ key, value: said(account, key, sum), currency })),
    { key: 'ExchangeRate', value: '1.00', currency },
  ];
}
