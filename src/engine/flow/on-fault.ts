/** Faults around the engine, and what the desk file says to do about them. */
import type { HaltCause, HeardSide } from '../../domain/mode.js';
import type { LostAction } from '../config.js';
import { type Core, markAllChanged, note, wantFreshSnapshot } from '../core.js';
import type { EngineEvent } from '../event.js';
import { haltWhy, isClosing, raiseFault, raiseHalt } from '../halts.js';
import { beginCloseAll } from './prove-flat.js';

type FaultEvent = Extract<
  EngineEvent,
  { readonly kind: 'clock.jump' | 'heartbeat.lost' | 'journal.fault' | 'feed.ended' }
>;

export function onFault(core: Core, event: FaultEvent): void {
  if (!core.begun) return;
  switch (event.kind) {
    case 'clock.jump':
      onClockJump(core, event.gapMs);
      return;
    case 'heartbeat.lost':
      onHeartbeatLost(core, event.which);
      return;
    case 'journal.fault':
      core.journalFault = event.detail;
      raiseFault(
        core,
        'journal-fault',
        `the journal can't be written (${event.detail}); cancels still go out`,
      );
      return;
    case 'feed.ended':
      core.feedEnded = true;
      raiseFault(core, 'recording-ended', `the recording has ended: ${event.detail}; positions are kept`);
      return;
  }
}

/**
 * The machine slept or the process stood still, so everything known is old. Always raises a new halt, so no
 * older decision can arm.
 */
function onClockJump(core: Core, gapMs: number): void {
  core.sync.state = 'pending';
  core.sync.atWallMs = null;
  core.sync.suspected.clear();
  core.guard.forgetDoubts();
  raiseHalt(core, {
    mode: 'HALTED',
    by: 'fermata',
    reason: `the clock jumped by ${(gapMs / 1000).toFixed(1)} s: the venue is read again before anything else`,
    ...haltWhy(core.config, 'clock-jump'),
  });
  wantFreshSnapshot(core);
}

interface Silence {
  readonly cause: HaltCause;
  readonly words: string;
}

const SILENCES: Readonly<Record<HeardSide, Silence>> = {
  operations: { cause: 'heartbeat-operations', words: 'the operations side is silent' },
  supervisor: { cause: 'supervisor-lost', words: 'the supervisor is gone' },
};

function onHeartbeatLost(core: Core, which: HeardSide): void {
  const action: LostAction = core.config.heartbeatLost[which];
  if (action === 'none') return;
  const { cause, words } = SILENCES[which];
  raiseFault(core, cause, `${words}; the desk file says: ${action === 'stop' ? 'stop' : 'close all'}`);
  if (action === 'closeAll' && !isClosing(core)) beginCloseAll(core, 'fermata', words);
}

/**
 * A short outage does not halt the desk. When the venue is back, something may have been missed, so it is
 * read.
 */
export function onVenueHealth(core: Core, state: 'up' | 'down', detail: string): void {
  if (state === 'down') {
    core.venueDownSinceMs ??= core.monotonicMs;
    core.venueDownWhy = detail;
    return;
  }
  if (core.venueDownSinceMs === null) return;
  core.venueDownSinceMs = null;
  if (core.venueHaltWaits) {
    core.venueHaltWaits = false;
    note(core, 'info', 'the venue is back');
    // Nothing could be read meanwhile, which halted nobody.
    if (core.sync.unsettled !== null)
      core.sync.unsettled = { ...core.sync.unsettled, sinceMs: core.monotonicMs };
  }
  wantFreshSnapshot(core);
  markAllChanged(core);
}
