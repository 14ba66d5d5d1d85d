/**
 * The cost, or income, of holding a contract over time: funding for a perpetual, swap for a currency pair.
 * Amounts are signed from the account's side: negative is paid.
 */
import { scalesFor, stepsOf } from './book-steps.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, minuteOfDay, type Weekday, weekdayOf } from './civil-date.js';
import type { Instrument } from './instrument.js';
import { mulDivUnits, parseUnits, type Units } from './money.js';
import { utcOfLocal, type ZoneOffset } from './trading-day.js';
import { convertedUnits, isInCoin } from './value.js';

/** Every `everyMs` from midnight UTC, long positions pay short ones this percentage of their worth. */
interface Funding {
  readonly kind: 'funding';
  /** Percent, in units of 1e-6. */
  readonly rate: Units;
  readonly everyMs: number;
}

/** Each night that begins on a weekday counts once, that of `tripleOn` three times to cover the weekend. */
interface Swap {
  readonly kind: 'swap';
  /** Income per night on one of the broker's lots, in units of 1e-6 pips. */
  readonly long: Units;
  readonly short: Units;
  /** When a night begins, in the zone's local time. */
  readonly rolloverMs: number;
  readonly offsetAt: ZoneOffset;
  readonly tripleOn: Weekday;
}

export type HoldingCost = Funding | Swap;

/** Decimal places of rates and pips. */
const PLACES = 6;
const ONE = 10n ** BigInt(PLACES);

/** As in the desk file. */
export interface HoldingSource {
  readonly funding?: { readonly ratePct: string; readonly everyHours: number } | undefined;
  readonly swap?:
    | {
        readonly longPips: string;
        readonly shortPips: string;
        readonly rollover?: string | undefined;
        readonly zone?: string | undefined;
        readonly tripleOn?: Weekday | undefined;
      }
    | undefined;
}

/** Defaults for what the desk file leaves out. */
export const ROLLOVER = '17:00';
export const NEW_YORK = 'America/New_York';
export const TRIPLE_ON = 'wed';

/** Null: none is declared, so nothing is charged. */
export function holdingCost(
  { funding, swap }: HoldingSource,
  zoneOffset: (zone: string) => ZoneOffset,
): HoldingCost | null {
  if (funding !== undefined)
    return {
      kind: 'funding',
      rate: parseUnits(funding.ratePct, PLACES),
      everyMs: funding.everyHours * HOUR_MS,
    };
  if (swap === undefined) return null;
  const { longPips, shortPips, rollover = ROLLOVER, zone = NEW_YORK, tripleOn = TRIPLE_ON } = swap;
  return {
    kind: 'swap',
    long: parseUnits(longPips, PLACES),
    short: parseUnits(shortPips, PLACES),
    rolloverMs: minuteOfDay(rollover) * MINUTE_MS,
    offsetAt: zoneOffset(zone),
    tripleOn,
  };
}

/** When a position is charged next, and for how many nights. */
export interface Charge {
  readonly atMs: number;
  readonly nights: number;
}

export function chargeAfter(cost: HoldingCost, marketMs: number): Charge {
  if (cost.kind === 'funding')
    return { atMs: (Math.floor(marketMs / cost.everyMs) + 1) * cost.everyMs, nights: 1 };
  const { rolloverMs, offsetAt, tripleOn } = cost;
  for (let day = Math.floor((marketMs + offsetAt(marketMs)) / DAY_MS); ; day += 1) {
    const weekday = weekdayOf(day);
    const atMs = utcOfLocal(day * DAY_MS + rolloverMs, offsetAt);
    if (atMs > marketMs && weekday !== 'sat' && weekday !== 'sun')
      return { atMs, nights: weekday === tripleOn ? 3 : 1 };
  }
}

export interface Held {
  /** Signed. */
  readonly lots: number;
  readonly nights: number;
  /** The last quote. Null: none is known. */
  readonly quote: { readonly bidTicks: number; readonly askTicks: number } | null;
  /** What the quote currency is worth in the desk's. */
  readonly rate: number;
}

/** In money units of the account, rounded half away from zero. Null: the price it needs is not known. */
export function chargeFor(cost: HoldingCost, instrument: Instrument, held: Held): Units | null {
  const { perTickLot, perMoney } = stepsOf(instrument, scalesFor([instrument], new Map()));
  const lots = BigInt(held.lots);
  if (cost.kind === 'swap') {
    const { pip = instrument.tickSize, tickSize, conversion } = instrument;
    if (Number.isNaN(held.rate)) return null;
    const pips = lots > 0n ? lots * cost.long : -lots * cost.short;
    const ticks = BigInt(Math.round(Number(pip) / Number(tickSize)));
    const amount = pips * ticks * perTickLot * BigInt(held.nights);
    return mulDivUnits(convertedUnits(amount, conversion && held.rate), 1n, ONE * perMoney);
  }
  if (held.quote === null) return null;
  // The sum is twice the mid of the quote; the rate is in percent.
  const sum = BigInt(held.quote.bidTicks + held.quote.askTicks);
  const part = 100n * ONE * perMoney;
  return isInCoin(instrument)
    ? mulDivUnits(-lots * perTickLot * 2n, cost.rate, sum * part)
    : mulDivUnits(-lots * perTickLot * sum, cost.rate, 2n * part);
}
