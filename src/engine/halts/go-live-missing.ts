/** Real money is traded only while a go-live is in force. */
import { whyGoLiveEnded } from '../../domain/go-live.js';
import type { WaitingReason } from '../../limits/limit.js';
import { refused } from '../commands/outcome.js';
import type { Core } from '../core.js';
import type { CommandOutcome } from '../effect.js';

export function needsGoLive({ config, state }: Core): boolean {
  return config.goLiveRequired === true && state.goLive === null;
}

/** What a desk without one waits for. It lifts every halt; a person who resumes would be refused. */
export const GO_LIVE_NEEDED = 'a go-live that people approve: fermata go-live';

const NONE_IN_FORCE = 'real money is traded only after a go-live that people approved, and none is in force';

export const goLiveReason = (core: Core): WaitingReason[] =>
  needsGoLive(core) ? [{ subject: 'desk', reason: whyNone(core), waitsFor: GO_LIVE_NEEDED }] : [];

function whyNone({ state: { goLiveEnded } }: Core): string {
  return goLiveEnded === null
    ? NONE_IN_FORCE
    : `${NONE_IN_FORCE} (the last one ended: ${whyGoLiveEnded(goLiveEnded)})`;
}

/** Null: as far as the go-live is concerned, the desk may be armed. */
export function goLiveMissing(core: Core): CommandOutcome | null {
  if (!needsGoLive(core)) return null;
  return refused('go-live-required', whyNone(core), 'ask for one: fermata go-live');
}
