/** What happens to the desk when those who watch it are gone: what the desk file says. */
import type { Desk } from '../desk/schema.js';
import type { Log } from './log.js';
import type { OpenedTrader } from './open-trader.js';
import { waitUntil } from './orderly-end.js';
import type { Clock } from './running/clock.js';

const LOOK_EVERY_MS = 1000;

/** If this process itself stood still for so long, the silence was ours. */
const OWN_GAP_MAX_MS = 5000;

interface OperationsWatch {
  heard(): void;
  close(): void;
}

/** How long after its supervisor the trader lives on to see a stop through; a close-all gets its own deadline. */
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
 * The engine does what the desk file says. After a stop or close-all the trader sees it through and ends itself within
 * ten seconds (a close-all within its deadline), so that the next start finds nobody in its place; positions that are
 * left keep their stops. With `none` it trades on, and the next start takes it over by asking it to end.
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
 * Calls `onSilent` once the operations side has not been heard for `silentMaxMs`, counted from the start, and again
 * after each further such time: whoever arms meanwhile must not stay unguarded.
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
