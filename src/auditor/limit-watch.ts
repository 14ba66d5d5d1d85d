/**
 * The desk file's limits, watched from outside. It uses only the names of settings from `src/limits`, on
 * purpose: a bug in a limit there must not be repeated here. It judges the limits that show in the venue's
 * book and in prices (docs/LIMITS.md says why not the others). Limits restrict what is opened, so only growth
 * past one counts. A position from before a limit was lowered is nobody's fault, nor is one whose entry was
 * sent before: its cancel may come too late. Limits can go up and down again between two audits, so growth
 * while they changed is not judged. Coins that a person gives the desk are no entry either: they count as a
 * change of limits, and where no audit saw them before, equity shows that nothing was paid for them.
 */
import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import { parseDecimal } from '../domain/decimal.js';
import type { SizePlan } from '../domain/go-live-terms.js';
import type { Instrument } from '../domain/instrument.js';
import { exactNotional, isOwned } from '../domain/value.js';
import type { BookReading, OwnPrices } from '../venue/port.js';
import { LossWatch, limitOf, MOVED_FACTOR } from './loss-watch.js';
import { amountsOf, type Finding, type OwnEquity, rateBy } from './own-equity.js';

interface LimitReading {
  readonly book: BookReading;
  readonly own: OwnEquity;
  readonly prices: OwnPrices;
  readonly status: TraderStatus;
}

interface Limits {
  /**
   * Identifies the settings, the position size, the go-live in force and the coins given to the desk: another
   * one means different limits.
   */
  readonly terms: string;
  readonly positions: number;
  /** Most that one position may be worth, in money units. */
  readonly size: number;
}

interface Look {
  readonly lots: ReadonlyMap<string, number>;
  /** The larger side of trades against each other: the net can grow up to it as the other is closed. */
  readonly sides: ReadonlyMap<string, number>;
  readonly limits: Limits;
  /** By the venue's book and the auditor's own prices. */
  readonly equity: number;
}

/** Coins that came without money going for them raise equity by their worth: at least by this part of it. */
const GIVEN_PART = 0.9;

export class LimitWatch {
  #before: Look | null = null;
  /** Symbols by client id: entries sent under other limits and still open. */
  readonly #sentEarlier = new Map<string, string>();
  /** Symbols whose growth is not judged in this audit. */
  #excused: ReadonlySet<string> = new Set();
  readonly #given = new GivenCoins();
  /** What grew past its limit and is still past it. */
  readonly #past = new Set<string>();
  readonly #losses: LossWatch;

  constructor(
    private readonly instruments: readonly Instrument[],
    private readonly risk: Desk['risk'],
  ) {
    this.#losses = new LossWatch(risk);
  }

  /** Called in each audit, even if neither book nor prices can be read. */
  note(status: TraderStatus): void {
    this.#losses.note(status);
    this.#given.note(status);
  }

  /** People have seen what is past its limit, and let the desk trade with it: only further growth counts. */
  accept(): void {
    this.#past.clear();
  }

  look(reading: LimitReading): Finding[] {
    const limits = this.#limitsOf(reading);
    const sameTerms = this.#before?.limits.terms === limits.terms;
    this.#excused = new Set(
      sameTerms
        ? [...this.#sentEarlier.values(), ...this.#givenBetween(reading)]
        : reading.book.positions.keys(),
    );
    this.#noteEntries(reading.status, sameTerms);
    const findings = [
      ...this.#positions(reading, limits),
      ...this.instruments.flatMap((instrument) => this.#size(reading, limits, instrument)),
      ...this.#losses.look(reading.own, reading.status),
    ];
    const { book, own, status } = reading;
    this.#before = { lots: book.positions, sides: this.#sidesOf(status), limits, equity: own.equity };
    return findings;
  }

  /**
   * Found and given to the desk between two audits, so that none saw them as nobody's. Nobody's word is needed for it:
   * whoever buys coins pays for them.
   */
  #givenBetween({ book, own, prices }: LimitReading): string[] {
    const before = this.#before;
    if (before === null) return [];
    const gained = own.equity - before.equity;
    const isGiven = (instrument: Instrument): boolean => {
      const grown = (book.positions.get(instrument.symbol) ?? 0) - (before.lots.get(instrument.symbol) ?? 0);
      const worth =
        isOwned(instrument) && grown > 0 ? worthOf(instrument, grown, prices, this.instruments) : null;
      return worth !== null && gained >= worth * GIVEN_PART;
    };
    return this.instruments.filter(isGiven).map(({ symbol }) => symbol);
  }

