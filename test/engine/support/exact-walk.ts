/** Random steps of an account, taken by the core and by the exact model; both must have the same after each. */
import { drawFrom } from '../../../simulators/random.js';
import { buildInstrument, withConversions } from '../../../src/domain/build-instrument.js';
import { CASH_KINDS, isCapital } from '../../../src/domain/cash-and-coins.js';
import { dividendMoney, inLieuMoney, splitShares } from '../../../src/domain/corporate-action.js';
import type { Instrument, InstrumentKind } from '../../../src/domain/instrument.js';
import { formatUnits, writeUnits } from '../../../src/domain/money.js';
import { rateAt, settleOf } from '../../../src/domain/value.js';
import { coinsOf } from '../../../src/engine/apply-holding.js';
import { applyRecord } from '../../../src/engine/apply-record.js';
import { fundsOf, heldPositions, stepsAt } from '../../../src/engine/books.js';
import { MarketBook } from '../../../src/engine/market-book.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import { createState, type EngineState } from '../../../src/engine/state.js';
import { ExactModel, exact, type ModelFill, ONE } from './exact-model.js';

interface Traded {
  readonly symbol: string;
  readonly kind: InstrumentKind;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly multiplier?: string;
  /** Of the account. Left out: the first one settles in it. */
  readonly currency?: string;
  /** Around which it is traded, and the most of it at once. */
  readonly ticks: number;
  readonly lotsMax: number;
}

/** Of each account all instruments settle in one currency: equity is of that one. */
const ACCOUNTS: readonly (readonly Traded[])[] = [
  [
    {
      symbol: 'BTC/USDT',
      kind: 'spot',
      tickSize: '0.01',
      lotSize: '0.00001',
      ticks: 6_000_000,
      lotsMax: 9_999,
    },
    {
      symbol: 'ETH/USDT',
      kind: 'linear',
      tickSize: '0.01',
      lotSize: '0.001',
      ticks: 300_000,
      lotsMax: 9_999,
    },
  ],
  [
    {
      ...{ symbol: 'BTC/USD', kind: 'inverse', tickSize: '0.5', lotSize: '1' },
      ...{ multiplier: '100', ticks: 120_000, lotsMax: 999 },
    },
    {
      ...{ symbol: 'BTC/EUR', kind: 'inverse', tickSize: '0.1', lotSize: '1' },
      ...{ multiplier: '10', ticks: 550_000, lotsMax: 9_999 },
    },
  ],
  [
    {
      ...{ symbol: 'NQ/USD', kind: 'future', tickSize: '0.25', lotSize: '1' },
      ...{ multiplier: '20', ticks: 80_000, lotsMax: 9 },
    },
    { symbol: 'AAPL/USD', kind: 'stock', tickSize: '0.01', lotSize: '0.001', ticks: 23_000, lotsMax: 9_999 },
  ],
  [{ symbol: 'USD/JPY', kind: 'fx', tickSize: '0.001', lotSize: '1000', ticks: 150_000, lotsMax: 99 }],
  // In dollars: yen and pounds are converted by prices that move as well, and are traded.
  [
    {
      ...{ symbol: 'GBP/JPY', kind: 'fx', tickSize: '0.001', lotSize: '0.01', multiplier: '100000' },
      ...{ currency: 'USD', ticks: 190_000, lotsMax: 999 },
    },
    {
      ...{ symbol: 'USD/JPY', kind: 'fx', tickSize: '0.001', lotSize: '0.01', multiplier: '100000' },
      ...{ ticks: 150_000, lotsMax: 999 },
    },
    {
      ...{ symbol: 'FTSE/GBP', kind: 'future', tickSize: '0.5', lotSize: '1', multiplier: '10' },
      ...{ ticks: 16_000, lotsMax: 99 },
    },
    {
      ...{ symbol: 'GBP/USD', kind: 'fx', tickSize: '0.00001', lotSize: '0.01', multiplier: '100000' },
      ...{ ticks: 125_000, lotsMax: 999 },
    },
  ],
  // Finer than the eight places of money units.
  [
    {
      symbol: 'ETH/BTC',
      kind: 'spot',
      tickSize: '0.00001',
      lotSize: '0.0001',
      ticks: 5_000,
      lotsMax: 99_999,
    },
  ],
];

