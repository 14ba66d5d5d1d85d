/**
 * A forged row in Postgres: it would make somebody a person, and none of our processes wrote it. Records
 * evidence and notifies people. One that came with a restore is told as that.
 */
import { type Notice, woken } from '../contracts/notice.js';
import type { Desk } from '../desk/schema.js';
import { messageOf } from '../domain/message-of.js';
import { isRestoredRow } from '../home/restore-mark.js';
import type { ForgedRow, OnForged } from '../store/access-rows.js';
import { recordEvidenceBatch } from '../store/evidence-rows.js';
import type { Pool } from '../store/pool.js';
import { notify } from './notify.js';

/** Beyond this number, more reports only make work: people know by then. */
const TOLD_MAX = 100;

interface ForgedRowContext {
  readonly desk: Pick<Desk, 'desk' | 'mode'>;
  readonly home: string;
  readonly pool: Pool;
  readonly nowMs: () => number;
  readonly log: (problem: string) => void;
}

/**
 * Reports each row once, and records it as evidence only once even across restarts. The notice goes first: to
 * a file if Postgres is down.
 */
export function forgedRowTeller(context: ForgedRowContext): OnForged {
  const told = new Set<string>();
  return (row) => {
    if (told.has(row.key) || told.size >= TOLD_MAX) return;
    told.add(row.key);
    context.log(
      isRestoredRow(context.home, row.key)
        ? `a ${row.what} of ${row.person} came with a restore, and its key is not here: it counts as absent`
        : `a ${row.what} of ${row.person} in Postgres was made by none of our processes: it counts as absent`,
    );
    tell(context, row).catch((error: unknown) => {
      told.delete(row.key);
      context.log(`what was said of a forged row could not be kept: ${messageOf(error)}`);
    });
  };
}

async function tell({ desk, home, pool, nowMs }: ForgedRowContext, row: ForgedRow): Promise<void> {
  const at = nowMs();
  const { what, person, key } = row;
  if (isRestoredRow(home, key)) {
    await notify(pool, restoredNotice(desk.desk, row), home);
    return;
  }
  await notify(pool, noticeOf(desk.desk, row), home);
  await recordEvidenceBatch(pool, [
    {
      desk: desk.desk,
      workflowId: `people:${desk.desk}`,
      firstRunId: key,
      runId: key,
      routine: 'people',
      stepKey: 'forged-row',
      name: `Forged ${what}`,
      kind: 'check',
      verdict: 'fail',
      observed: `Postgres holds a ${what} of ${person} without a right code of its maker; it counts as absent`,
      expected: 'each such row is made by the command line, the supervisor, the web role or the bot',
      startedMs: at,
      finishedMs: at,
      marketMs: null,
      person: null,
      reference: key,
      simulated: desk.mode === 'paper',
    },
  ]);
}

const restoredNotice = (desk: string, { what, person, key }: ForgedRow): Notice =>
  woken('forged-row', {
    desk,
    severity: 'warning',
    title: `A ${what} of ${person} is from before the restore, and no longer counts`,
    text: [
      'It came with the backup, and the key that it was made by is not on this machine: nobody forged it.',
      what === 'Telegram link'
        ? `Link anew: fermata telegram link ${person}. Other links and passkeys of before the restore don’t count either.`
        : `${person} registers a new passkey on the page. Other passkeys and links of before the restore don’t count either.`,
    ].join('\n'),
    fingerprint: `restored-row:${key}`,
  });

const noticeOf = (desk: string, { what, person, key }: ForgedRow): Notice =>
  woken('forged-row', {
    desk,
    title: `Somebody wrote into Postgres: a ${what} of ${person}`,
    text: [
      `It was made by none of our processes, counts as absent and lets nobody in.`,
      `Whoever wrote it can write the database: change the passwords of Postgres, look who reaches it, and read`,
      `docs/SECURITY.md. Where ${person} was linked before: fermata telegram unlink ${person}, then link anew.`,
    ].join('\n'),
    fingerprint: `forged-row:${key}`,
  });
