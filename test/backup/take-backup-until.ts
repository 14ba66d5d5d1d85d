/** A process that takes a backup and is killed at the beginning of one phase. Arguments: request as JSON, phase. */
import { type BackupRequest, takeBackup } from '../../src/backup/take-backup.js';

const [request = '', phase = ''] = process.argv.slice(2);
await takeBackup({
  ...(JSON.parse(request) as Omit<BackupRequest, 'nowMs'>),
  nowMs: Date.now,
  onPhase: (begun) => {
    if (begun === phase) process.kill(process.pid, 'SIGKILL');
  },
});
process.exit(0);
