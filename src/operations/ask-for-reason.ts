/** Neither closing nor trading again waits for a reason. Whoever gave none is asked for it afterwards, by a task. */
import { messageOf } from '../domain/message-of.js';
import { notify } from '../notify/notify.js';
import { taskNotice } from '../notify/task-notice.js';
import { openTask } from '../store/tasks.js';
import type { Caller, EmergencyRequest, OperationContext, OperationResult } from './operation.js';
import { NO_ANSWER, writeInTime } from './write-in-time.js';

export interface Unexplained {
  /** `closed all positions`. */
  readonly did: string;
  readonly commandId: string;
  readonly reason: EmergencyRequest['reason'];
}

const DUE_MS = 24 * 3_600_000;

/** The outcome with what came of asking. Never rejects: what was done is done. */
export async function askForReason(
  context: OperationContext,
  caller: Caller,
  unexplained: Unexplained,
  outcome: OperationResult,
): Promise<OperationResult> {
  if (unexplained.reason !== null || !outcome.ok) return outcome;
  const asking = ask(context, caller, unexplained).catch(messageOf);
  const asked = await writeInTime(asking);
  if (typeof asked === 'number')
    return { ...outcome, detail: `${outcome.detail}; no reason was given: task ${asked} asks for it` };
  const problem =
    asked === null
      ? `No reason was given, and nobody may have been asked for it: ${NO_ANSWER}.`
      : `No reason was given, and nobody could be asked for it: Postgres: ${asked}.`;
  return { ...outcome, problems: [...outcome.problems, problem] };
}

/** The task's number. The same command again is the same task. */
async function ask(
  { pool, desk, runtime, nowMs }: OperationContext,
  { person, via }: Caller,
  { did, commandId }: Unexplained,
): Promise<number> {
  const task = await openTask(pool, {
    desk: desk.desk,
    source: `reason:${commandId}`,
    title: `Say why ${person} ${did}`,
    detail: `${person} ${did} (${via}, ${new Date(nowMs()).toISOString()}) and gave no reason. The note of this task is kept as the reason.`,
    dueMs: nowMs() + DUE_MS,
  });
  if (task.state === 'open') await notify(pool, taskNotice(task), runtime.home);
  return task.id;
}