export const KINDS_WALKED: ReadonlySet<InstrumentKind> = new Set(ACCOUNTS.flat().map(({ kind }) => kind));

/** Then another account begins, so that amounts stay in what a valuation can say exactly. */
const STEPS_OF_AN_ACCOUNT = 2_000;
/** Whole 10^-24 in a money unit of 10^-8. */
const MONEY = 10n ** 16n;
/** Money units that a valuation is rounded by: cash once, each position by its cost and its worth, or its open result. */
const ROUNDED_BY_MAX = 3n;
const STARTING_CASH = 1_000_000_000_000;

/** Throws with seed and step where they differ. Gives how many steps of each kind were taken. */
export function walk(seed: number, steps: number): ReadonlyMap<string, number> {
  const draw = drawFrom(seed);
  const taken = new Map<string, number>();
  let account = new WalkedAccount(ACCOUNTS[0]!, draw);
  for (let step = 0; step < steps; step += 1) {
    // Each once, then as it is drawn.
    if (step % STEPS_OF_AN_ACCOUNT === 0)
      account = new WalkedAccount(
        ACCOUNTS[step / STEPS_OF_AN_ACCOUNT] ?? ACCOUNTS[draw(ACCOUNTS.length)]!,
        draw,
      );
    const what = account.step();
    taken.set(what, (taken.get(what) ?? 0) + 1);
    const differs = account.difference();
    if (differs !== null) throw new Error(`seed ${seed}, step ${step + 1} (${what}): ${differs}`);
  }
  return taken;
}

class WalkedAccount {
  readonly #state: EngineState = createState();
  readonly #model: ExactModel;
  readonly #market: MarketBook;
  readonly #instruments: readonly Instrument[];
  readonly #settle: string;
  readonly #ticks: number[];
  /** Whole 10^-24: in a unit of the settling currency's books, by instrument in a lot and in a unit of its coin's books. */
  readonly #settleUnit: bigint;
  readonly #lots: readonly bigint[];
  readonly #baseUnits: readonly bigint[];
  /** Keys of the totals of closed trades. */
  readonly #trips: readonly string[];
  #waitingFees = 0;
  #count = 0;

