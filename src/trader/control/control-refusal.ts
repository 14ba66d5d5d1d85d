/** An error as an answer, in the four parts that a reader needs. */
import type { ControlError } from '../../contracts/control.js';
import { messageOf } from '../../domain/message-of.js';

export class ControlRefusal extends Error {
  override readonly name = 'ControlRefusal';
  constructor(readonly answer: ControlError) {
    super(answer.message);
  }
}

export function badRequest(message: string): ControlRefusal {
  return new ControlRefusal({
    code: 'bad-request',
    message,
    keptSafe: 'Nothing was changed.',
    doThis: 'Correct the request; the form of each method is in src/contracts/control.ts.',
  });
}

export function tooManyRequests(underWayMax: number): ControlRefusal {
  return new ControlRefusal({
    code: 'busy',
    message: `more than ${underWayMax} requests are under way on this connection`,
    keptSafe: 'Nothing was changed. Stop, close-all, kill and status are always taken.',
    doThis: 'Wait for an answer before the next request.',
  });
}

export function neverStarted(cause: unknown): ControlRefusal {
  return new ControlRefusal({
    code: 'not-started',
    message: `the trader did not start: ${messageOf(cause)}`,
    keptSafe: 'It has sent no order. Resting stops at the venue are untouched.',
    doThis: 'Put the cause right, then start again (fermata up).',
  });
}

export function stillStarting(): ControlRefusal {
  return new ControlRefusal({
    code: 'starting',
    message: 'the trader is replaying its journal',
    keptSafe: 'Nothing was changed.',
    doThis: 'Ask again in a second.',
  });
}

export function aheadOfJournal(lastSequence: number, fromSequence: number): ControlRefusal {
  return new ControlRefusal({
    code: 'ahead-of-journal',
    message: `the journal ends at ${lastSequence}, entries from ${fromSequence} on were asked for`,
    keptSafe: 'Nothing was changed.',
    doThis:
      'The journal was replaced or restored: compare incarnation and hash, and read it from the beginning.',
  });
}

export function diskFull(freeMb: number, neededMb: number): ControlRefusal {
  return new ControlRefusal({
    code: 'no-room',
    message: `the disk of FERMATA_HOME is full: ${freeMb} MB are free there, and trading begins with at least ${neededMb} MB`,
    keptSafe: 'The desk stays halted; positions and their stops are not touched.',
    doThis: 'Free some space there, then ask again; fermata doctor shows how much is free.',
  });
}

export function unknownSymbol(symbol: string): ControlRefusal {
  return new ControlRefusal({
    code: 'unknown-symbol',
    message: `${symbol} is no instrument of this desk`,
    keptSafe: 'Nothing was changed.',
    doThis: 'Ask for a symbol of the desk file.',
  });
}

/** Anything that was thrown, as the answer to a request. */
export function answerOf(error: unknown): ControlError {
  if (error instanceof ControlRefusal) return error.answer;
  return {
    code: 'internal',
    message: messageOf(error),
    keptSafe: 'Positions and their stops were not touched by this request.',
    doThis: 'Look at the trader log; if in doubt, send stop.',
  };
}
