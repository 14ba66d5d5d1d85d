/**
 * The simulated price, minute by minute: regimes, a daily pattern of activity, a shock shared by all
 * instruments, jumps, and a weak pull that keeps prices near their start for decades.
 * Doubles are used only with + − × ÷, which IEEE 754 defines exactly: the same seed gives the same prices
 * everywhere.
 */
import { MINUTE_MS } from '../../domain/civil-date.js';

/** Trading starts here unless a position was saved: 2025-01-06T00:00:00Z, a Monday. */
export const SIMULATION_START_MS = 1_736_121_600_000;
/** Prices begin 28 days earlier, for the warm-up of strategies. */
export const SIMULATION_FIRST_MINUTE = (SIMULATION_START_MS - 28 * 86_400_000) / MINUTE_MS;

/**
 * Changing this number changes every simulated price. Anything else that changes prices must change it too,
 * since saved positions carry it. Chosen so that with the default seed 7 the averages of the crypto desk (EMA
 * 60 and 180) cross upwards on ETH half an hour after the start, and EMA 5 and 13 on both a little before.
 */
export const SIMULATION_SERIES = 303;
const SERIES = `fermata-${SIMULATION_SERIES}:`;

export type Regime = 'trendUp' | 'trendDown' | 'range' | 'volatile';

/** `drift` in standard deviations per minute, `volatility` as a factor, `pull` back to where the regime began. */
const REGIMES: Readonly<Record<Regime, { drift: number; volatility: number; pull: number }>> = {
  trendUp: { drift: 0.08, volatility: 1, pull: 0 },
  trendDown: { drift: -0.08, volatility: 1, pull: 0 },
  range: { drift: 0, volatility: 0.7, pull: 0.03 },
  volatile: { drift: 0, volatility: 2.2, pull: 0 },
};

/** Activity by hour UTC: quiet at night, busiest while Europe and the US overlap. */
const ACTIVITY = [
  0.8, 0.75, 0.7, 0.65, 0.65, 0.7, 0.8, 0.95, 1.05, 1.05, 1, 1, 1.1, 1.35, 1.5, 1.45, 1.3, 1.15, 1.05, 1,
  0.95, 0.9, 0.85, 0.8,
] as const;

/** Standard deviation of a minute's return at activity 1. */
const SIGMA = 0.0004;
const RETURN_MAX = 0.05;
const JUMP_CHANCE = 0.001;
const HOME_PULL = 0.000002;
const REGIME_MINUTES_MIN = 60;
const REGIME_MINUTES_SPAN = 240;

/** Numbers of a minute's random streams. */
const STREAM = { regime: 0, length: 1, shared: 2, own: 3, jump: 4, jumpSize: 5 } as const;

/** Factor on the standard deviation at this minute of the day, interpolated between full hours. */
export function activityAt(minute: number): number {
  const ofDay = ((minute % 1440) + 1440) % 1440;
  const hour = Math.floor(ofDay / 60);
  const from = ACTIVITY[hour] as number;
  const to = ACTIVITY[(hour + 1) % 24] as number;
  return from + ((to - from) * (ofDay % 60)) / 60;
}

/**
 * Walks forward only; about 0.1 microseconds per step, so a year takes some 60 ms. `price` is relative and begins at
 * 1.
 */
export class PriceWalk {
  /** The minute that the next `step` simulates; `price` is its opening price. */
  minute = SIMULATION_FIRST_MINUTE;
  price = 1;
  regime: Regime = 'range';
  /** Standard deviation of the last minute's return. */
  sigma = SIGMA;
  #regimeLeft = 0;
  #anchor = 1;
  readonly #key: number;
  readonly #sharedKey: number;

  constructor(seed: number, symbol: string) {
    this.#key = streamKey(seed, SERIES + symbol);
    this.#sharedKey = streamKey(seed, `${SERIES}market`);
  }

  /** Simulates one minute; afterwards `price` is its closing price. */
  step(): void {
    if (this.#regimeLeft === 0) this.#changeRegime();
    this.#regimeLeft -= 1;
    const { drift, volatility, pull } = REGIMES[this.regime];
    this.sigma = SIGMA * volatility * activityAt(this.minute);
    const shock =
      0.6 * bell(this.#sharedKey, this.minute, STREAM.shared) +
      0.8 * bell(this.#key, this.minute, STREAM.own);
    const toAnchor = ((this.#anchor - this.price) / this.price) * pull;
    const toHome = ((1 - this.price) / Math.max(1, this.price)) * HOME_PULL;
    const change = this.sigma * (drift + shock + this.#jump()) + toAnchor + toHome;
    this.price *= 1 + Math.min(RETURN_MAX, Math.max(-RETURN_MAX, change));
    this.minute += 1;
  }

  #changeRegime(): void {
    const pick = uniform(this.#key, this.minute, STREAM.regime);
    if (pick < 0.27) this.regime = 'trendUp';
    else if (pick < 0.54) this.regime = 'trendDown';
    else if (pick < 0.85) this.regime = 'range';
    else this.regime = 'volatile';
    this.#regimeLeft =
      REGIME_MINUTES_MIN + (draw(this.#key, this.minute, STREAM.length) % REGIME_MINUTES_SPAN);
    this.#anchor = this.price;
  }

  /** Size of a jump in standard deviations, mostly 0. */
  #jump(): number {
    if (uniform(this.#key, this.minute, STREAM.jump) >= JUMP_CHANCE) return 0;
    const size = draw(this.#key, this.minute, STREAM.jumpSize);
    return (size & 1 ? 1 : -1) * (5 + (size >>> 28));
  }
}

/** Finaliser of a 32-bit hash (two multiply-xorshift rounds): every input bit affects every output bit. */
function finalise(value: number): number {
  let hash = value | 0;
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x7feb352d);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x846ca68b);
  hash ^= hash >>> 16;
  return hash >>> 0;
}

/** 32 random bits, which depend only on (key, counter, stream), not on earlier draws. */
export function draw(key: number, counter: number, stream: number): number {
  const mixed = finalise(key + Math.imul(counter, 0x9e3779b1));
  return finalise(mixed + Math.imul(stream + 1, 0x85ebca77));
}

/** Uniform in [0, 1). */
export function uniform(key: number, counter: number, stream: number): number {
  return draw(key, counter, stream) / 4_294_967_296;
}

const SQRT_3 = 1.7320508075688772;

/**
 * Bell-shaped with mean 0 and variance 1: the sum of four uniforms (Irwin-Hall), within ±3.47. Uses only
 * additions and multiplications, so every machine produces the same bits.
 */
export function bell(key: number, counter: number, stream: number): number {
  const first = draw(key, counter, stream);
  const second = draw(key, counter, stream + 0x10000);
  const sum = (first & 0xffff) + (first >>> 16) + (second & 0xffff) + (second >>> 16);
  return (sum / 65_536 - 1.999969482421875) * SQRT_3;
}

/** Key of one random sequence, from seed and name. */
export function streamKey(seed: number, name: string): number {
  let hash = finalise(seed ^ Math.floor(seed / 4_294_967_296));
  for (let index = 0; index < name.length; index += 1) hash = finalise(hash + name.charCodeAt(index));
  return hash;
}
