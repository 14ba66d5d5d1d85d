/**
 * Readings of the venue that either succeed or say why not. An answer that can't be believed is recorded and never
 * used.
 */
import type { RefusedAnswer } from '../definition.js';
import { VenueUnavailable } from '../port.js';
import type { Urgency } from '../rate-budget.js';
import { BetweenSteps, Unbelievable } from './decode.js';
import type { CcxtBinance } from './exchange.js';
import { INVALID_SYMBOL, isKeyRefused, whyNot } from './outcomes.js';
import type { Requests } from './requests.js';

interface ReadingRequest<T> {
  readonly name: string;
  readonly weight: number;
  readonly urgency: Urgency;
  readonly send: (ccxt: CcxtBinance) => Promise<unknown>;
  /** Throws `Unbelievable`. */
  readonly decode: (body: unknown) => T;
  /** The result if the exchange does not know a symbol; if absent, that is a failure like any other. */
  readonly unlisted?: T;
}

/** The venue answered, and takes nothing that is signed with this key. */
export class KeyRefused extends VenueUnavailable {}

const REFUSED_KEPT = 200;

export class Reader {
  readonly #refused: RefusedAnswer[] = [];

  /** `onBetweenSteps`: called for an amount between the known steps: the exchange may have made them finer. */
  constructor(
    private readonly requests: Requests,
    private readonly nowMs: () => number,
    private readonly onRefused: (answer: RefusedAnswer) => void,
    private readonly onBetweenSteps: () => void,
  ) {}

  get refused(): readonly RefusedAnswer[] {
    return this.#refused;
  }

  /** Throws `VenueUnavailable`. */
  async read<T>({ name, weight, urgency, send, decode, unlisted }: ReadingRequest<T>): Promise<T> {
    const answer = await this.requests.ask({ name, weight, urgency, safeToRepeat: true, send });
    if (unlisted !== undefined && answer.kind === 'refused' && answer.code === INVALID_SYMBOL)
      return unlisted;
    if (isKeyRefused(answer)) throw new KeyRefused(`${name}: ${whyNot(answer)}`);
    if (answer.kind !== 'answered') throw new VenueUnavailable(`${name}: ${whyNot(answer)}`);
    try {
      return decode(answer.body);
    } catch (error) {
      const { message } = this.#unbelievable(name, error);
      throw new VenueUnavailable(`${name}: ${message}; the answer was not used`);
    }
  }

  /** For unsolicited messages. True if `work` believed it. */
  judge(what: string, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#unbelievable(what, error);
      return false;
    }
  }

  /** Records an answer that could not be believed. */
  note(what: string, cause: string): void {
    const answer = { atMs: this.nowMs(), what, cause };
    this.#refused.push(answer);
    if (this.#refused.length > REFUSED_KEPT) this.#refused.shift();
    this.onRefused(answer);
  }

  /** Notes what could not be believed; throws any other error. */
  #unbelievable(what: string, error: unknown): Unbelievable {
    if (!(error instanceof Unbelievable)) throw error;
    if (error instanceof BetweenSteps) this.onBetweenSteps();
    this.note(what, error.message);
    return error;
  }
}
