/** The activities of backup and restore drill. Each may be tried again after its worker died. */
import { join } from 'node:path';
import { setAsideText } from '../../backup/accounts/set-aside.js';
import { backupIdAt, backupsFolder } from '../../backup/backup-folder.js';
import { compareWithLive, type DrillStep } from '../../backup/drill/drill-step.js';
import { runDrill } from '../../backup/drill/run-drill.js';
import { isWhole, sizeOf } from '../../backup/manifest.js';
import { partsOf } from '../../backup/offsite/archives.js';
import { pruneOffsite } from '../../backup/offsite/fetch-backup.js';
import { sendBackup } from '../../backup/offsite/send-backup.js';
import { type OffsitePlace, openOffsite, StorageRefused } from '../../backup/offsite/storage.js';
import type { PgConnection } from '../../backup/pg-programs.js';
import { lastMonths, newestBackupId, ownBackups, pruneBackups } from '../../backup/retention.js';
import { takeBackup } from '../../backup/take-backup.js';
import { backupRow, verifyBackup } from '../../backup/verify-backup.js';
import type { PartCode } from '../../checks/own-parts.js';
import type { BackupActivities } from '../../contracts/backup.js';
import type { StepResult } from '../../contracts/routine.js';
import { ownFiles } from '../../desk/own-strategies.js';
import type { Desk } from '../../desk/schema.js';
import { counted } from '../../domain/figure-text.js';
import type { Runtime } from '../../home/runtime.js';
import { markPruned, saveBackup, saveDrill } from '../../store/backup-rows.js';
import type { Pool } from '../../store/pool.js';
import { withHeartbeat } from '../worker-ends.js';

interface BackupDependencies {
  readonly pool: Pool;
  readonly runtime: Runtime;
  readonly desk: Pick<Desk, 'backup' | 'strategies' | 'coded'>;
  readonly deskText: string;
  readonly owner: () => PgConnection;
  readonly nowMs: () => number;
  /** Of the desk's own checks, reports and actions. */
  readonly partCode: PartCode;
}

const TAKE = {
  key: 'take',
  title: 'Backup taken',
  expected: 'database, accounts and desk file are written',
};
const VERIFY = {
  key: 'verify',
  title: 'Backup verified',
  expected: 'every file reads back as it was written',
};
const PRUNE = { key: 'prune', title: 'Old backups removed' };
const OBSERVED_MAX = 2_000;

export function createBackupActivities(dependencies: BackupDependencies): BackupActivities {
  const { pool, runtime, nowMs } = dependencies;
  return {
    takeBackup: (request) => take(dependencies, request),
    verifyBackup: (request) => verify(dependencies, request),
    pruneBackups: ({ desk, keep, days = null }) =>
      withHeartbeat(async () => {
        const gone = await pruneBackups(runtime.home, desk, { keep, days }, nowMs());
        await markPruned(pool, desk, gone);
        const observed = gone.length === 0 ? 'none was too old' : `${gone.length} removed`;
        const expected = `the newest ${keep} stay${days === null ? '' : `, for ${counted(days, 'day')}`}`;
        return { ...PRUNE, verdict: 'pass', observed, expected };
      }),
    sendBackup: (request) =>
      withHeartbeat(async (say, signal) => {
        const sent = await sendAway(dependencies, request, say, signal);
        return { ...sent, observed: cut(sent.observed) };
      }),
    restoreBackup: (request) => restore(dependencies, request),
    recordDrill: (drill) => saveDrill(pool, drill),
  };
}

function take(
  { runtime, desk, deskText, owner, nowMs, partCode }: BackupDependencies,
  { takenMs, tag = null }: Parameters<BackupActivities['takeBackup']>[0],
): ReturnType<BackupActivities['takeBackup']> {
  return withHeartbeat(async (say, signal) => {
    const id = backupIdAt(takenMs);
    const own = [...ownFiles(desk), ...(await partCode())];
    const taken = await takeBackup({
      ...{ id, tag, runtime, deskText, own, connection: owner(), nowMs },
      ...{ onPhase: say, signal },
    });
    if (!taken.ok) return { backupId: null, step: { ...TAKE, verdict: 'fail', observed: cut(taken.why) } };
    const { bytes, rows } = sizeOf(taken.manifest);
    const { journal, database } = taken.manifest;
    const observed = `${counted(rows, 'row')} in ${database.tables.length} tables, journal up to ${journal?.lastSequence ?? 0}, ${setAsideText(taken.manifest)}, ${bytes} bytes in backups/${id}`;
    // The backup of everything else is complete; a person must still check.
    const verdict = isWhole(taken.manifest) ? 'pass' : 'fail';
    return { backupId: id, step: { ...TAKE, verdict, observed: cut(observed) } };
  });
}