  #positions({ book }: LimitReading, { positions: most }: Limits): Finding[] {
    const held = [...book.positions.keys()].filter((symbol) => !isDust(book, symbol));
    const grew = held.some((symbol) => this.#grew(book, symbol));
    const allowed = Math.max(most, this.#before?.limits.positions ?? most);
    if (!this.#stillPast('positions', held.length > allowed, grew)) return [];
    return [
      {
        key: 'limit positions',
        text: `${held.length} positions are open, at most ${most} may be: ${held.join(', ')}`,
      },
    ];
  }

  #size({ book, prices, status }: LimitReading, limits: Limits, instrument: Instrument): Finding[] {
    const { symbol } = instrument;
    const lots = Math.abs(book.positions.get(symbol) ?? 0);
    const worth = worthOf(instrument, lots, prices, this.instruments);
    if (worth === null) return [];
    const allowed = Math.max(limits.size, this.#before?.limits.size ?? limits.size) * MOVED_FACTOR;
    if (!this.#stillPast(symbol, worth > allowed, this.#grew(book, symbol))) return [];
    const amount = amountsOf(status);
    const text = `the position in ${symbol} is worth ${amount(worth)}, ${amount(limits.size)} are allowed`;
    return [{ key: `limit size ${symbol}`, text }];
  }

  #stillPast(what: string, isPast: boolean, grew: boolean): boolean {
    if (!isPast) this.#past.delete(what);
    else if (grew) this.#past.add(what);
    return this.#past.has(what);
  }

  #noteEntries({ orders }: TraderStatus, sameTerms: boolean): void {
    const entries = new Map(
      orders.flatMap(({ purpose, clientId, symbol }) => (purpose === 'entry' ? [[clientId, symbol]] : [])),
    );
    for (const clientId of this.#sentEarlier.keys()) {
      if (!entries.has(clientId)) this.#sentEarlier.delete(clientId);
    }
    if (sameTerms) return;
    for (const [clientId, symbol] of entries) this.#sentEarlier.set(clientId, symbol);
  }

  #grew({ positions }: BookReading, symbol: string): boolean {
    if (this.#excused.has(symbol)) return false;
    const now = Math.abs(positions.get(symbol) ?? 0);
    const before = Math.abs(this.#before?.lots.get(symbol) ?? 0);
    return now > Math.max(before, this.#before?.sides.get(symbol) ?? 0);
  }

  #sidesOf({ positions }: TraderStatus): ReadonlyMap<string, number> {
    return new Map(
      positions.map(({ symbol, parts = [] }) => {
        const { lotSize = '1' } = this.instruments.find((one) => one.symbol === symbol) ?? {};
        const lotsOn = (which: 'long' | 'short'): number =>
          parts
            .filter(({ side }) => side === which)
            .reduce((sum, { quantity }) => sum + parseDecimal(quantity, lotSize), 0);
        return [symbol, Math.max(lotsOn('long'), lotsOn('short'))];
      }),
    );
  }

  #limitsOf({ own, status }: LimitReading): Limits {
    const pct = grantedOf(status, this.risk, 'maxPositionSizePct') * (status.sizePct / 100);
    const { granted } = status.goLive;
    const permission = granted === null ? '' : `${granted.release} ${granted.attempt} ${granted.step}`;
    return {
      terms: `${status.settings.version} ${status.sizePct} ${permission} ${this.#given.count}`,
      positions: grantedOf(status, this.risk, 'maxConcurrentPositions'),
      size: (own.equity * pct) / 100,
    };
  }
}

/** Null: a price is missing. */
function worthOf(
  instrument: Instrument,
  lots: number,
  prices: OwnPrices,
  instruments: readonly Instrument[],
): number | null {
  const price = prices.get(instrument.symbol);
  const rate = rateBy(prices, instrument, instruments);
  if (price === undefined || rate === null) return null;
  return exactNotional(instrument, lots, price.bid / Number(instrument.tickSize)) * rate;
}

function isDust({ positions, dustLots }: BookReading, symbol: string): boolean {
  return Math.abs(positions.get(symbol) ?? 0) <= (dustLots?.get(symbol) ?? 0);
}

/**
 * Counts how often coins of the account ceased to be nobody's: a person said that they are the desk's, or
 * another's, or they are gone. Only a person's word makes them the desk's.
 */
class GivenCoins {
  #nobodys: ReadonlyMap<string, number> = new Map();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  note({ coins }: TraderStatus): void {
    const now = new Map(coins.map(({ symbol, nobodys }) => [symbol, Number(nobodys)]));
    if ([...this.#nobodys].some(([symbol, before]) => (now.get(symbol) ?? 0) < before)) this.#count += 1;
    this.#nobodys = now;
  }
}

/** The limit, or what the permission for real money allows, if that is less. */
function grantedOf(status: TraderStatus, risk: Desk['risk'], name: keyof SizePlan): number {
  const most = limitOf(status, risk, name);
  return Math.min(most, status.goLive.granted?.size[name] ?? most);
}
