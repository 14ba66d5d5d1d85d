/**
 * An account at a venue is one desk's at a time. Two desks on it would take each other's positions for their own and
 * protect, close and reverse them. The supervisor refuses a second desk with the same key; only the account's id tells
 * where there is no key, or where an account has several.
 */
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename } from 'node:path';
import { type FileLock, lockFileOf, tryLockFile } from '../../home/file-lock.js';
import type { HomePaths } from '../../home/runtime.js';
import type { VenueEndpoint } from '../../venue/prices.js';
import { StartRefused } from '../running/runner.js';

interface AccountAtVenue {
  readonly venue: string;
  readonly endpoint: VenueEndpoint;
  /** The venue's own id of the account. */
  readonly accountId: string;
}

/**
 * Held until released or until this process ends. Throws `StartRefused` if another desk of this installation trades it, or
 * one of another installation on this machine, such as the home that this one was copied from.
 */
export async function claimAccountAt(
  { servers }: Pick<HomePaths, 'servers'>,
  { venue, endpoint, accountId }: AccountAtVenue,
): Promise<FileLock> {
  mkdirSync(servers.run, { recursive: true, mode: 0o700 });
  // Each simulator has accounts of its own, and all of them have the same ids.
  const where = endpoint.kind === 'simulator' ? endpoint.address : endpoint.kind;
  const path = lockFileOf(servers.run, 'traded-account', [venue, where, accountId]);
  const lock = tryLockFile(path);
  const trades = `trades the account ${accountId} of ${venue}. No order was sent. `;
  if (lock === null)
    throw new StartRefused(
      `another desk that runs here ${trades}` +
        'Give this desk an account of its own, or end the other desk first (fermata down --desk NAME)',
    );
  const onMachine = await claimOnMachine(basename(path));
  if (onMachine !== null)
    return {
      release: () => {
        onMachine.release();
        lock.release();
      },
    };
  lock.release();
  throw new StartRefused(
    `a desk of another FERMATA_HOME on this machine ${trades}` +
      'If this home is a copy of that one, start it only once that one has ended for good (there: fermata down); otherwise give this desk an account of its own',
  );
}

/**
 * By a name that the kernel keeps for this process alone, in no folder: homes share none that nobody tidies up. Only Linux
 * has such names. Null: another process has it.
 */
async function claimOnMachine(name: string): Promise<FileLock | null> {
  if (process.platform !== 'linux') return { release: () => undefined };
  const server = createServer().unref();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    );
    server.listen(`\0fermata-${name}`, () => resolve({ release: () => void server.close() }));
  });
}
