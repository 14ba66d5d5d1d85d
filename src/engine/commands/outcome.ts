/** Answers to commands, in words for the person who gave them. */

import type { Core } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import { newestHalt } from '../state.js';

export function done(core: Core, detail: string): CommandOutcome {
  return { ok: true, detail, haltId: newestHalt(core.state)?.haltId ?? null };
}

export function refused(code: string, message: string, doThis: string): CommandOutcome {
  return { ok: false, code, message, doThis };
}
