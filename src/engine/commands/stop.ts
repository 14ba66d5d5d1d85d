/** Stop: no new entries, resting entries off the market at once; positions and their stops stay. */
import type { Core } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { resumeRuleOf } from '../halts/mode.js';
import { raiseHalt } from '../halts/raise-halt.js';
import { done } from './outcome.js';

type Stop = Extract<Command, { readonly name: 'stop' }>;

/** Works in every mode; a stop while halted is recorded as a newer halt. */
export function stop(core: Core, command: Stop, event: CommandEvent): CommandOutcome {
  const cause = command.cause ?? 'person';
  const resume = command.resume ?? resumeRuleOf(core.config, cause);
  const entries = liveEntries(core);
  raiseHalt(core, { mode: 'HALTED', cause, by: event.by, reason: event.reason, resume });
  const cancelled =
    entries === 1 ? '1 entry order is being cancelled' : `${entries} entry orders are being cancelled`;
  return done(core, `stopped; ${cancelled}, positions keep their protective stops`);
}

function liveEntries(core: Core): number {
  let entries = 0;
  for (const orders of core.state.live) {
    for (const { intent } of orders.values()) if (intent.purpose === 'entry') entries += 1;
  }
  return entries;
}