function verify(
  { runtime, pool, nowMs }: BackupDependencies,
  { backupId }: { readonly desk: string; readonly backupId: string },
): Promise<StepResult> {
  return withHeartbeat(async (_say, signal) => {
    const verification = await verifyBackup(join(backupsFolder(runtime.home), backupId), signal);
    if (!verification.ok)
      return { ...VERIFY, verdict: 'fail', observed: cut(verification.problems.join('; ')) };
    const { manifest } = verification.backup;
    const size = sizeOf(manifest);
    await saveBackup(pool, backupRow(verification.backup, nowMs()));
    const parts = partsOf(manifest).map(({ name, bytes }) => `${name}: valid, ${bytes} bytes`);
    const observed = `${counted(manifest.files.length, 'file')}, ${size.bytes} bytes, ${setAsideText(manifest)}; ${parts.join('; ')}`;
    return { ...VERIFY, verdict: 'pass', observed: cut(observed) };
  });
}

/** After a drill of last month's backup, also restores the newest one and compares it with the live desk. */
function restore(
  { runtime, pool, nowMs }: BackupDependencies,
  { desk, backupId, lastMonth = false }: Parameters<BackupActivities['restoreBackup']>[0],
): ReturnType<BackupActivities['restoreBackup']> {
  return withHeartbeat(async (say, signal) => {
    const newest = async (): Promise<string | null> =>
      lastMonth
        ? (lastMonths(await ownBackups(runtime.home, desk), nowMs())?.id ?? null)
        : newestBackupId(runtime.home, desk);
    const chosen = backupId ?? (await newest());
    if (chosen === null) {
      const step = { key: 'files', title: 'Files unchanged' } as const;
      const below = `below ${backupsFolder(runtime.home)}`;
      // A desk younger than that has nothing to restore.
      if (lastMonth) {
        const observed = `there is no backup of last month ${below}`;
        return {
          backupId: null,
          steps: [{ ...step, verdict: 'not_run', observed, expected: 'a backup of last month' }],
        };
      }
      const observed = `there is no backup ${below}: fermata backup --verify`;
      return { backupId: null, steps: [{ ...step, verdict: 'fail', observed, expected: 'a backup' }] };
    }
    const { home } = runtime;
    const { passed, steps } = await runDrill({ home, backupId: chosen, onStep: say, signal });
    const shown = steps.map(stepShown);
    if (!lastMonth || !passed) return { backupId: chosen, steps: shown };
    const current = await newestBackupId(home, desk);
    const back = await runDrill({
      ...{ home, backupId: current ?? chosen, signal },
      onStep: (title) => say(`${BACK}: ${title}`),
      compare: (manifest) => compareWithLive(pool, manifest),
    });
    const returned = back.steps.map((step) => {
      const { key, title, ...of } = stepShown(step);
      return { ...of, key: `current-${key}`, title: `${BACK}: ${title}` };
    });
    return { backupId: chosen, steps: [...shown, ...returned] };
  });
}

const BACK = 'Back to the current state';

const stepShown = ({ tookMs, observed, ...step }: DrillStep): StepResult => ({
  ...step,
  observed: cut(step.verdict === 'not_run' ? observed : `${observed} (${tookMs} ms)`),
});

/** Bounds a step's text, because it goes into the history of a workflow, which has limits. */
const cut = (text: string): string => text.slice(0, OBSERVED_MAX);

interface SendDependencies {
  readonly runtime: Pick<Runtime, 'home' | 'desk'>;
  readonly desk: Pick<Desk, 'backup'>;
  readonly nowMs: () => number;
}

const SEND = {
  key: 'send',
  title: 'Sent away from this machine',
  expected: 'a copy that reads back as it was sent',
} as const;

/** Rejects if another attempt may help: the storage doesn't answer, or the upload broke off. */
async function sendAway(
  { runtime, desk, nowMs }: SendDependencies,
  { backupId, keep, days }: Parameters<BackupActivities['sendBackup']>[0],
  say: (at: string) => void,
  signal: AbortSignal,
): Promise<StepResult> {
  let place: OffsitePlace | null = null;
  try {
    place = await openOffsite(runtime.home, { desk: runtime.desk, backup: desk.backup });
    if (place === null)
      return { ...SEND, verdict: 'not_run', observed: 'the desk file names no storage: set backup.s3' };
    const verification = await verifyBackup(join(backupsFolder(runtime.home), backupId), signal);
    if (!verification.ok) return { ...SEND, verdict: 'fail', observed: verification.problems.join('; ') };
    const { backup } = verification;
    const { archives } = await sendBackup(place, backup, { onArchive: say, signal });
    // Older copies stay while this backup is incomplete.
    const gone = isWhole(backup.manifest) ? await pruneOffsite(place, { keep, days }, nowMs()) : [];
    const shown = archives.map(({ name, bytes }) => `${name}: valid, ${bytes} bytes`);
    const observed = [...shown, ...(gone.length === 0 ? [] : [`${gone.length} older ones removed`])].join(
      '; ',
    );
    return { ...SEND, verdict: 'pass', observed };
  } catch (error) {
    if (error instanceof StorageRefused) return { ...SEND, verdict: 'fail', observed: error.message };
    throw error;
  } finally {
    place?.storage.close();
  }
}
