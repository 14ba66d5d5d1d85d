/** An error as an answer, in the four parts that a person needs. */
import type { ControlError } from '../../contracts/control.js';

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
