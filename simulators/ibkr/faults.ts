/** Faults waiting to happen: each spoils a number of requests, or of messages that TWS sends. */
import { seededRandom } from '../random.js';

/** For a request. */
export type RequestEffect =
  /** It never arrives. */
  | { readonly kind: 'lose' }
  /** It is accepted, but nothing is ever sent about it. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'refuse'; readonly code: number; readonly text: string };

/** For a message to a client. */
export type AnswerEffect =
  | { readonly kind: 'lose' }
  | { readonly kind: 'double' }
  /** It comes `ms` milliseconds later, after what is sent meanwhile. */
  | { readonly kind: 'late'; readonly ms: number }
  /** It comes after the next message. */
  | { readonly kind: 'swap' }
  /** Its first half is sent, then the connection ends. */
  | { readonly kind: 'break' }
  /** It has one field too few. */
  | { readonly kind: 'short' }
  /** These fields have other values. */
  | { readonly kind: 'say'; readonly fields: Readonly<Record<string, string>> };

interface Which {
  /** Only for that client. */
  readonly clientId?: number;
  /** How many it spoils; by default 1. */
  readonly times?: number;
  /** How many pass unspoilt first. */
  readonly skip?: number;
  /** By default 1. */
  readonly probability?: number;
}
/** Chosen by the message's number in the protocol. */
export type Fault = Which &
  (
    | { readonly request: number; readonly effect: RequestEffect }
    | { readonly answer: number; readonly effect: AnswerEffect }
  );

interface Waiting {
  readonly fault: Fault;
  left: number;
  skip: number;
}

export class Faults {
  #waiting: Waiting[] = [];
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  get waiting(): readonly Fault[] {
    return this.#waiting.map(({ fault }) => fault);
  }

  add(fault: Fault): void {
    this.#waiting.push({ fault, left: fault.times ?? 1, skip: fault.skip ?? 0 });
  }

  clear(): void {
    this.#waiting = [];
  }

  ofRequest(clientId: number, id: number): RequestEffect | null {
    const fault = this.#take((one) => 'request' in one && one.request === id, clientId);
    return fault !== null && 'request' in fault ? fault.effect : null;
  }

  ofAnswer(clientId: number, id: number): AnswerEffect | null {
    const fault = this.#take((one) => 'answer' in one && one.answer === id, clientId);
    return fault !== null && 'answer' in fault ? fault.effect : null;
  }

  #take(fits: (fault: Fault) => boolean, clientId: number): Fault | null {
    for (const entry of this.#waiting) {
      const { fault } = entry;
      if (!fits(fault) || (fault.clientId !== undefined && fault.clientId !== clientId)) continue;
      if (entry.skip > 0) {
        entry.skip -= 1;
        continue;
      }
      if (this.#random() >= (fault.probability ?? 1)) continue;
      entry.left -= 1;
      if (entry.left <= 0) this.#waiting = this.#waiting.filter((one) => one !== entry);
      return fault;
    }
    return null;
  }
}

const REQUEST_EFFECTS = ['lose', 'silence', 'refuse'];
const ANSWER_EFFECTS = ['lose', 'double', 'late', 'swap', 'break', 'short', 'say'];

/** From the control endpoint. Throws with what is wrong with it. */
export function readFault(body: Record<string, unknown>): Fault {
  const { request, answer, effect } = body;
  const ofRequest = typeof request === 'number';
  if (ofRequest === (typeof answer === 'number'))
    throw new Error('expected "request" or "answer" as a number of the protocol');
  const { kind, ms, code, text, fields } = (effect ?? {}) as Record<string, unknown>;
  const kinds = ofRequest ? REQUEST_EFFECTS : ANSWER_EFFECTS;
  if (typeof kind !== 'string' || !kinds.includes(kind))
    throw new Error(`expected "effect" with "kind" as one of ${kinds.join(', ')}`);
  if (kind === 'late' && typeof ms !== 'number') throw new Error('expected "ms" as a number');
  if (kind === 'refuse' && (typeof code !== 'number' || typeof text !== 'string'))
    throw new Error('expected "code" and "text"');
  if (kind === 'say' && (fields === null || typeof fields !== 'object'))
    throw new Error('expected "fields" as an object');
  for (const name of ['clientId', 'times', 'skip', 'probability'])
    if (body[name] !== undefined && typeof body[name] !== 'number')
      throw new Error(`expected "${name}" as a number`);
  return body as unknown as Fault;
}
