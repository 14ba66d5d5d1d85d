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

export interface Reader {
  /** Throws `VenueUnavailable`. */
  read<T>(request: ReadingRequest<T>): Promise<T>;
  /** For unsolicited messages. True if `work` believed it. */
  judge(what: string, work: () => void): boolean;
  /** Records an answer that could not be believed. */
  note(what: string, cause: string): void;
  readonly refused: readonly RefusedAnswer[];
}

const REFUSED_KEPT = 200;

export function createReader(
  requests: Requests,
  nowMs: () => number,
  onRefused: (answer: RefusedAnswer) => void,
  /** Called for an amount between the known steps: the exchange may have made them finer. */
  onBetweenSteps: () => void,
): Reader {
  const refused: RefusedAnswer[] = [];

  function note(what: string, cause: string): void {
    const answer = { atMs: nowMs(), what, cause };
    refused.push(answer);
    if (refused.length > REFUSED_KEPT) refused.shift();
    onRefused(answer);
  }

  return {
    refused,
    note,
    async read({ name, weight, urgency, send, decode, unlisted }) {
      const answer = await requests.ask({ name, weight, urgency, safeToRepeat: true, send });
      if (unlisted !== undefined && answer.kind === 'refused' && answer.code === INVALID_SYMBOL)
        return unlisted;
      if (isKeyRefused(answer)) throw new KeyRefused(`${name}: ${whyNot(answer)}`);
      if (answer.kind !== 'answered') throw new VenueUnavailable(`${name}: ${whyNot(answer)}`);
      try {
        return decode(answer.body);
      } catch (error) {
        if (!(error instanceof Unbelievable)) throw error;
        if (error instanceof BetweenSteps) onBetweenSteps();
        note(name, error.message);
        throw new VenueUnavailable(`${name}: ${error.message}; the answer was not used`);
      }
    },
    judge(what, work) {
      try {
        work();
        return true;
      } catch (error) {
        if (!(error instanceof Unbelievable)) throw error;
        if (error instanceof BetweenSteps) onBetweenSteps();
        note(what, error.message);
        return false;
      }
    },
  };
}
