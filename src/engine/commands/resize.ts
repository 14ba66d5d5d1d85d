/** Changes the size factor: anybody may lower it, authorised people may raise it. */
import { percentOfPpm } from '../../domain/money.js';
import { isSizeFactor, SMALLEST_SIZE_PPM } from '../../limits/size-factor.js';
import { type Core, commit, markAllChanged } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { cancelOrder } from '../orders/change-order.js';
import { done, refused } from './outcome.js';

type Resize = Extract<Command, { readonly name: 'resize' }>;

export function resize(core: Core, command: Resize, event: CommandEvent): CommandOutcome {
  const { sizeFactorPpm, authorised } = command;
  const now = core.state.sizeFactorPpm;
  if (!isSizeFactor(sizeFactorPpm)) return badSize();
  if (sizeFactorPpm > now && !authorised) {
    const message = `position size is ${percent(now)}; ${percent(sizeFactorPpm)} would allow more`;
    return refused('approval-needed', message, 'let a person who may approve raise it');
  }
  setSizeFactor(core, sizeFactorPpm, event);
  return done(core, `position size is ${percent(sizeFactorPpm)} of the full size`);
}

/** Lowering the size cancels resting entries: they have the old size. */
export function setSizeFactor(
  core: Core,
  sizeFactorPpm: number,
  { by, reason }: Pick<CommandEvent, 'by' | 'reason'>,
): void {
  const before = core.state.sizeFactorPpm;
  if (sizeFactorPpm === before) return;
  commit(core, { type: 'size.factor', sizeFactorPpm, by, reason, marketMs: core.marketMs });
  if (sizeFactorPpm > before) return;
  for (const orders of core.state.live) {
    for (const entry of [...orders.values()]) {
      if (entry.intent.purpose === 'entry') cancelOrder(core, entry, 'the position size was lowered');
    }
  }
  markAllChanged(core);
}

export function badSize(): CommandOutcome {
  return refused(
    'bad-size',
    `a position size lies between ${percentOfPpm(SMALLEST_SIZE_PPM)} and 100 % of the full size`,
    'correct it; nothing was changed',
  );
}

function percent(sizeFactorPpm: number): string {
  return `${percentOfPpm(sizeFactorPpm)} %`;
}
