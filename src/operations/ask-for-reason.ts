/** If a command came without a reason, the person is asked for one afterwards, and hears in which task. */
import { messageOf } from '../domain/message-of.js';
import { reasonOf } from '../domain/no-reason.js';
import { askWhy } from '../notify/notices.js';
import type { Caller, EmergencyRequest, OperationContext, OperationResult } from './operation.js';
import { NO_ANSWER, writeInTime } from './record-audit.js';

export interface Unexplained {
  /** In the past tense, for example `closed all positions`. */
  readonly did: string;
  readonly commandId: string;
  readonly reason: EmergencyRequest['reason'];
}

interface Place extends Pick<OperationContext, 'pool' | 'nowMs'> {
  readonly desk: { readonly desk: string };
  readonly runtime: { readonly home: string };
}

type Outcome = Pick<OperationResult, 'ok' | 'detail' | 'problems'>;

/** The outcome, with the result of asking added. Never rejects, because the command has been carried out. */
export async function askForReason<T extends Outcome>(
  { pool, desk, runtime, nowMs }: Place,
  { person, via }: Caller,
  { did, commandId, reason }: Unexplained,
  outcome: T,
): Promise<T> {
  if (reasonOf(reason) !== null || !outcome.ok) return outcome;
  const unexplained = { desk: desk.desk, person, via, did, commandId, atMs: nowMs() };
  const asking = askWhy(pool, runtime.home, unexplained).then(({ id }) => id, messageOf);
  const asked = await writeInTime(asking);
  if (typeof asked === 'number')
    return { ...outcome, detail: `${outcome.detail}; no reason was given: task ${asked} asks for it` };
  const problem =
    asked === null
      ? `No reason was given, and nobody may have been asked for it: ${NO_ANSWER}.`
      : `No reason was given, and nobody could be asked for it: Postgres: ${asked}.`;
  return { ...outcome, problems: [...outcome.problems, problem] };
}
