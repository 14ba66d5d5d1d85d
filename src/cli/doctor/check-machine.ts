import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { venueOfFeed } from '../../domain/feed-name.js';
import { homePaths } from '../../home/runtime.js';
import { freeBytes } from '../../supervisor/ballast.js';
import { priceSourceOf } from '../../venue/registry.js';
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
function nearestFolder(path: string): string {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) {
    folder = dirname(folder);
  }
  return folder;
}

const TIMEOUT_MS = 3000;
/** The response's date has whole seconds, and the response itself takes time. */
const WARN_MS = 3000;
const FAIL_MS = 30_000;

/** Compares this machine's clock with the date that the desk's public venues send. */
export async function checkClock({ feeds, nowMs }: DoctorContext): Promise<Finding> {
  const expected = `at most ${WARN_MS / 1000} s from the venue’s clock`;
  const advice = 'let the system keep the time (for example: timedatectl set-ntp true)';
  const venues = [...new Set(feeds.map(venueOfFeed))];
  const addresses = venues.map((venue) => priceSourceOf(venue).probe).filter((address) => address !== null);
  const dates = await Promise.all(addresses.map((address) => dateOf(address)));
  const answer = dates.find((date) => date !== null);
  if (answer === undefined || answer === null) {
    const observed = 'no public venue could be reached to compare with';
    return finding(
      'Clock',
      'not_run',
      observed,
      expected,
      'needs the network; a desk on simulated prices does not',
    );
  }
  const differenceMs = Math.abs(nowMs() - answer);
  const verdict = differenceMs > FAIL_MS ? 'fail' : differenceMs > WARN_MS ? 'warn' : 'pass';
  return finding('Clock', verdict, `${(differenceMs / 1000).toFixed(1)} s apart`, expected, advice);
}

async function dateOf(address: string): Promise<number | null> {
  try {
    const response = await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const date = Date.parse(response.headers.get('date') ?? '');
    return Number.isNaN(date) ? null : date;
  } catch {
    return null;
  }
}
