/** Real money is traded only while a go-live is in force. */
import { refused } from '../commands/outcome.js';
import type { Core } from '../core.js';
import type { CommandOutcome } from '../effect.js';

export function needsGoLive({ config, state }: Core): boolean {
  return config.goLiveRequired === true && state.goLive === null;
}

/** Null: as far as the go-live is concerned, the desk may be armed. */
export function goLiveMissing(core: Core): CommandOutcome | null {
  if (!needsGoLive(core)) return null;
  const message = 'real money is traded only after a go-live that people approved, and none is in force';
  return refused('go-live-required', message, 'ask for one: fermata go-live');
}
