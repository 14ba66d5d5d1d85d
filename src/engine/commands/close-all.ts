/** Close all: halt, cancel entries, flatten, prove flat. A repeated close-all restarts the deadline. */
import type { Core } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { CommandEvent } from '../event.js';
import { isTradable } from '../flow/dust.js';
import { beginCloseAll } from '../flow/prove-flat.js';
import { haltWhy } from '../halts/mode.js';
import { raiseHalt } from '../halts/raise-halt.js';
import { openLots } from '../state.js';
import { REPAIR_DISK } from './arm.js';
import { done, refused } from './outcome.js';

export function closeAll(core: Core, event: CommandEvent): CommandOutcome {
  const { by, reason } = event;
  raiseHalt(core, { mode: 'HALTED', by, reason, ...haltWhy(core.config, 'person') });
  if (core.journalFault !== null) return cannotClose(core.journalFault);
  beginCloseAll(core, by, reason);
  return done(core, closingWords(core));
}

/** Like a close-all, but arming again needs two people. */
export function kill(core: Core, event: CommandEvent): CommandOutcome {
  const { by, reason } = event;
  raiseHalt(core, { mode: 'KILLED', by, reason, ...haltWhy(core.config, 'kill') });
  if (core.journalFault !== null) return cannotClose(core.journalFault);
  beginCloseAll(core, by, reason);
  return done(core, `killed: two people are needed to arm; ${closingWords(core)}`);
}

/** An order that can't be recorded is never sent, so the desk must not promise to close. */
function cannotClose(detail: string): CommandOutcome {
  const message =
    `the journal can't be written (${detail}), so no closing order can leave; the desk is halted until the ` +
    'trader is restarted, entries are being cancelled, and protective stops stay';
  return refused(
    'journal-fault',
    message,
    `${REPAIR_DISK}, and close all again; or close at the venue itself, and cancel the stops and targets there, too`,
  );
}

function closingWords(core: Core): string {
  const open = core.state.positions.filter((position) =>
    isTradable(core, position.instrument, openLots(position)),
  ).length;
  const positions = open === 1 ? '1 position is' : `${open} positions are`;
  return `${positions} being closed; flat is proven by reading positions back`;
}
