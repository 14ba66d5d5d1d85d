/**
 * Whether an instrument has nothing to advance: it holds nothing and no order is live, or what it holds rests behind the one
 * stop that it wants. Whoever adds a step to `advance` or to what it calls says here when that step has nothing to do;
 * `test/backtest/shortcuts.test.ts` compares both.
 */
import type { InstrumentId } from '../../domain/instrument.js';
import { type Core, type InstrumentProgress, positionAt, progressAt, sessionsAt } from '../core.js';
import { isClosing } from '../halts/mode.js';
import { isAnyWaiting } from '../orders/end-waiting.js';
import type { OrderEntry, PositionEntry } from '../state.js';
import { isDust } from './dust.js';

/** True only if `advance` would change and send nothing. */
export function isAtRest(core: Core, at: InstrumentId): boolean {
  const live = core.state.live[at];
  if (live === undefined || live.size > 1 || isClosing(core)) return false;
  // An entry that waits is dropped in modes and at times that allow no entry.
  if (isAnyWaiting(core, at)) return false;
  const progress = progressAt(core, at);
  if (!hasNothingPending(progress) || watchesExits(core, at)) return false;
  const position = positionAt(core, at);
  // Each trade of a position in parts has a stop of its own, and a contract that ends is left in time.
  if (position.parts.length > 0 || progress.trades.size > 0 || core.config.contracts?.[at] != null)
    return false;
  if (position.quantityLots === 0) return live.size === 0 && !progress.hadStop;
  for (const order of live.values()) return progress.hadStop && restsBehind(core, position, order);
  return false;
}

function hasNothingPending(progress: InstrumentProgress): boolean {
  return (
    progress.exiting === null &&
    progress.parting === null &&
    progress.securing === null &&
    progress.unprotectedSinceMs === null &&
    progress.stopRefusals === 0 &&
    progress.formerStop === null &&
    progress.unlikeSinceMs === null &&
    progress.endedGroup === null &&
    progress.stopGap === null
  );
}

function watchesExits({ market }: Core, at: InstrumentId): boolean {
  return (
    market.exitAboveTicks[at] !== Number.POSITIVE_INFINITY ||
    market.exitBelowTicks[at] !== Number.NEGATIVE_INFINITY ||
    market.flatAtMs[at] !== Number.POSITIVE_INFINITY
  );
}

/** Exits of the trade and the end of a session depend on price and time: with them nothing counts as at rest. */
function restsBehind(core: Core, position: PositionEntry, stop: OrderEntry): boolean {
  const { intent, state, replaces, filledLots } = stop;
  const { trade, quantityLots, instrument: at } = position;
  const held = Math.abs(quantityLots);
  return (
    intent.purpose === 'protective' &&
    state === 'working' &&
    replaces === null &&
    intent.quantityLots - filledLots === held &&
    intent.side === (quantityLots > 0 ? 'sell' : 'buy') &&
    trade !== null &&
    trade.exits === undefined &&
    trade.protectTicks !== null &&
    intent.stopTicks === trade.protectTicks &&
    core.journalFault === null &&
    sessionsAt(core, at).flatBeforeCloseMs === undefined &&
    (quantityLots > 0 || core.config.capabilities.shorting) &&
    !isDust(core, at)
  );
}
