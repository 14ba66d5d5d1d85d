/** A process that restores a backup, as it is built, and is killed once a thing was moved. Arguments: home, backup id, what. */
import { restoreDesk } from '../../dist/backup/restore/restore-desk.js';

const [home, backupId, until] = process.argv.slice(2);
const { passed } = await restoreDesk({
  ...{ home, backupId, by: 'anna', nowMs: Date.now },
  onMove: (moved) => {
    if (moved === until) process.kill(process.pid, 'SIGKILL');
  },
});
process.exit(passed ? 0 : 1);