  constructor(
    private readonly traded: readonly Traded[],
    private readonly draw: (below: number) => number,
  ) {
    const fees = { minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 };
    const built = traded.map((one, id) => buildInstrument(id, { ...one, ...fees }));
    this.#instruments = withConversions(built, traded[0]!.currency ?? settleOf(built[0]!));
    this.#settle = settleOf(this.#instruments[0]!);
    this.#take({
      ...{ type: 'config', configHash: 'hash', desk: 'desk', symbols: traded.map(({ symbol }) => symbol) },
      ...{ instruments: this.#instruments, startingCash: STARTING_CASH, marketMs: 0 },
    });
    const steps = this.#instruments.map((one) => ({
      ...{ kind: one.kind, base: one.base, quote: one.quote, conversion: one.conversion },
      ...{ tick: exact(one.tickSize), lot: exact(one.lotSize), multiplier: exact(one.multiplier ?? '1') },
    }));
    this.#model = new ExactModel(steps, this.#unit(this.#settle), BigInt(STARTING_CASH) * MONEY);
    this.#settleUnit = this.#unit(this.#settle);
    this.#lots = this.#instruments.map(({ lotSize }) => exact(lotSize));
    this.#baseUnits = this.#instruments.map(({ base }) => this.#unit(base));
    this.#trips = this.#instruments.map(({ id }) => `fermata/${id}`);
    this.#market = new MarketBook(this.#instruments);
    this.#ticks = traded.map(({ ticks }) => ticks);
  }

  /** Takes one, and gives what it was. */
  step(): string {
    this.#count += 1;
    const at = this.draw(this.traded.length);
    const { ticks } = this.traded[at]!;
    this.#ticks[at] = ticks - Math.floor(ticks / 10) + this.draw(Math.floor(ticks / 5));
    const chosen = this.draw(100);
    if (chosen < 12) return this.#moveCash();
    if (chosen < 16) return this.#adopt(at);
    if (chosen < 18 && this.traded[at]!.kind === 'spot') return this.#claim(at);
    if (chosen < 18 && this.traded[at]!.kind === 'stock')
      return chosen < 17 ? this.#split(at) : this.#payDividend(at);
    if (chosen < 24 && this.#waitingFees > 0) return this.#valueFee();
    return this.#fill(at);
  }

  /** Null: both have the same, to the last place. */
  difference(): string | null {
    const state = this.#state;
    const model = this.#model;
    if (state.feesElsewhere * this.#settleUnit !== model.feesElsewhere) return 'fees paid elsewhere differ';
    if (state.capitalMoved * MONEY !== model.capital) return 'capital moved differs';
    for (const [currency, amount] of model.cash) {
      const ours = (state.balances.get(currency) ?? 0n) * this.#unit(currency);
      if (ours !== amount) return `${currency} is ${told(ours)}, exactly ${told(amount)}`;
    }
    let [closed, wins] = [0, 0];
    for (let at = 0; at < this.traded.length; at += 1) {
      const wrong = this.#bookDiffers(at);
      if (wrong !== null) return `${wrong} of ${this.traded[at]!.symbol} differs`;
      const trip = state.trips.get(this.#trips[at]!);
      closed += trip?.trades ?? 0;
      wins += trip?.wins ?? 0;
    }
    if (closed !== model.closed || wins !== model.wins) return 'the number of trades or of wins differs';
    return this.#equityDiffers();
  }

  #bookDiffers(at: number): string | null {
    const unit = this.#settleUnit;
    const { quantityLots, remainder, cost, realised, carried, trade } = this.#state.positions[at]!;
    const held = this.#model.held[at]!;
    const coins = BigInt(quantityLots) * this.#lots[at]! + remainder * this.#baseUnits[at]!;
    if (coins !== held.coins) return 'what is held';
    if (cost * unit !== held.cost) return 'cost';
    if (realised * unit !== held.realised) return 'what was realised';
    if (carried * unit !== held.carried) return 'what is carried to the next trade';
    if ((trade?.result ?? 0n) * unit !== (held.trade ?? 0n)) return 'the result of the open trade';
    const trip = this.#state.trips.get(this.#trips[at]!);
    return (trip?.realised ?? 0n) * unit === this.#model.results[at]! ? null : 'the result of closed trades';
  }

  #equityDiffers(): string | null {
    this.#ticks.forEach((ticks, at) => void this.#market.quote(at, ticks, ticks, 0));
    this.#market.hold(heldPositions(this.#state), fundsOf(this.#state));
    const { equity } = this.#market;
    const exactly = this.#model.equity(this.#ticks.map(BigInt));
    const off = BigInt(equity) * MONEY - exactly;
    const most = ROUNDED_BY_MAX * MONEY;
    return off <= most && off >= -most ? null : `equity is ${equity / 1e8}, exactly ${told(exactly)}`;
  }

  #fill(at: number): string {
    const { lotsMax, kind } = this.traded[at]!;
    const held = this.#state.positions[at]!.quantityLots;
    const closes = held !== 0 && this.draw(4) === 0;
    const buys = closes ? held < 0 : this.draw(2) === 0;
    // A single lot may leave less than one beside what is owed: a trade that never has a whole one.
    const most = this.draw(4) === 0 ? 2 : lotsMax;
    const lots = closes ? Math.abs(held) : 1 + this.draw(most);
    const paid = this.#fee(at, buys && kind === 'spot', lots);
    const { fee, paidIn, unvalued } = paid;
    const ticks = this.#ticks[at]!;
    const { rate } = this.#rate(at);
    if (unvalued) this.#waitingFees += 1;
    this.#take({
      type: 'fill',
      fill: {
        ...{ tradeId: `t${this.#count}`, clientId: 'another', instrument: at, side: buys ? 'buy' : 'sell' },
        ...{ quantityLots: lots, priceTicks: ticks, fee, liquidity: 'taker', marketMs: 0, simulated: true },
        ...this.#rate(at),
        ...(paidIn === undefined
          ? {}
          : {
              feeIn: {
                asset: paidIn.asset,
                amount: formatUnits(paidIn.amount),
                ...(unvalued ? { unvalued: true } : {}),
              },
            }),
      },
    });
    const fill: ModelFill = {
      ...{ instrument: at, buys, lots: BigInt(lots), ticks: BigInt(ticks), fee: BigInt(fee) * MONEY },
      rate: rateUnits(rate),
      ...(paidIn === undefined ? {} : { paidIn: { asset: paidIn.asset, amount: paidIn.amount * MONEY } }),
    };
    this.#model.fill(fill);
    return `${rate === undefined ? '' : 'converted '}fill of ${kind}, fee ${paidIn === undefined ? 'in cash' : unvalued ? 'unvalued' : paidIn.asset === 'BNB' ? 'elsewhere' : 'in coins'}`;
  }

  #rate(at: number): { readonly rate?: number } {
    const { conversion } = this.#instruments[at]!;
    if (conversion === undefined) return {};
    const ticks = this.#ticks[conversion.by]!;
    return { rate: rateAt(conversion, ticks, ticks) };
  }

  /** A rebate now and then, and what is paid in coins or from a stock of them. */
  #fee(at: number, canKeepCoins: boolean, lots: number) {
    const fee = this.draw(100_000) - 2_000;
    const cash = { fee, unvalued: false, paidIn: undefined };
    const chosen = this.draw(8);
    if (chosen === 0)
      return {
        fee: Math.abs(fee),
        unvalued: false,
        paidIn: { asset: 'BNB', amount: 1n + BigInt(this.draw(999_999)) },
      };
    if (chosen === 1 && this.#waitingFees < 3)
      return { fee: 0, unvalued: true, paidIn: { asset: 'BNB', amount: WAITING } };
    if (chosen > 4 || !canKeepCoins) return cash;
    const { base, lotSize } = this.#instruments[at]!;
    const bought = (BigInt(lots) * exact(lotSize)) / MONEY;
    const kept = (bought * BigInt(1 + this.draw(3_000))) / 1_000_000n;
    return kept === 0n
      ? cash
      : { fee: Math.abs(fee), unvalued: false, paidIn: { asset: base, amount: kept } };
  }

  #moveCash(): string {
    const kind = CASH_KINDS[this.draw(CASH_KINDS.length)]!;
    const units = 1 + this.draw(1_000_000_000);
    const amount = kind === 'withdrawal' || (kind !== 'deposit' && this.draw(2) === 0) ? -units : units;
    this.#take({
      ...{ type: 'cash', kind, currency: this.#settle, amount, by: 'venue', source: 'list' },
      ...{ movementId: `m${this.#count}`, reason: kind, marketMs: 0 },
    });
    this.#model.move(BigInt(amount) * MONEY, isCapital(kind));
    return kind;
  }

  #adopt(at: number): string {
    const { lotsMax, kind } = this.traded[at]!;
    const lots = this.draw(lotsMax) - (kind === 'spot' || kind === 'stock' ? 0 : Math.floor(lotsMax / 2));
    const ticks = this.#ticks[at]!;
    this.#take({
      ...{ type: 'position.adopted', instrument: at, quantityLots: lots, priceTicks: ticks, marketMs: 0 },
      ...this.#rate(at),
    });
    this.#model.adopt(at, BigInt(lots), BigInt(ticks), rateUnits(this.#rate(at).rate));
    return 'adopted';
  }

  #claim(at: number): string {
    const lots = 1 + this.draw(this.traded[at]!.lotsMax);
    const ticks = this.#ticks[at]!;
    this.#take({
      ...{ type: 'coins.claimed', symbol: this.traded[at]!.symbol, quantityLots: lots, costTicks: ticks },
      ...{ value: 0, by: 'operator', reason: 'test', marketMs: 0 },
    });
    this.#model.claim(at, BigInt(lots), BigInt(ticks));
    return 'claimed';
  }

  #valueFee(): string {
    const { instrument, asset, amount, strategy } = this.#state.unvaluedFees[0]!;
    const fee = this.draw(100_000);
    this.#waitingFees -= 1;
    this.#take({ type: 'fee.valued', instrument, strategy, asset, amount, priceTicks: 1, fee, marketMs: 0 });
    this.#model.valueFee(instrument!, BigInt(fee) * MONEY);
    return 'fee valued';
  }

  #split(at: number): string {
    const [numerator, denominator] = SPLITS[this.draw(SPLITS.length)]!;
    const ticks = this.#ticks[at]!;
    const ratio = { numerator, denominator };
    const steps = stepsAt(this.#state, at);
    const { lots, over } = splitShares(coinsOf(this.#state.positions[at]!, steps), ratio, steps);
    const inLieu = inLieuMoney(over, ratio, ticks, steps);
    const paid = this.#model.split(at, [BigInt(numerator), BigInt(denominator)], BigInt(ticks), MONEY);
    if (inLieu * MONEY !== paid) throw new Error(`${told(paid)} is paid for a part of a lot, not ${inLieu}`);
    this.#take({
      ...{ type: 'split', actionId: `a${this.#count}`, instrument: at, ...ratio, quantityLots: Number(lots) },
      ...{ priceTicks: ticks, inLieu: writeUnits(inLieu), by: 'operator', reason: 'test', marketMs: 0 },
    });
    return 'split';
  }

  #payDividend(at: number): string {
    const perShare = formatUnits(BigInt(1 + this.draw(500_000_000)));
    const { base } = this.#instruments[at]!;
    const coins = coinsOf(this.#state.positions[at]!, stepsAt(this.#state, at));
    const amount = dividendMoney(coins, perShare, this.#state.scales.get(base) ?? 8);
    const paid = this.#model.dividend(at, exact(perShare), MONEY);
    if (amount * MONEY !== paid) throw new Error(`a dividend pays ${told(paid)}, not ${amount}`);
    this.#take({
      ...{ type: 'dividend', actionId: `a${this.#count}`, instrument: at, perShare },
      ...{ amount: writeUnits(amount), by: 'operator', reason: 'test', marketMs: 0 },
    });
    return 'dividend';
  }

  #take(record: EngineRecord): void {
    applyRecord(this.#state, record);
  }

  /** Whole 10^-24 in a unit of the books of that currency. */
  #unit(currency: string): bigint {
    return ONE / 10n ** BigInt(this.#state.scales.get(currency) ?? 8);
  }
}

const WAITING = 12_345n;

/** Whole 10^-18. */
const rateUnits = (rate: number | undefined): bigint | undefined =>
  rate === undefined ? undefined : BigInt(Math.round(rate * 1e18));

/** New shares for old ones: as many that make more as that make fewer, so that what is held stays what it can be. */
const SPLITS = [
  [2, 1],
  [1, 2],
  [3, 2],
  [2, 3],
  [4, 1],
  [1, 7],
] as const;

const told = (amount: bigint): string => formatUnits(amount, 24).replace(/\.?0+$/, '');
