/** Commands from people and from parts of the desk. Each is recorded and answered. */
import { type Core, commit, wantFreshSnapshot, wantSnapshot } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { haltWhy, raiseHalt } from '../halts.js';
import { switchStrategy } from '../strategies/tracker.js';
import { arm } from './arm.js';
import { claimCoins, explainCash } from './claim-coins.js';
import { cancelEntry, closeAll, closePosition, kill } from './close.js';
import { noSplit, takeAction } from './corporate-action.js';
import { goLive, revokeGoLive } from './live-permission.js';
import { done, refused } from './outcome.js';
import { reload } from './reload.js';
import { resize } from './resize.js';
import { takeSignal, withdrawSignal } from './signal.js';

type Toggle = Extract<Command, { readonly name: 'toggle' }>;

type Stop = Extract<Command, { readonly name: 'stop' }>;

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
    case 'closePosition':
      return closePosition(core, command, event);
    case 'cancelEntry':
      return cancelEntry(core, command, event);
    case 'kill':
      return kill(core, event);
    case 'arm':
      return arm(core, command, event);
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
    case 'corporateAction':
      return takeAction(core, command, event);
    case 'noSplit':
      return noSplit(core, command);
    case 'signal':
      return takeSignal(core, command, event);
    case 'withdrawSignal':
      return withdrawSignal(core, command, event);
    case 'reconcile':
      wantSnapshot(core);
      return done(core, 'positions, orders and fills are being read from the venue');
  }
}

function notStarted(): CommandOutcome {
  return refused('not-started', 'the engine has not begun; nothing is being traded', 'try again in a moment');
}

/** Works in every mode. A stop while halted is recorded as a newer halt. */
function stop(core: Core, command: Stop, event: CommandEvent): CommandOutcome {
  const entries = liveEntries(core);
  const waiting = core.state.waiting.size;
  raiseHalt(core, {
    mode: 'HALTED',
    by: event.by,
    reason: event.reason,
    ...(command.why ?? haltWhy(core.config, 'person')),
  });
  if (command.why?.cause === 'auditor') doubtBooks(core);
  const cancelled =
    entries === 1 ? '1 entry order is being cancelled' : `${entries} entry orders are being cancelled`;
  const dropped = waiting === 0 ? '' : `, ${waiting} that waited in the core dropped`;
  return done(core, `stopped; ${cancelled}${dropped}, positions keep their protective stops`);
}

/** The auditor disagrees: only a snapshot that is requested from here on shows whether our books are right. */
function doubtBooks(core: Core): void {
  core.sync.state = 'pending';
  wantFreshSnapshot(core);
}

function liveEntries(core: Core): number {
  let entries = 0;
  for (const orders of core.state.live) {
    for (const { intent } of orders.values()) if (intent.purpose === 'entry') entries += 1;
  }
  return entries;
}

/** Switches one strategy on or off. Its position keeps its stop and its exit. */
function toggle(core: Core, command: Toggle, event: CommandEvent): CommandOutcome {
  const { strategy, enabled } = command;
  const names = core.config.strategies.map(({ name }) => name);
  if (!names.includes(strategy)) {
    return refused(
      'unknown-strategy',
      `there is no strategy ${strategy}`,
      `name one of: ${names.join(', ')}`,
    );
  }
  const { by, reason } = event;
  switchStrategy(core, { strategy, enabled, automatic: false, by, reason });
  return done(core, `${strategy} is ${enabled ? 'on' : 'off: it opens nothing new'}`);
}
