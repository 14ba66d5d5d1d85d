/** What the desk file has the trader do if the supervisor or operations are silent; and its orderly end. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import type { ResumeRule } from '../domain/mode.js';
import { pollUntil } from '../home/try-again.js';
import type { Journal } from './journal/journal.js';
import type { Log } from './log.js';
import type { OpenedTrader } from './open-trader.js';
import type { Clock } from './running/clock.js';

const LOOK_EVERY_MS = 1000;

/** If this process itself stood still for longer than this, the silence was ours. */
const OWN_GAP_MAX_MS = 5000;

interface OperationsWatch {
  heard(): void;
  close(): void;
}

/** How long the trader outlives its supervisor to finish a stop; a close-all has its own deadline. */
const STOP_SEEN_THROUGH_MS = 5000;

interface DeskGuard {
  heard(from: 'supervisor' | 'operations'): void;
  close(): void;
}

interface GuardedDesk {
  readonly opened: OpenedTrader;
  readonly desk: Desk;
  readonly clock: Clock;
  readonly log: Log;
  /** The orderly end of the trader. */
  readonly end: () => Promise<void>;
}

export function guardDesk(guarded: GuardedDesk): DeskGuard {
  const { opened, desk, clock, log } = guarded;
  const { operationsSilentSeconds, action } = desk.deadMan;
  const operations = watchOperations(
    operationsSilentSeconds * 1000,
    () => clock.monotonicMs(),
    () => {
      log(
        'warn',
        `operations have been silent for ${operationsSilentSeconds} s; the desk file says: ${action}`,
      );
      opened.runner.post({ kind: 'heartbeat.lost', which: 'operations' });
    },
  );
  const supervisor = watchSupervisor(() => void supervisorLost(guarded));
  return {
    heard: (from) => {
      if (from === 'operations') operations.heard();
    },
    close: () => {
      operations.close();
      supervisor.close();
    },
  };
}

/**
 * The engine does what the desk file says. The trader finishes a stop and ends itself within about ten
 * seconds, or ends once a close-all has ended or its deadline has passed. So the next start finds the journal
 * unlocked. Remaining positions keep their stops. With `none` it trades on until the next start asks it to
 * end.
 */
async function supervisorLost({ opened, desk, log, end }: GuardedDesk): Promise<void> {
  const { lostAction } = desk.supervisor;
  log('warn', `the supervisor is gone; the desk file says: ${lostAction}`);
  opened.runner.post({ kind: 'heartbeat.lost', which: 'supervisor' });
  if (lostAction === 'none') return;
  const { trader } = opened;
  const isSeenThrough =
    lostAction === 'stop'
      ? () => trader.status().entriesWorking === 0
      : () => trader.status().closeAll !== 'running';
  const withinMs = lostAction === 'stop' ? STOP_SEEN_THROUGH_MS : desk.closeAll.deadlineSeconds * 1000;
  await pollUntil(isSeenThrough, (isSeen) => isSeen, { withinMs, everyMs: QUIET_LOOK_MS });
  await end();
  process.exit(0);
}

/**
 * Calls `onSilent` once operations have been silent for `silentMaxMs`, counted from the start, and again
 * after each further period: a desk that was armed meanwhile must not stay unguarded.
 */
function watchOperations(
  silentMaxMs: number,
  monotonicMs: () => number,
  onSilent: () => void,
): OperationsWatch {
  let heardMs = monotonicMs();
  let lookedMs = heardMs;
  const timer = setInterval(() => {
    const nowMs = monotonicMs();
    if (nowMs - lookedMs > OWN_GAP_MAX_MS) heardMs = nowMs;
    lookedMs = nowMs;
    if (nowMs - heardMs < silentMaxMs) return;
    heardMs = nowMs;
    onSilent();
  }, LOOK_EVERY_MS);
  return {
    heard: () => {
      heardMs = monotonicMs();
    },
    close: () => clearInterval(timer),
  };
}

/** Calls `onLost` when the channel to the supervisor that started this process closes. */
function watchSupervisor(onLost: () => void): { close(): void } {
  process.on('disconnect', onLost);
  // It may have closed while the trader was starting. Without a supervisor there never was one.
  if (process.send !== undefined && !process.connected) queueMicrotask(onLost);
  return { close: () => process.removeListener('disconnect', onLost) };
}

/**
 * How long the venue may take to confirm the cancels, and the stops that are being placed or moved; after that the next
 * start looks them up.
 */
const SEEN_THROUGH_MS_MAX = 5000;
const QUIET_LOOK_MS = 20;
const COMMAND_MS_MAX = 2000;

/** What an end at this moment would leave to the next start, which may be far away; nothing if it may end. */
function leftOpen({ entriesWorking, positions }: TraderStatus): readonly string[] {
  const open = positions.filter(({ protection }) => protection !== 'confirmed');
  return [
    ...(entriesWorking > 0 ? ['the venue has not confirmed every cancel'] : []),
    ...open.map(({ symbol }) => `no stop of ${symbol} is known to rest at the venue`),
  ];
}

/**
 * An orderly end of the trader: entries are cancelled, positions and their stops stay, everything is on disk.
 * `resume`: the rule by which the next start resumes; this is not a person's stop.
 */
export async function endOrderly(
  opened: OpenedTrader,
  journal: Journal,
  resume: ResumeRule,
  log: Log,
): Promise<void> {
  const { trader, runner, feed, venue, claim } = opened;
  const stopped = trader.runner.command({
    commandId: `shutdown-${process.pid}-${journal.lastSequence}`,
    by: 'fermata',
    reason: 'orderly end: entries are cancelled, positions keep their protective stops',
    command: { name: 'stop', why: { cause: 'shutdown', resume } },
  });
  await Promise.race([stopped, sleep(COMMAND_MS_MAX, undefined, { ref: false })]);
  // An order for a stop may still wait for the disk, or for the end of the stop that it takes the place of.
  const left = await pollUntil(
    () => leftOpen(trader.status()),
    (open) => open.length === 0,
    { withinMs: SEEN_THROUGH_MS_MAX, everyMs: QUIET_LOOK_MS },
  );
  if (left.length > 0) log('warn', `${left.join('; ')}; the next start looks the orders up`);
  await feed.stop();
  runner.stop();
  await venue.port.close();
  claim?.release();
  await journal.close();
  log('info', 'the trader has ended; positions and their stops stay at the venue');
}
