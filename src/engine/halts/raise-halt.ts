/** Every halt draws a new id and is recorded first; then every instrument's orders are advanced. */
import type { Halt, HaltCause, HaltWhy } from '../../domain/mode.js';
import { type Core, commit, markAllChanged, withdrawExits } from '../core.js';
import { haltWhy } from './mode.js';

type HaltWish = Pick<Halt, 'mode' | 'by' | 'reason'> & HaltWhy;

/** Always records a new halt, so an arming that quotes an older one is refused from here on. */
export function raiseHalt(core: Core, wish: HaltWish): Halt {
  const halt: Halt = {
    haltId: core.config.drawHaltId(),
    mode: wish.mode,
    scope: { kind: 'desk' },
    cause: wish.cause,
    by: wish.by,
    reason: wish.reason,
    resume: wish.resume,
    atWallMs: core.wallMs,
    atMarketMs: core.marketMs,
  };
  commit(core, { type: 'halt', halt });
  if (halt.mode !== 'REDUCING') withdrawExits(core);
  markAllChanged(core);
  return halt;
}

/**
 * Someone else trades in this account, so the desk opens nothing new. Raised once while a reconciliation halt
 * is active.
 */
export function raiseForeign(core: Core, reason: string): void {
  if (core.state.halts.some((halt) => halt.cause === 'reconciliation')) return;
  const why = haltWhy(core.config, 'reconciliation');
  raiseHalt(core, { mode: 'REDUCING', by: 'fermata', reason, ...why });
}

/** A halt by the desk itself; raised once while a halt of the same cause is active. */
export function raiseFault(core: Core, cause: HaltCause, reason: string): void {
  const known = core.state.halts.some((halt) => halt.cause === cause && halt.mode !== 'REDUCING');
  if (known) return;
  raiseHalt(core, { mode: 'HALTED', by: 'fermata', reason, ...haltWhy(core.config, cause) });
}
