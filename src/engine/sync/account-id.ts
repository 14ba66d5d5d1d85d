/**
 * The venue's own id of the account that was read. A journal learns it once and accepts nothing from another
 * account.
 */
import { writeUnits } from '../../domain/money.js';
import { type Core, commit } from '../core.js';
import type { VenueSnapshot } from '../event.js';
import { raiseFault } from '../halts/raise-halt.js';
import { snapshotFailed } from './request-snapshot.js';

/** False if the snapshot is of another account, and so says nothing about ours. */
export function isOfOurAccount(core: Core, { accountId, requestId }: VenueSnapshot): boolean {
  const config = core.state.config;
  if (accountId === undefined || config === null || config.accountId === accountId) return true;
  if (config.accountId === null) {
    learn(core, accountId);
    return true;
  }
  const why = `the key is of the account ${accountId}, and this journal of the account ${config.accountId}`;
  raiseFault(core, 'reconciliation', why);
  snapshotFailed(core, requestId, why);
  return false;
}

/** The journal is older than such ids, or the venue was unavailable at the start. */
function learn(core: Core, accountId: string): void {
  const { config, newestFillMs, fillsThroughMs } = core.state;
  if (config === null) return;
  commit(core, {
    type: 'config',
    ...config,
    startingCash: writeUnits(config.startingCash),
    accountId,
    marketMs: Math.max(core.marketMs, newestFillMs, fillsThroughMs),
  });
}
