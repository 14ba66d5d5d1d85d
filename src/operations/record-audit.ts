/** An operation's own writes to Postgres: its audit entry, and the question for a missing reason. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../domain/message-of.js';
import { reasonOf } from '../domain/plain-text.js';
import { askWhy } from '../notify/notices.js';
import { type AuditEntry, appendAudit, tryAudit } from '../store/audit.js';
import type { Caller, EmergencyRequest, OperationContext, OperationResult } from './operation.js';

/** Somebody who takes risk can wait longer than somebody who stops a desk. */
const TRIED_MS = 10_000;

type Audited = Pick<AuditEntry, 'action' | 'parameters'>;

/**
 * Null if the audit trail can record what a person is about to do; otherwise why it is not done. For commands
 * that take risk or change the books. A command that stops the desk, or makes it safer, doesn't check this.
 */
export async function whyNotAudited(
  { pool, runtime }: Pick<OperationContext, 'pool' | 'runtime'>,
  { person, via }: Caller,
  entry: Audited,
): Promise<string | null> {
  const tried = tryAudit(pool, { desk: runtime.desk, person, via, ...entry, outcome: 'asked' }).then(
    () => null,
    (error: unknown) => messageOf(error),
  );
  const late = sleep(TRIED_MS, `no answer within ${TRIED_MS / 1000} s`, { ref: false });
  const why = await Promise.race([tried, late]);
  return why === null
    ? null
    : `Nothing was changed: it could not be written to the audit trail (Postgres: ${why}). Try again when Postgres answers; stop, close-all, switching a strategy off and a smaller position size work without it.`;
}

/** Writes the audit entry; adds a problem to the result if it is missing. Never rejects. */
export async function audited(
  context: Pick<OperationContext, 'pool' | 'runtime'>,
  caller: Caller,
  entry: Audited,
  result: OperationResult,
): Promise<OperationResult> {
  const problem = await recordAudit(context, caller, { ...entry, outcome: result.detail });
  return problem === null ? result : { ...result, problems: [...result.problems, problem] };
}

/** Null once written; otherwise what is, or may be, missing, in words. Never rejects. */
export async function recordAudit(
  { pool, runtime }: Pick<OperationContext, 'pool' | 'runtime'>,
  { person, via }: Caller,
  entry: Pick<AuditEntry, 'action' | 'parameters' | 'outcome' | 'idempotencyKey'>,
): Promise<string | null> {
  const writing = appendAudit(pool, { desk: runtime.desk, person, via, ...entry }).then(
    () => ({ problem: null }),
    (error: unknown) => ({ problem: `The audit entry was not written: Postgres: ${messageOf(error)}.` }),
  );
  const written = await writeInTime(writing);
  return written === null ? `The audit entry may be missing: ${NO_ANSWER}.` : written.problem;
}

/** Nobody waits longer than this; the write may still complete afterwards. */
const WRITE_MS = 1_000;

/** The message after `WRITE_MS`. Postgres may have written all the same. */
export const NO_ANSWER = `Postgres gave no answer within ${WRITE_MS} ms`;

/**
 * For writes to Postgres alongside an operation: nobody who stops a desk waits for them. Null if there is no
 * answer in time.
 */
export function writeInTime<T>(writing: Promise<T>): Promise<T | null> {
  // If this process was suspended, an answer that came meanwhile is read only in the turn after the timers.
  const late = sleep(WRITE_MS)
    .then(() => nextTurn())
    .then(() => null);
  return Promise.race([writing, late]);
}

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

/**
 * If a command came without a reason, creates a task that asks the person for one. Returns the outcome with
 * that task, or with why it is missing. Never rejects, because the command has been carried out.
 */
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
