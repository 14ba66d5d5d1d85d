/** Questions about the mode, shared by several parts. */
import type { HaltCause, HaltWhy } from '../../domain/mode.js';
import type { EngineConfig } from '../config.js';
import type { Core } from '../core.js';

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
