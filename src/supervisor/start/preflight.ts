/** What must hold before anything is started: one clear error instead of a partial start. */
import { readRestoreMark } from '../../home/restore-mark.js';
import { freeBytes } from '../ballast.js';
import { portIsFree } from '../free-port.js';
import { StartFailure } from './start-failure.js';

const FREE_MB_MIN = 256;
const NODE_MINIMUM = [20, 19] as const;
const MEGABYTE = 1024 * 1024;

/** Throws StartFailure. */
export async function preflight(home: string, web: { host: string; port: number }): Promise<void> {
  checkNode(process.versions.node);
  checkRestore(home);
  await checkDisk(home);
  await checkPort(web);
}

function checkNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [needMajor, needMinor] = NODE_MINIMUM;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  throw new StartFailure(
    `Node ${version} is too old`,
    `install Node ${needMajor}.${needMinor} or newer`,
    'nothing was started',
  );
}

function checkRestore(home: string): void {
  const mark = readRestoreMark(home);
  if (mark === null) return;
  throw new StartFailure(
    `the restore of backup ${mark.backupId} was cut off while it put things in their places`,
    `let it come to its end first: fermata restore ${mark.backupId} --confirm ${mark.desk}`,
    'nothing was started; what was there before is kept, and so is the backup',
  );
}

async function checkDisk(home: string): Promise<void> {
  const free = Math.floor((await freeBytes(home)) / MEGABYTE);
  if (free >= FREE_MB_MIN) return;
  throw new StartFailure(
    `only ${free} MB are free where FERMATA_HOME lies (${home}), and ${FREE_MB_MIN} MB are needed to begin`,
    'free some space there, or set FERMATA_HOME to another disk',
    'nothing was started',
  );
}

async function checkPort({ host, port }: { host: string; port: number }): Promise<void> {
  if (port === 0 || (await portIsFree(port, host))) return;
  throw new StartFailure(
    `port ${port} on ${host} is taken by another program`,
    `end that program, or take another port, 0 for any free one: fermata up --port 0 (or change api.port in the desk file)`,
    'nothing was started',
  );
}
