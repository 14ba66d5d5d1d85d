import { NO_PARAMETERS } from '../desk/step-parts.js';
import { lasted } from '../domain/figure-text.js';
import { readStatus } from '../trader/read-status.js';
import { report } from './report.js';
import { diskSizes, megabytes, storedSizes } from './sizes.js';

/** The trader's uptime and memory, the sizes of database, logs and backups, and how full the disk is. */
export const system = report(
  'Processes, disk and databases',
  NO_PARAMETERS,
  async ({ runtime, trader, pool }) => {
    const [status, { database, backups }, { logs, disk }] = await Promise.all([
      readStatus({ trader }),
      storedSizes(pool, runtime.home),
      diskSizes(runtime.home),
    ]);
    return [
      `trader up ${lasted(Date.now() - status.startedWallMs)}, ${megabytes(status.rssBytes)} of memory`,
      `database ${megabytes(database)}`,
      `logs ${megabytes(logs)}`,
      `backups ${megabytes(backups)}`,
      `disk ${megabytes(disk.whole - disk.free)} of ${megabytes(disk.whole)} used, ${megabytes(disk.free)} free`,
    ].join('; ');
  },
);
