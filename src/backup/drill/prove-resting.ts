/** Paper accounts that rest: each journal replays to what the manifest says, and is what the restored ledger has of it. */
import { isDeepStrictEqual } from 'node:util';
import type { Pool } from 'pg';
import { verifyLedger } from '../../ledger/verify-ledger.js';
import { readAccount } from '../accounts/read-account.js';
import { restingJournal } from '../accounts/resting-problems.js';
import { restingText } from '../accounts/resting-text.js';
import type { RestingAccount } from '../manifest.js';
import { someOf } from '../some-of.js';
import type { VerifiedBackup } from '../verify-backup.js';
import type { Observation } from './drill-step.js';

export async function proveResting(pool: Pool, { folder, manifest }: VerifiedBackup): Promise<Observation> {
  const kept = manifest.restingAccounts?.kept ?? [];
  for (const account of kept) {
    const why = await differenceOf(pool, manifest.desk, restingJournal(folder, account), account);
    if (why !== null) return { ok: false, observed: `resting account ${account.name}: ${why}` };
  }
  const each = kept.map(({ name, journal }) => `${name}: ${journal.lastSequence} entries`);
  return {
    ok: true,
    observed: [restingText(manifest), ...(each.length > 0 ? [someOf(each)] : [])].join('; '),
  };
}

async function differenceOf(
  pool: Pool,
  desk: string,
  directory: string,
  { account, journal, holds }: RestingAccount,
): Promise<string | null> {
  const found = await readAccount(directory);
  if (!isDeepStrictEqual(found, { account, journal, holds })) {
    const said = JSON.stringify({ account, ...journal, holds });
    return `its journal replays to ${JSON.stringify({ account: found.account, ...found.journal, holds: found.holds })}, the manifest says ${said}`;
  }
  const proof = await verifyLedger(pool, desk, directory);
  if (proof.equal || proof.behind) return null;
  return `the ledger differs at its journal entry ${proof.sequence}: ${proof.why}`;
}
