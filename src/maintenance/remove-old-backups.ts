import { existsSync } from 'node:fs';
import { backupsFolder } from '../backup/backup-folder.js';
import { ownBackups } from '../backup/own-backups.js';
import { pruneBackups } from '../backup/prune-backups.js';
import { expiredBackups } from '../backup/retention.js';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import { markPruned } from '../store/backups.js';
import { maintenance } from './maintenance.js';

/** By the desk file's `backup.keep` and `backup.days`, which each new backup applies as well: also where none is taken any more. */
export const removeOldBackups = maintenance(NO_PARAMETERS, async ({ runtime, desk, pool }) => {
  const { keep, days = null } = desk.backup;
  const { home } = runtime;
  const expected = `none is older than ${days === null ? `the newest ${keep}` : `${days} days`}`;
  if (!existsSync(backupsFolder(home)))
    return { verdict: 'not_run', observed: 'no backup was taken here yet', expected };
  const gone = await pruneBackups(home, desk.desk, { keep, days }, Date.now());
  await markPruned(pool, desk.desk, gone);
  const left = expiredBackups(await ownBackups(home, desk.desk), { keep, days }, Date.now());
  if (left.length > 0) return { verdict: 'fail', observed: `still there: ${left.join(', ')}`, expected };
  return {
    verdict: 'pass',
    observed: gone.length === 0 ? 'none was too old' : `removed: ${gone.join(', ')}`,
    expected,
  };
});
