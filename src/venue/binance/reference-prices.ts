/**
 * The approximate price of each instrument: the last bids read, to notice a price that is off by a factor.
 */
import { Unbelievable } from './decode.js';
import type { BinanceMarket } from './market.js';

interface Bid {
  readonly bidTicks: number;
  readonly atMs: number;
}

interface Known {
  last: Bid;
  /** The bid before the price jumped: executions from before the jump may be read later. */
  before: Bid | null;
  /** The first reading of a bid that is off and not believed yet. */
  doubt: Bid | null;
}

const FACTOR_MAX = 3;
const AGE_MS_MAX = 3_600_000;
/** A bid that is off is believed once readings have agreed on it for this long. */
const BELIEVED_AFTER_MS = 2000;
/** How far apart two readings may be to agree, in percent. */
const AGREE_PCT = 20;

export class ReferencePrices {
  readonly #prices = new Map<number, Known>();

  /**
   * Throws `Unbelievable` if the bid is off by more than a factor from one read within the hour, until several
   * readings have agreed on it for a while: then the price did jump.
   */
  set(market: BinanceMarket, bidTicks: number, nowMs: number): void {
    const now = { bidTicks, atMs: nowMs };
    const known = this.#prices.get(market.instrument.id);
    if (known === undefined || isOld(known.last, nowMs)) {
      this.#prices.set(market.instrument.id, { last: now, before: null, doubt: null });
      return;
    }
    if (!isOff(bidTicks, known.last)) {
      known.last = now;
      known.doubt = null;
      return;
    }
    const { doubt } = known;
    if (doubt === null || isOld(doubt, nowMs) || !agrees(bidTicks, doubt)) {
      known.doubt = now;
    } else if (nowMs - doubt.atMs >= BELIEVED_AFTER_MS) {
      known.before = known.last;
      known.last = now;
      known.doubt = null;
      return;
    }
    throw new Unbelievable(`${market.symbol}: a bid more than ${FACTOR_MAX} times off the last one`);
  }

  /** 0 before the first reading. */
  bidTicks(market: BinanceMarket): number {
    return this.#prices.get(market.instrument.id)?.last.bidTicks ?? 0;
  }

  /** Throws `Unbelievable` for a recent price that is off by more than a factor. */
  check(market: BinanceMarket, priceTicks: number, atMs: number, nowMs: number): void {
    const known = this.#prices.get(market.instrument.id);
    if (known === undefined || nowMs - atMs > AGE_MS_MAX) return;
    // Around a jump, executions from before, during and after it are read in any order.
    const recent = [known.last, known.before, known.doubt].filter(
      (bid): bid is Bid => bid !== null && !isOld(bid, nowMs),
    );
    if (recent.length === 0) return;
    const bids = recent.map(({ bidTicks }) => bidTicks);
    const [lowest, highest] = [Math.min(...bids), Math.max(...bids)];
    if (priceTicks * FACTOR_MAX < lowest || priceTicks > highest * FACTOR_MAX) {
      throw new Unbelievable(
        `${market.symbol}: an execution at more than ${FACTOR_MAX} times off the market`,
      );
    }
  }
}

function isOff(priceTicks: number, { bidTicks }: Bid): boolean {
  return priceTicks > bidTicks * FACTOR_MAX || priceTicks * FACTOR_MAX < bidTicks;
}

function agrees(priceTicks: number, { bidTicks }: Bid): boolean {
  return Math.abs(priceTicks - bidTicks) * 100 <= bidTicks * AGREE_PCT;
}

function isOld({ atMs }: Bid, nowMs: number): boolean {
  return nowMs - atMs > AGE_MS_MAX;
}
