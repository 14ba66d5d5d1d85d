/**
 * Tells people what a desk that goes on does not tell by itself: nobody watches its account, because the auditor has
 * completed no audit for minutes although the trader reads that account; its disk is nearly full.
 */
import type { TraderStatus } from '../contracts/trader-status.js';
import { HOUR_MS, MINUTE_MS } from '../domain/civil-date.js';
import { moment } from '../domain/moment.js';
import { readLastAudit } from '../home/last-audit.js';
import type { KeptTask } from '../home/try-again.js';
import { type FreeBytes, freeBytes } from '../supervisor/ballast.js';
import { FREE_MB_MIN } from '../supervisor/start/claim-home.js';
import { repeat } from './repeat.js';
import { tellStanding } from './stuck-runs.js';
import type { StatusFollower, TraderWatchContext } from './trader-watch.js';

/** An audit is due every three seconds. */
const UNAUDITED_MINUTES_MAX = 5;
/** A longer pause between two polls is no time without an audit: the trader was down, or the machine slept. */
const PAUSE_MS_MAX = 10_000;

/** `home`: FERMATA_HOME. `nowMs`: monotonic time. */
export function watchOverAuditor(
  context: TraderWatchContext,
  home: string,
  nowMs: () => number = () => performance.now(),
): StatusFollower {
  let auditedMs: number | null | undefined;
  let unauditedMs = 0;
  let polledMs = nowMs();
  let told = false;
  return async (status) => {
    const passedMs = nowMs() - polledMs;
    polledMs += passedMs;
    const last = readLastAudit(home);
    if (last === null || last.atMs !== auditedMs) {
      auditedMs = last?.atMs;
      unauditedMs = 0;
      told = false;
      return;
    }
    if (readsTheAccount(status)) unauditedMs += Math.min(passedMs, PAUSE_MS_MAX);
    if (told || unauditedMs < UNAUDITED_MINUTES_MAX * MINUTE_MS) return;
    const since = last.atMs === null ? 'yet' : `since ${moment(last.atMs)}`;
    const key = `unwatched-account:${last.atMs ?? status.startedWallMs}`;
    await tellStanding(context, home, {
      about: 'unwatched-account',
      ...{ fingerprint: key, key },
      subject: 'auditor',
      source: 'watch over the auditor',
      title: 'nobody watches the account from outside',
      detail: `the auditor has completed no audit ${since}, although the trader reads the account: ${last.problem ?? 'it does not say why'}`,
      doThis:
        'The desk goes on by its own books and limits. Put right what the auditor names, or stop the desk.',
      fields: { key },
    });
    told = true;
  };
}

/** Where the trader can't compare its books either, the venue is away, and that is told by itself. */
function readsTheAccount({ reconciliation: { state } }: TraderStatus): boolean {
  return state === 'clean' || state === 'differences';
}

const LOOK_EVERY_MS = 10_000;
const BYTES_PER_MB = 1024 * 1024;

/** `home`: FERMATA_HOME. */
export function watchFreeSpace(context: TraderWatchContext, home: string): KeptTask {
  return repeat('watch over the disk', LOOK_EVERY_MS, context.log, lookAtDisk(context, home));
}

/** Each call is one look. People are told once until there is room again. */
export function lookAtDisk(
  context: TraderWatchContext,
  home: string,
  free: FreeBytes = freeBytes,
): () => Promise<void> {
  let told = false;
  return async () => {
    const freeMb = Math.floor((await free(home)) / BYTES_PER_MB);
    if (freeMb >= 2 * FREE_MB_MIN) told = false;
    if (told || freeMb >= FREE_MB_MIN) return;
    // Not again after each restart of this worker.
    const key = `disk-full:${Math.floor(Date.now() / HOUR_MS)}`;
    await tellStanding(context, home, {
      about: 'disk-full',
      ...{ fingerprint: `${context.desk.desk}:${key}`, key },
      subject: 'disk',
      source: 'watch over the disk',
      title: 'the disk is nearly full',
      detail: `${freeMb} MB are free where ${home} lies, and the desk does not start with less than ${FREE_MB_MIN} MB`,
      doThis: 'Free some space now. The desk goes on as long as its journal can be written, and halts then.',
      fields: { key },
    });
    told = true;
  };
}
