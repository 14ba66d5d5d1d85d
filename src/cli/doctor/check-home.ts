import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { homePaths } from '../../home/runtime.js';
import { nearestFolder } from './check-disk.js';
import { type DoctorContext, type Finding, finding } from './finding.js';

/** Longer paths of Unix sockets are silently truncated, so that two desks could share one. */
const SOCKET_PATH_BYTES_MAX = 103;
const SOCKET_NAME_BYTES = 20;

/** File modes protect the secrets, and the trader listens on a Unix socket: both have to work where the home is. */
export async function checkHome({ home }: DoctorContext): Promise<Finding> {
  const expected = 'file modes are kept, and Unix sockets can be made';
  const advice = 'point FERMATA_HOME at a folder of this system’s own disk (in WSL2 not below /mnt/c)';
  const paths = homePaths(home);
  if (Buffer.byteLength(paths.sockets) + SOCKET_NAME_BYTES > SOCKET_PATH_BYTES_MAX) {
    const observed = `the path for sockets is too long: ${paths.sockets}`;
    return finding('FERMATA_HOME', 'fail', observed, expected, 'set XDG_RUNTIME_DIR to a shorter folder');
  }
  let probe: string | null = null;
  try {
    probe = await mkdtemp(join(nearestFolder(paths.home), '.fermata-probe-'));
    await chmod(probe, 0o700);
    const mode = (await stat(probe)).mode & 0o777;
    const observed = `${paths.home}: mode ${mode.toString(8)}, ${await homeMode(paths.home)}`;
    await tryListen(join(nearestFolder(paths.sockets), `fermata-probe-${process.pid}.sock`));
    return finding('FERMATA_HOME', mode === 0o700 ? 'pass' : 'fail', observed, expected, advice);
  } catch (error) {
    const observed = `${paths.home}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
    return finding('FERMATA_HOME', 'fail', observed, expected, advice);
  } finally {
    if (probe !== null) {
      await rm(probe, { recursive: true, force: true });
    }
  }
}

async function homeMode(home: string): Promise<string> {
  const found = await stat(home).catch(() => null);
  return found === null ? 'made at the first start' : `exists with mode ${(found.mode & 0o777).toString(8)}`;
}

function tryListen(path: string): Promise<void> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => server.close(() => resolve()));
  });
}
