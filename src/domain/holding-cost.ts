/**
 * What it costs, or brings, to hold a contract over time: funding of a perpetual, swap of a currency pair. Amounts are
 * signed as the account sees them: negative is paid.
 */
import { scalesFor, stepsOf } from './book-steps.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, minuteOfDay, type Weekday, weekdayOf } from './civil-date.js';
import type { Instrument } from './instrument.js';
import { mulDivUnits, parseUnits, type Units } from './money.js';
import { utcOfLocal, type ZoneOffset } from './trading-day.js';
import { convertedUnits, isInCoin } from './value.js';

/** Every so many hours from midnight UTC on, long positions pay this part of their worth to short ones. */
interface Funding {
  readonly kind: 'funding';
  /** Percent, in units of 1e-6. */
  readonly rate: Units;
  readonly everyMs: number;
}

/** Each night that begins on a weekday counts one, that of `tripleOn` three: the weekend is settled with it. */
interface Swap {
  readonly kind: 'swap';
  /** What a lot of the broker brings a night, in units of 1e-6 pips. */
  readonly long: Units;
  readonly short: Units;
  /** When a night begins, on the clocks of the zone. */
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

/** Left out in the desk file. */
export const ROLLOVER = '17:00';
export const NEW_YORK = 'America/New_York';
export const TRIPLE_ON = 'wed';

/** Null: nothing is declared, and nothing is charged. */
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

/** When what is held is charged next, and for how many nights. */
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

/** In money units of the account, rounded half away from zero. Null: the price that it takes is not known. */
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
  // Twice the middle of the quote, and hundredths of the rate.
  const sum = BigInt(held.quote.bidTicks + held.quote.askTicks);
  const part = 100n * ONE * perMoney;
  return isInCoin(instrument)
    ? mulDivUnits(-lots * perTickLot * 2n, cost.rate, sum * part)
    : mulDivUnits(-lots * perTickLot * sum, cost.rate, 2n * part);
}
