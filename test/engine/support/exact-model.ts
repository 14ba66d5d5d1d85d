/**
 * An account worked out a second time, in whole 10^-24 of everything: prices, coins and money as decimals, no ticks, lots or
 * scales of books. What is never rounded is compared with what the core has; it rounds in four places, which
 * docs/design/records.md names, and there this does, too: the value of a fill of an inverse contract, the cost of a part that
 * leaves, what of a fee is owed, and a result that is converted. What a company pays is rounded to whole money units, by whoever pays it.
 */
import type { InstrumentKind } from '../../../src/domain/instrument.js';

export const ONE = 10n ** 24n;
/** A rate of one. */
const RATE = 10n ** 18n;

export interface ModelInstrument {
  readonly kind: InstrumentKind;
  readonly base: string;
  readonly quote: string;
  /** In whole 10^-24. */
  readonly tick: bigint;
  readonly lot: bigint;
  readonly multiplier: bigint;
  /** The instrument whose price makes money of the account of its results. Left out: they are that already. */
  readonly conversion?: { readonly to: string; readonly by: number; readonly isInverse: boolean } | undefined;
}

export interface ModelFill {
  readonly instrument: number;
  readonly buys: boolean;
  readonly lots: bigint;
  readonly ticks: bigint;
  /** What the quote currency was worth in that of the account, whole 10^-18. Left out: it is the same. */
  readonly rate?: bigint | undefined;
  /** Value of the fee, whole 10^-24 of what the instrument settles in. */
  readonly fee: bigint;
  /** In what it was paid where that is not cash. */
  readonly paidIn?: { readonly asset: string; readonly amount: bigint };
}

interface Held {
  coins: bigint;
  cost: bigint;
  realised: bigint;
  /** Result of the trade that is open; null: none is. */
  trade: bigint | null;
  /** Earned or paid while none was open. */
  carried: bigint;
}

/** Decimal text to whole 10^-24. */
export function exact(text: string): bigint {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const units = BigInt(whole + fraction.padEnd(24, '0'));
  return text.startsWith('-') ? -units : units;
}

export class ExactModel {
  readonly held: readonly Held[];
  readonly cash = new Map<string, bigint>();
  feesElsewhere = 0n;
  capital = 0n;
  /** Of closed trades, by instrument. */
  readonly results: bigint[];
  closed = 0;
  wins = 0;

  /** `step`: the smallest part of the settling currency that its books keep, whole 10^-24. */
  constructor(
    private readonly instruments: readonly ModelInstrument[],
    private readonly step: bigint,
    cash: bigint,
  ) {
    this.held = instruments.map(() => ({ coins: 0n, cost: 0n, realised: 0n, trade: null, carried: 0n }));
    this.results = instruments.map(() => 0n);
    this.#move(this.settles(instruments[0]!), cash);
  }

  settles = ({ kind, base, quote, conversion }: ModelInstrument): string =>
    conversion?.to ?? (kind === 'inverse' ? base : quote);

  lots(at: number): bigint {
    return this.held[at]!.coins / this.instruments[at]!.lot;
  }

  move(amount: bigint, isCapital: boolean): void {
    this.#move(this.settles(this.instruments[0]!), amount);
    if (isCapital) this.capital += amount;
  }

  fill({ instrument: at, buys, lots, ticks, fee, rate, paidIn }: ModelFill): void {
    const of = this.instruments[at]!;
    const held = this.held[at]!;
    const settle = this.settles(of);
    const before = held.realised;
    this.#trade(at, buys ? lots : -lots, ticks, fee, rate);
    // What is owned is paid for; of a contract only its result moves money.
    const isOwned = of.kind === 'spot' || of.kind === 'stock';
    const paid = isOwned ? this.value(of, buys ? lots : -lots, ticks) : before - held.realised;
    this.#move(settle, -paid);
    if (paidIn === undefined) this.#move(settle, -fee);
    else if (paidIn.asset === of.base && buys) this.#payInCoins(at, paidIn.amount, fee);
    else {
      this.feesElsewhere += fee;
      this.#move(paidIn.asset, -paidIn.amount);
    }
  }

