/** Questions about the mode that several parts ask. */
import type { HaltCause, ResumeRule } from '../../domain/mode.js';
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

/** What the desk file requires before trading resumes after a halt of this cause. */
export function resumeRuleOf(config: EngineConfig, cause: HaltCause): ResumeRule {
  const { resume } = config;
  switch (cause) {
    case 'startup':
    case 'shutdown':
      return resume.startup;
    case 'person':
      return resume.person;
    case 'kill':
      return resume.kill;
    case 'daily-loss':
      return resume.dailyLoss;
    case 'drawdown':
      return resume.drawdown;
    case 'venue':
    case 'stale-data':
      // Prices that come back mean that the venue is back; nothing was wrong with the desk.
      return resume.venue;
    case 'close-all-incomplete':
      return resume.person;
    default:
      return resume.fault;
  }
}
