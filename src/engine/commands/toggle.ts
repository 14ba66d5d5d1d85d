/** Switches one strategy on or off; its position keeps its stop and its exit. */
import type { Core } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { switchStrategy } from '../strategies/switch-strategy.js';
import { done, refused } from './outcome.js';

type Toggle = Extract<Command, { readonly name: 'toggle' }>;

export function toggle(core: Core, command: Toggle, event: CommandEvent): CommandOutcome {
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