  /** The venue holds so many lots: as if the difference had been traded without a fee. */
  adopt(at: number, lots: bigint, ticks: bigint, rate?: bigint): void {
    const difference = lots - this.lots(at);
    if (difference === 0n) return;
    const buys = difference > 0n;
    this.fill({ instrument: at, buys, lots: buys ? difference : -difference, ticks, fee: 0n, rate });
  }

  /** Coins that were in the account before become the desk's: nothing is paid for them. */
  claim(at: number, lots: bigint, ticks: bigint): void {
    const cash = new Map(this.cash);
    this.fill({ instrument: at, buys: true, lots, ticks, fee: 0n });
    for (const [currency, amount] of cash) this.cash.set(currency, amount);
  }

  /** A fee that nobody could value is worth so much after all. */
  valueFee(at: number, fee: bigint): void {
    this.feesElsewhere += fee;
    this.results[at]! -= fee;
  }

  /** Gives what is paid for what no lot can hold. `money`: a money unit, whole 10^-24. */
  split(at: number, [now, before]: readonly [bigint, bigint], ticks: bigint, money: bigint): bigint {
    const { tick, lot } = this.instruments[at]!;
    const held = this.held[at]!;
    // In whole 10^-24 of a share, times the shares of before.
    const shares = held.coins * now;
    const over = shares % (lot * before);
    const paid = nearest(over * tick * ticks, before * ONE * money) * money;
    const cost = over === 0n ? 0n : this.#part(held.cost, over, shares);
    held.cost -= cost;
    this.#realise(at, paid - cost);
    const hadOne = this.lots(at) !== 0n;
    held.coins = (shares - over) / before;
    if (hadOne && this.lots(at) === 0n) this.#closeTrade(at);
    this.#move(this.settles(this.instruments[at]!), paid);
    return paid;
  }

  /** Gives what is paid; whoever is short pays it. `perShare`: whole 10^-24. */
  dividend(at: number, perShare: bigint, money: bigint): bigint {
    const paid = nearest(this.held[at]!.coins * perShare, ONE * money) * money;
    this.#realise(at, paid);
    this.#move(this.settles(this.instruments[at]!), paid);
    return paid;
  }

  /** What signed lots are worth at a price, whole 10^-24 of the settling currency. */
  value({ kind, tick, lot, multiplier }: ModelInstrument, lots: bigint, ticks: bigint): bigint {
    const contracts = lots * lot * multiplier;
    if (kind === 'inverse') return -nearest(contracts, tick * ticks * this.step) * this.step;
    return (contracts * tick * ticks) / ONE / ONE;
  }

  /** Cash and what everything is worth at these prices, whole 10^-24; rounded nowhere but as books are. */
  equity(ticks: readonly bigint[]): bigint {
    const cash = this.cash.get(this.settles(this.instruments[0]!)) ?? 0n;
    return this.instruments.reduce((sum, of, at) => {
      const { coins, cost } = this.held[at]!;
      const isOwned = of.kind === 'spot' || of.kind === 'stock';
      const open = this.#worth(of, coins, ticks[at]!) - (isOwned ? 0n : cost);
      return sum + this.#inMoney(of, open, ticks);
    }, cash - this.feesElsewhere);
  }

