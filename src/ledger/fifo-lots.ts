/**
 * An account's lots, first in, first out: which purchase each sale closes, and what is still held of each.
 * The books themselves use average cost; tax is mostly computed by lots.
 */
import { type BookSteps, stepsOf } from '../domain/book-steps.js';
import { splitShares, splitText } from '../domain/corporate-action.js';
import type { Instrument } from '../domain/instrument.js';
import { formatUnits, magnitude, mulDivUnits, parseUnits, readUnits, type Units } from '../domain/money.js';
import type { Fill } from '../domain/order.js';
import { convertedUnits, settleOf, VALUE } from '../domain/value.js';
import type { EngineRecord } from '../engine/record.js';
import type { StoredRecord } from '../store/export-rows.js';

/** Fixed, so that nothing is rescaled when instruments change: no venue's steps need more. */
const COIN_PLACES = 12;
const VALUE_PLACES = 24;

export const LOT_COLUMNS = [
  ...['symbol', 'side', 'quantity', 'opened', 'opened_by', 'open_price', 'opened_value'],
  ...['closed', 'closed_by', 'close_price', 'closed_value', 'value_currency'],
  ...['fees', 'result', 'currency', 'rate', 'simulated'],
] as const;

/** Records that change holdings. */
export const LOT_RECORDS = ['config', 'fill', 'position.adopted', 'coins.claimed', 'split'] as const;

/** Of these, those that people enter: in a journal that was put back they may enter them again. */
export const ENTERED_RECORDS = ['coins.claimed', 'split'] as const;

/** Columns with names given by a venue. */
export const LOT_TEXTS: readonly string[] = ['opened_by', 'closed_by'];

interface Amounts {
  /** Signed: long or bought is positive. */
  coins: Units;
  /** Their cost, signed as in the books. */
  cost: Units;
  fees: Units;
}

interface Lot extends Amounts {
  price: Units;
  /** The venue's trade id, or what else changed the position. */
  readonly by: string;
  readonly simulated: boolean | null;
  readonly atMs: number;
}

interface Holding {
  readonly instrument: Instrument;
  readonly steps: BookSteps;
  /** Oldest first; all on one side. */
  readonly lots: Lot[];
}

type Execution = Readonly<Lot> & { readonly rate?: number | undefined };

/** A cell per column of `LOT_COLUMNS`. */
export type LotRow = readonly string[];

/** As the ledger holds it. */
export type LotRecord = EngineRecord;
type RecordOf<T extends EngineRecord['type']> = Extract<EngineRecord, { readonly type: T }>;

type Place = Pick<StoredRecord, 'journal' | 'entry' | 'isCopy'>;

interface Entered {
  readonly what: string;
  /** Where it stands in the newest journal that has it. */
  entry: string;
  journal: string;
}

export class LotBook {
  readonly #holdings = new Map<string, Holding>();
  /** What people entered, each once. */
  readonly #entered: Entered[] = [];
  readonly #valued: RecordOf<'fee.valued'>[];
  #instruments: readonly Instrument[] = [];

  /** `valued`: values of fees that could not be valued when they were paid, oldest first. */
  constructor(valued: readonly LotRecord[]) {
    this.#valued = valued.filter((record) => record.type === 'fee.valued');
  }

  /** The lots, or parts of lots, that the record closes. `place`: left out if there is only one journal. */
  take(record: LotRecord, place: Place = { journal: '', entry: '', isCopy: false }): readonly LotRow[] {
    if (place.isCopy) {
      for (const one of this.#entered) if (one.entry === place.entry) one.journal = place.journal;
      return [];
    }
    switch (record.type) {
      case 'config':
        this.#instruments = record.instruments;
        for (const instrument of record.instruments) this.#declare(instrument);
        return [];
      case 'fill':
        return this.#fill(record.fill);
      case 'position.adopted':
        return this.#adopted(record);
      case 'coins.claimed':
        return this.#claimed(record, place);
      case 'split':
        return this.#split(record, place);
      default:
        return [];
    }
  }

  /** Open lots, as rows without a closing. */
  open(): readonly LotRow[] {
    return [...this.#holdings.values()].flatMap((holding) =>
      holding.lots.map((lot) => rowOf(holding, lot, null)),
    );
  }

  #declare(instrument: Instrument): void {
    // Where both are one currency, its values have the places of its quantity.
    const scales = new Map([
      [settleOf(instrument), VALUE_PLACES],
      [instrument.base, COIN_PLACES],
    ]);
    const lots = this.#holdings.get(instrument.symbol)?.lots ?? [];
    this.#holdings.set(instrument.symbol, { instrument, steps: stepsOf(instrument, scales), lots });
  }

