/** What happens to the desk when its watchers are gone, according to the desk file. */
import type { Desk } from '../desk/schema.js';
import type { Log } from './log.js';
import type { OpenedTrader } from './open-trader.js';
import { waitUntil } from './orderly-end.js';
import type { Clock } from './running/clock.js';

const LOOK_EVERY_MS = 1000;

/** If this process itself stood still for longer than this, the silence was our own. */
const OWN_GAP_MAX_MS = 5000;

interface OperationsWatch {
  heard(): void;
  close(): void;
}

/** How long the trader outlives its supervisor to see a stop through; a close-all has its own deadline. */
const STOP_SEEN_THROUGH_MS = 5000;

export interface DeskGuard {
  heard(from: 'supervisor' | 'operations'): void;
  close(): void;
}

export interface GuardedDesk {
  readonly opened: OpenedTrader;
  readonly desk: Desk;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the trader in order. */
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
 * The engine does what the desk file says. After a stop or close-all the trader sees it through and ends itself
 * within ten seconds (a close-all within its deadline), so that the next start finds the place free. Remaining
 * positions keep their stops. With `none` it trades on, and the next start asks it to end.
 */
async function supervisorLost({ opened, desk, log, end }: GuardedDesk): Promise<void> {
  const { lostAction } = desk.supervisor;
  log('warn', `the supervisor is gone; the desk file says: ${lostAction}`);
  opened.runner.post({ kind: 'heartbeat.lost', which: 'supervisor' });
  if (lostAction === 'none') return;
  const { trader } = opened;
  if (lostAction === 'stop')
    await waitUntil(() => trader.status().entriesWorking === 0, STOP_SEEN_THROUGH_MS);
  else await waitUntil(() => trader.status().closeAll !== 'running', desk.closeAll.deadlineSeconds * 1000);
  await end();
  process.exit(0);
}

/**
 * Calls `onSilent` once the operations side has been silent for `silentMaxMs`, counted from the start, and again
 * after each further such time: a desk that was armed in the meantime must not stay unguarded.
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
  return { close: () => process.removeListener('disconnect', onLost) };
}
