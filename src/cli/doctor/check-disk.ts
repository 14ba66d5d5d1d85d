import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { freeBytes } from '../../supervisor/ballast.js';
import { type DoctorContext, type Finding, finding } from './finding.js';

const WARN_MB = 2048;
const FAIL_MB = 512;

export async function checkDisk({ home }: DoctorContext): Promise<Finding> {
  const freeMb = Math.floor((await freeBytes(nearestFolder(home))) / 1024 / 1024);
  return finding(
    'Disk',
    freeMb < FAIL_MB ? 'fail' : freeMb < WARN_MB ? 'warn' : 'pass',
    `${freeMb} MB free for ${home}`,
    `at least ${WARN_MB} MB`,
    'free some space, or point FERMATA_HOME at a larger disk',
  );
}

/** The nearest existing folder: the home itself may not exist before the first start. */
export function nearestFolder(path: string): string {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) {
    folder = dirname(folder);
  }
  return folder;
}