  #at(id: number): Holding {
    return this.#bySymbol(this.#instruments[id]?.symbol ?? `number ${id}`);
  }

  #bySymbol(symbol: string): Holding {
    const holding = this.#holdings.get(symbol);
    if (holding === undefined)
      throw new Error(`the journal names instrument ${symbol}, and its configuration does not`);
    return holding;
  }

  /** Coins that the venue kept as its fee never became a lot; their value is its fee. */
  #fill(fill: Fill): readonly LotRow[] {
    const holding = this.#at(fill.instrument);
    const { steps } = holding;
    const { feeIn, feeLots = 0, side, quantityLots, priceTicks, tradeId, rate, simulated, marketMs } = fill;
    const fees = moneyUnits(holding, BigInt(this.#feeOf(fill)));
    const whole = tradeOf(holding, side === 'buy' ? quantityLots : -quantityLots, priceTicks);
    const inCoins = side === 'buy' && feeIn?.asset === steps.base;
    const kept = BigInt(feeLots) * steps.perLot + (inCoins ? parseUnits(feeIn.amount, COIN_PLACES) : 0n);
    const coins = whole.coins - kept;
    const cost = kept === 0n ? whole.cost : mulDivUnits(whole.cost, coins, whole.coins);
    return execute(holding, {
      ...{ coins, cost, fees, price: whole.price, by: tradeId },
      ...{ rate, simulated, atMs: marketMs },
    });
  }

  #feeOf({ fee, feeIn }: Fill): number {
    if (feeIn?.unvalued !== true) return fee;
    const at = this.#valued.findIndex(
      ({ asset, amount }) => asset === feeIn.asset && amount === feeIn.amount,
    );
    return at === -1 ? 0 : (this.#valued.splice(at, 1)[0]?.fee ?? 0);
  }

  /** Like the ledger: as if the difference had been traded without a fee. */
  #adopted(record: RecordOf<'position.adopted'>): readonly LotRow[] {
    const holding = this.#at(record.instrument);
    const held = coinsOf(holding) / holding.steps.perLot;
    const trade = tradeOf(holding, record.quantityLots - Number(held), record.priceTicks);
    const { rate, marketMs } = record;
    return execute(holding, { ...trade, fees: 0n, by: 'adopted', rate, simulated: null, atMs: marketMs });
  }

  #claimed(record: RecordOf<'coins.claimed'>, place: Place): readonly LotRow[] {
    const { symbol, quantityLots, costTicks, marketMs: atMs } = record;
    if (this.#isEnteredAgain(`claim ${symbol} ${quantityLots} ${costTicks}`, place)) return [];
    const holding = this.#bySymbol(symbol);
    const bought = tradeOf(holding, quantityLots, costTicks);
    return execute(holding, { ...bought, fees: 0n, by: 'claimed', simulated: null, atMs });
  }

  /** Every lot keeps its cost and its date. What no lot of the venue can hold is paid out, oldest first. */
  #split(record: RecordOf<'split'>, place: Place): readonly LotRow[] {
    const holding = this.#at(record.instrument);
    const what = `split ${holding.instrument.symbol} ${splitText(record)}`;
    if (this.#isEnteredAgain(what, place, mayBeSplit(holding, record))) return [];
    const [numerator, denominator] = [BigInt(record.numerator), BigInt(record.denominator)];
    for (const lot of holding.lots) {
      lot.coins = mulDivUnits(lot.coins, numerator, denominator);
      lot.price = mulDivUnits(lot.price, denominator, numerator);
    }
    const over = coinsOf(holding) - BigInt(record.quantityLots) * holding.steps.perLot;
    return execute(holding, {
      coins: -over,
      cost: -moneyUnits(holding, readUnits(record.inLieu)),
      price: priceOf(holding, record.priceTicks),
      ...{ fees: 0n, by: 'in lieu', simulated: null, atMs: record.marketMs },
    });
  }

  /**
   * Whether it was booked from an earlier journal that has been put back to before it. `mayBe`: nothing else
   * says that it is another one.
   */
  #isEnteredAgain(what: string, { journal, entry }: Place, mayBe = true): boolean {
    const forgotten = this.#entered.find((one) => mayBe && one.what === what && one.journal !== journal);
    if (forgotten === undefined) this.#entered.push({ what, journal, entry });
    else Object.assign(forgotten, { journal, entry });
    return forgotten !== undefined;
  }
}

