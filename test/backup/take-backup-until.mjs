/** A process that takes a backup, as it is built, and is killed at the beginning of one phase. Arguments: request as JSON, phase. */
import { takeBackup } from '../../dist/backup/take-backup.js';

const [request, phase] = process.argv.slice(2);
await takeBackup({
  ...JSON.parse(request),
  nowMs: Date.now,
  onPhase: (begun) => {
    if (begun === phase) process.kill(process.pid, 'SIGKILL');
  },
});
process.exit(0);
