/** Faults waiting to happen: each matches requests and spoils a number of their answers. */
import { seededRandom } from '../random.js';

export type FaultEffect =
  /** Answers with this instead. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A web page with status 200. */
  | { readonly kind: 'html' }
  /** The first half of the true answer. */
  | { readonly kind: 'truncate' }
  /** The first half of the true answer, then nothing for `forMs`. */
  | { readonly kind: 'stall'; readonly forMs?: number }
  /** No answer at all; the connection ends after `forMs` (by default 60 s). */
  | { readonly kind: 'hang'; readonly forMs?: number }
  /** The connection breaks. */
  | { readonly kind: 'drop' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** The true answer with other values in the fields of this name, at any depth. */
  | {
      readonly kind: 'rewrite';
      readonly set?: Readonly<Record<string, unknown>>;
      readonly scale?: Readonly<Record<string, number>>;
    };

export interface Fault {
  /** `GET`, `POST`, `DELETE` or `WS`; absent: any. */
  readonly method?: string;
  /** REST path or WebSocket method, exact or a prefix ending in `*`; absent: any. */
  readonly path?: string;
  /** How many requests it spoils; by default 1. */
  readonly times?: number;
  /** How many matching requests pass unspoilt first. */
  readonly skip?: number;
  /** Probability that a matching request is spoilt; by default 1. */
  readonly probability?: number;
  /** The request takes effect; only its answer is spoilt. */
  readonly applyFirst?: boolean;
  readonly effect: FaultEffect;
}

const FAULTS_MAX = 1000;

export class Faults {
  #waiting: { fault: Fault; left: number; skip: number }[] = [];
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  add(fault: Fault): void {
    if (this.#waiting.length >= FAULTS_MAX) throw new RangeError(`at most ${FAULTS_MAX} faults can wait`);
    this.#waiting.push({ fault, left: fault.times ?? 1, skip: fault.skip ?? 0 });
  }

  clear(): void {
    this.#waiting = [];
  }

  get waiting(): readonly Fault[] {
    return this.#waiting.map(({ fault }) => fault);
  }

  take(method: string, path: string): Fault | null {
    for (const entry of this.#waiting) {
      if (!matches(entry.fault, method, path)) continue;
      if (entry.skip > 0) {
        entry.skip -= 1;
        continue;
      }
      if (this.#random() >= (entry.fault.probability ?? 1)) continue;
      entry.left -= 1;
      if (entry.left <= 0) this.#waiting = this.#waiting.filter((one) => one !== entry);
      return entry.fault;
    }
    return null;
  }
}

function matches(fault: Fault, method: string, path: string): boolean {
  if (fault.method !== undefined && fault.method !== method) return false;
  if (fault.path === undefined) return true;
  return fault.path.endsWith('*') ? path.startsWith(fault.path.slice(0, -1)) : path === fault.path;
}

/** A copy of the answer with the fields of these names set or multiplied, at any depth. */
export function rewritten(answer: unknown, effect: Extract<FaultEffect, { kind: 'rewrite' }>): unknown {
  if (Array.isArray(answer)) return answer.map((one) => rewritten(one, effect));
  if (answer === null || typeof answer !== 'object') return answer;
  return Object.fromEntries(
    Object.entries(answer).map(([name, value]) => {
      if (effect.set !== undefined && name in effect.set) return [name, effect.set[name]];
      const factor = effect.scale?.[name];
      if (factor !== undefined) return [name, String(Number(value) * factor)];
      return [name, rewritten(value, effect)];
    }),
  );
}
