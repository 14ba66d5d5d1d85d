/**
 * Halts: questions about the mode, how one is raised, and what holds a desk back by itself: a missing
 * go-live, the breaker of the venue's API.
 */

import { whyGoLiveEnded } from '../domain/go-live-terms.js';
import type { Halt, HaltCause, HaltWhy } from '../domain/mode.js';
import type { VenueBreakerState } from '../domain/venue.js';
import type { WaitingReason } from '../limits/limit.js';
import { refused } from './commands/outcome.js';
import type { EngineConfig } from './config.js';
import { type Core, commit, markAllChanged, note, wantSnapshot, withdrawExits } from './core.js';
import type { CommandOutcome } from './effect.js';

type HaltWish = Pick<Halt, 'mode' | 'by' | 'reason'> & HaltWhy;

/**
 * Always draws a new id and records a new halt, so an arming that quotes an older one is refused from here on; then every
 * instrument's orders are advanced.
 */
export function raiseHalt(core: Core, wish: HaltWish): Halt {
  const halt: Halt = {
    haltId: core.config.drawHaltId(),
    mode: wish.mode,
    scope: { kind: 'desk' },
    cause: wish.cause,
    by: wish.by,
    reason: wish.reason,
    resume: wish.resume,
    atWallMs: core.wallMs,
    atMarketMs: core.marketMs,
  };
  commit(core, { type: 'halt', halt });
  if (halt.mode !== 'REDUCING') withdrawExits(core);
  markAllChanged(core);
  return halt;
}

/**
 * Someone else trades in this account, so the desk opens nothing new. Raised once while a reconciliation halt
 * is active.
 */
export function raiseForeign(core: Core, reason: string): void {
  if (core.state.halts.some((halt) => halt.cause === 'reconciliation')) return;
  const why = haltWhy(core.config, 'reconciliation');
  raiseHalt(core, { mode: 'REDUCING', by: 'fermata', reason, ...why });
}

/** A halt by the desk itself; raised once while a halt of the same cause is active. */
export function raiseFault(core: Core, cause: HaltCause, reason: string): void {
  const known = core.state.halts.some((halt) => halt.cause === cause && halt.mode !== 'REDUCING');
  if (known) return;
  raiseHalt(core, { mode: 'HALTED', by: 'fermata', reason, ...haltWhy(core.config, cause) });
}

/** Positions are being closed until flat is proven, even after the deadline. */
export function isClosing(core: Core): boolean {
  return core.state.closeAll === 'running' || core.state.closeAll === 'escalated';
}

export function mayEnter(core: Core): boolean {
  return core.begun && core.state.mode === 'ACTIVE';
}

/** A strategy may close its position. */
export function mayReduce(core: Core): boolean {
  return core.begun && (core.state.mode === 'ACTIVE' || core.state.mode === 'REDUCING');
}

/** The cause of a halt, with the resume rule that the desk file sets for it. */
export function haltWhy({ resume }: EngineConfig, cause: HaltCause): HaltWhy {
  switch (cause) {
    case 'startup':
    case 'shutdown':
      return { cause, resume: resume.startup };
    case 'person':
      return { cause, resume: resume.person };
    case 'kill':
      return { cause, resume: resume.kill };
    case 'daily-loss':
      return { cause, resume: resume.dailyLoss };
    case 'drawdown':
      return { cause, resume: resume.drawdown };
    case 'venue':
    case 'stale-data':
      // Once prices come back, so has the venue; nothing was wrong with the desk.
      return { cause, resume: resume.venue };
    case 'close-all-incomplete':
      return { cause, resume: resume.person };
    default:
      return { cause, resume: resume.fault };
  }
}

// The breaker of the venue's API, as reported by the adapter. While it is not closed, nothing new is opened.

/** Prefix of every note about the breaker; nothing else marks a note as being about the venue. */
export const VENUE_BREAKER_NOTE = "the venue's API breaker is ";

/**
 * An open breaker halts at once. When it closes, something may have been missed, so the venue is read first.
 */
export function onVenueBreaker(core: Core, state: VenueBreakerState, detail: string): void {
  if (state === core.venueBreaker.state) return;
  core.venueBreaker = { state, sinceMs: core.wallMs, detail };
  if (!core.begun) return;
  note(core, state === 'closed' ? 'info' : 'warn', `${VENUE_BREAKER_NOTE}${WORDS[state]}: ${detail}`);
  if (state === 'open') raiseFault(core, 'venue', `the venue's API breaker opened: ${detail}`);
  if (state === 'closed') wantSnapshot(core);
  markAllChanged(core);
}

const WORDS: Readonly<Record<VenueBreakerState, string>> = {
  closed: 'closed again',
  open: 'open',
  halfOpen: 'half open, one request tries',
};

/** Real money is traded only while a go-live is in force. */
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
