/**
 * An account at a venue is one desk's at a time. Two desks on it would take each other's positions for their own and
 * protect, close and reverse them. The supervisor refuses a second desk with the same key; only the account's id tells
 * where there is no key, or where an account has several.
 */
import { mkdirSync } from 'node:fs';
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

/** Held until released or until this process ends. Throws `StartRefused` if another desk of this installation trades it. */
export function claimAccountAt(
  { servers }: Pick<HomePaths, 'servers'>,
  { venue, endpoint, accountId }: AccountAtVenue,
): FileLock {
  mkdirSync(servers.run, { recursive: true, mode: 0o700 });
  // Each simulator has accounts of its own, and all of them have the same ids.
  const where = endpoint.kind === 'simulator' ? endpoint.address : endpoint.kind;
  const lock = tryLockFile(lockFileOf(servers.run, 'traded-account', [venue, where, accountId]));
  if (lock !== null) return lock;
  throw new StartRefused(
    `another desk that runs here trades the account ${accountId} of ${venue}. No order was sent. ` +
      'Give this desk an account of its own, or end the other desk first (fermata down --desk NAME)',
  );
}