  #worth({ kind, tick, multiplier }: ModelInstrument, coins: bigint, ticks: bigint): bigint {
    const contracts = coins * multiplier;
    if (kind === 'inverse') return -nearest(contracts, tick * ticks);
    return (contracts * tick * ticks) / ONE / ONE;
  }

  #inMoney({ conversion }: ModelInstrument, amount: bigint, ticks: readonly bigint[]): bigint {
    if (conversion === undefined) return amount;
    const price = this.instruments[conversion.by]!.tick * ticks[conversion.by]!;
    return conversion.isInverse ? nearest(amount * ONE, price) : nearest(amount * price, ONE);
  }

  /** A fee belongs to the trade that the fill ends, else to that which it opens or goes on with. */
  #trade(at: number, signedLots: bigint, ticks: bigint, fee: bigint, rate: bigint | undefined): void {
    const held = this.held[at]!;
    const whole = this.lots(at);
    const turns = whole !== 0n && whole > 0n !== signedLots > 0n;
    const reduced = turns ? least(size(whole), size(signedLots)) : 0n;
    if (turns) {
      if (held.trade !== null) held.trade -= fee;
      this.#reduce(at, whole > 0n ? reduced : -reduced, ticks, rate);
    }
    const opened = size(signedLots) - reduced;
    if (opened > 0n) this.#open(at, signedLots > 0n ? opened : -opened, ticks);
    if (!turns && held.trade !== null) held.trade -= fee;
  }

  #open(at: number, lots: bigint, ticks: bigint): void {
    const of = this.instruments[at]!;
    const held = this.held[at]!;
    this.#beginTrade(at);
    held.coins += lots * of.lot;
    held.cost += this.value(of, lots, ticks);
  }

  /** A trade that never had a whole lot goes on in the next one. */
  #beginTrade(at: number): void {
    const held = this.held[at]!;
    if (held.trade !== null && this.lots(at) !== 0n) return;
    held.trade = (held.trade ?? 0n) + held.carried;
    held.carried = 0n;
  }

  #reduce(at: number, lots: bigint, ticks: bigint, rate: bigint | undefined): void {
    const of = this.instruments[at]!;
    const held = this.held[at]!;
    const leaving = lots * of.lot;
    const cost = this.#part(held.cost, leaving, held.coins);
    held.coins -= leaving;
    held.cost -= cost;
    const gained = this.value(of, lots, ticks) - cost;
    this.#realise(at, rate === undefined ? gained : this.#part(gained, rate, RATE));
    if (this.lots(at) === 0n) this.#closeTrade(at);
  }

  #realise(at: number, gained: bigint): void {
    const held = this.held[at]!;
    held.realised += gained;
    if (held.trade === null) held.carried += gained;
    else held.trade += gained;
  }

  #closeTrade(at: number): void {
    const held = this.held[at]!;
    const result = held.trade ?? 0n;
    this.results[at]! += result;
    this.closed += 1;
    if (result > 0n) this.wins += 1;
    held.trade = null;
  }

  /** The coins are sold for what they are worth, which pays the fee; those that are not there are owed. */
  #payInCoins(at: number, coins: bigint, fee: bigint): void {
    if (coins === 0n) return;
    const held = this.held[at]!;
    const own = held.coins < 0n ? 0n : least(held.coins, coins);
    const cost = own === 0n ? 0n : this.#part(held.cost, own, held.coins);
    const owed = this.#part(fee, coins - own, coins);
    held.cost -= cost + owed;
    this.#realise(at, fee - owed - cost);
    const wasOpen = this.lots(at) !== 0n;
    held.coins -= coins;
    const isOpen = this.lots(at) !== 0n;
    if (wasOpen && !isOpen) this.#closeTrade(at);
    if (isOpen && held.trade === null) this.#beginTrade(at);
  }

  /** Of an amount, as the books keep it. */
  #part(amount: bigint, part: bigint, whole: bigint): bigint {
    return nearest((amount / this.step) * part, whole) * this.step;
  }

  #move(currency: string, by: bigint): void {
    this.cash.set(currency, (this.cash.get(currency) ?? 0n) + by);
  }
}

const size = (amount: bigint): bigint => (amount < 0n ? -amount : amount);
const least = (one: bigint, other: bigint): bigint => (one < other ? one : other);

/** Half away from zero. */
function nearest(amount: bigint, by: bigint): bigint {
  const divisor = size(by);
  const whole = size(amount) / divisor;
  const rounded = 2n * (size(amount) % divisor) >= divisor ? whole + 1n : whole;
  return amount < 0n !== by < 0n ? -rounded : rounded;
}
