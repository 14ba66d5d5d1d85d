/** Commands of people and of parts of the desk: each is recorded, each gets an answer. */
import { type Core, commit, wantSnapshot } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { CommandEvent } from '../event.js';
import { arm } from './arm.js';
import { claimCoins } from './claim-coins.js';
import { closeAll, kill } from './close-all.js';
import { explainCash } from './explain-cash.js';
import { goLive, revokeGoLive } from './go-live.js';
import { done, refused } from './outcome.js';
import { reduce } from './reduce.js';
import { reload } from './reload.js';
import { resize } from './resize.js';
import { stop } from './stop.js';
import { toggle } from './toggle.js';

export function runCommand(core: Core, event: CommandEvent): CommandOutcome {
  const outcome = core.begun ? carryOut(core, event) : notStarted();
  commit(core, {
    type: 'command',
    commandId: event.commandId,
    name: event.command.name,
    by: event.by,
    reason: event.reason,
    ok: outcome.ok,
    detail: outcome.ok ? outcome.detail : outcome.message,
    marketMs: core.marketMs,
  });
  return outcome;
}

function carryOut(core: Core, event: CommandEvent): CommandOutcome {
  const { command } = event;
  switch (command.name) {
    case 'stop':
      return stop(core, command, event);
    case 'closeAll':
      return closeAll(core, event);
    case 'kill':
      return kill(core, event);
    case 'arm':
      return arm(core, command, event);
    case 'reduce':
      return reduce(core, event);
    case 'claimCoins':
      return claimCoins(core, command, event);
    case 'toggle':
      return toggle(core, command, event);
    case 'goLive':
      return goLive(core, command, event);
    case 'revokeGoLive':
      return revokeGoLive(core, event);
    case 'reload':
      return reload(core, command, event);
    case 'resize':
      return resize(core, command, event);
    case 'explainCash':
      return explainCash(core, command, event);
    case 'reconcile':
      wantSnapshot(core);
      return done(core, 'positions, orders and fills are being read from the venue');
  }
}

function notStarted(): CommandOutcome {
  return refused('not-started', 'the engine has not begun; nothing is being traded', 'try again in a moment');
}
