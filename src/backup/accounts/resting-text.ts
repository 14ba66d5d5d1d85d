/** Describes a backup's unused paper accounts: how many, their size, and which ones are left out. */

import { someOf } from '../../domain/some-of.js';
import { RESTING_FOLDER } from '../backup-folder.js';
import type { Manifest } from '../manifest.js';

export function restingText({ restingAccounts, files }: Pick<Manifest, 'restingAccounts' | 'files'>): string {
  if (restingAccounts === null) return 'resting accounts are not part of it (an earlier version took it)';
  const { kept, leftOut } = restingAccounts;
  const own = files.filter(({ path }) => path.startsWith(`${RESTING_FOLDER}/`));
  const bytes = own.reduce((sum, file) => sum + file.bytes, 0);
  const held =
    kept.length === 0
      ? 'no resting account'
      : `${kept.length} resting account${kept.length === 1 ? '' : 's'} (${bytes} bytes)`;
  if (leftOut.length === 0) return held;
  return `${held}, without ${someOf(leftOut.map(({ name, why }) => `${name}: ${why}`))}`;
}