/** Whether the lots may be in new shares already: they are as many as afterwards, or not as many as before. */
function mayBeSplit(holding: Holding, record: RecordOf<'split'>): boolean {
  const { steps } = holding;
  const [coins, after] = [coinsOf(holding), BigInt(record.quantityLots)];
  return coins === after * steps.perLot || splitShares(coins, record, steps).lots !== after;
}

const coinsOf = ({ lots }: Holding): Units => lots.reduce((sum, { coins }) => sum + coins, 0n);
const moneyUnits = ({ steps }: Holding, money: Units): Units => money * steps.perMoney;
const priceOf = ({ instrument }: Holding, ticks: number): Units =>
  BigInt(ticks) * parseUnits(instrument.tickSize, COIN_PLACES);

function tradeOf(holding: Holding, lots: number, priceTicks: number) {
  const { kind, perLot, perTickLot } = holding.steps;
  return {
    coins: BigInt(lots) * perLot,
    cost: VALUE[kind].cost(perTickLot, lots, priceTicks),
    price: priceOf(holding, priceTicks),
  };
}

/**
 * Closes the oldest lots of the other side first; the rest opens a lot. Each share is cut from what is left,
 * so that no unit is lost.
 */
function execute(holding: Holding, execution: Execution): readonly LotRow[] {
  const { lots } = holding;
  const rest = { coins: execution.coins, cost: execution.cost, fees: execution.fees };
  const rows: LotRow[] = [];
  for (let lot = lots[0]; lot !== undefined && rest.coins * lot.coins < 0n; lot = lots[0]) {
    const [left, held] = [magnitude(rest.coins), magnitude(lot.coins)];
    const size = left < held ? left : held;
    const closing = cutOff(rest, size);
    rows.push(rowOf(holding, { ...lot, ...cutOff(lot, size) }, { ...execution, ...closing }));
    if (lot.coins === 0n) lots.shift();
  }
  const { price, by, simulated, atMs } = execution;
  if (rest.coins !== 0n) lots.push({ ...rest, price, by, simulated, atMs });
  return rows;
}

/** Takes this many coins off, with their share of cost and fees. */
function cutOff(from: Amounts, size: Units): Amounts {
  const whole = magnitude(from.coins);
  const share = (amount: Units): Units => mulDivUnits(amount, size, whole);
  const off = { coins: from.coins < 0n ? -size : size, cost: share(from.cost), fees: share(from.fees) };
  from.coins -= off.coins;
  from.cost -= off.cost;
  from.fees -= off.fees;
  return off;
}

/** An inverse contract, and a pair that begins with the desk's currency, settle in what they are counted in. */
const placesOfValues = ({ base, quote }: BookSteps): number => (quote === base ? COIN_PLACES : VALUE_PLACES);

/** `closing` null: the lot is still held. */
function rowOf(holding: Holding, lot: Lot, closing: Execution | null): LotRow {
  const { instrument, steps } = holding;
  const places = placesOfValues(steps);
  const value = (units: Units): string => plain(formatUnits(units, places));
  const closed = (cell: (by: Execution) => string): string => (closing === null ? '' : cell(closing));
  const fees = lot.fees + (closing?.fees ?? 0n);
  const result = ({ cost, rate }: Execution): Units => convertedUnits(-cost - lot.cost, rate) - fees;
  const simulated = closing?.simulated ?? lot.simulated;
  const cells: Readonly<Record<(typeof LOT_COLUMNS)[number], string>> = {
    symbol: instrument.symbol,
    side: lot.coins > 0n ? 'long' : 'short',
    quantity: plain(formatUnits(magnitude(lot.coins), COIN_PLACES)),
    opened: isoOf(lot.atMs),
    opened_by: lot.by,
    open_price: plain(formatUnits(lot.price, COIN_PLACES)),
    opened_value: value(magnitude(lot.cost)),
    closed: closed(({ atMs }) => isoOf(atMs)),
    closed_by: closed(({ by }) => by),
    close_price: closed(({ price }) => plain(formatUnits(price, COIN_PLACES))),
    closed_value: closed(({ cost }) => value(magnitude(cost))),
    value_currency: steps.kind === 'inverse' ? instrument.base : instrument.quote,
    fees: value(fees),
    result: closed((by) => value(result(by))),
    currency: settleOf(instrument),
    rate: closed(({ rate }) => (rate === undefined ? '' : String(rate))),
    simulated: simulated === null ? '' : String(simulated),
  };
  return LOT_COLUMNS.map((name) => cells[name]);
}

const isoOf = (ms: number): string => new Date(ms).toISOString();
/** Without trailing zeros. */
const plain = (decimal: string): string => decimal.replace(/\.?0+$/, '');
