/** Reduce: from here on only orders that make positions smaller. */
import type { Core } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { CommandEvent } from '../event.js';
import { resumeRuleOf } from '../halts/mode.js';
import { raiseHalt } from '../halts/raise-halt.js';
import { done } from './outcome.js';

export function reduce(core: Core, event: CommandEvent): CommandOutcome {
  raiseHalt(core, {
    mode: 'REDUCING',
    cause: 'person',
    by: event.by,
    reason: event.reason,
    resume: resumeRuleOf(core.config, 'person'),
  });
  return done(core, 'only orders that reduce a position leave the desk; entries are being cancelled');
}
