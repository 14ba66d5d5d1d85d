/**
 * Puts changed settings into force: configuration, loss limits, and the strategies whose parameters changed.
 */

import type { InstrumentId } from '../../domain/instrument.js';
import { buildLimits } from '../../limits/loss-floors.js';
import { type Core, watchLosses } from '../core.js';
import { measureAnew, sees } from '../flow/split.js';
import { watchQuotes } from '../strategies/between-bars.js';
import { buildSlots, type StrategySlot } from '../strategies/strategy-slot.js';
import { effectiveConfig } from './effective-config.js';
import type { SettingValues } from './setting-specs.js';

/**
 * `changed`: keys whose value differs from the desk file. Loss limits carry on from the same day and peak.
 */
export function bringIntoForce(core: Core, changed: SettingValues): void {
  const before = core.config;
  core.config = effectiveConfig(core.base, changed, core.state.goLive?.size ?? null);
  const { peak } = core.limits;
  core.limits = { ...buildLimits(core.config.risk), peak };
  watchLosses(core);
  const monthOf = ({ contracts }: Core['config'], at: InstrumentId): string | undefined =>
    contracts?.[at]?.traded.month;
  const rolled = core.instruments.flatMap(({ id }) =>
    monthOf(before, id) === monthOf(core.config, id) ? [] : [id],
  );
  const unchanged = (slot: StrategySlot): boolean =>
    parametersOf(before.strategies, slot.name) === parametersOf(core.config.strategies, slot.name) &&
    !rolled.some((at) => sees(slot, at));
  // An unchanged strategy keeps its state; one with changed parameters, or that sees another contract, starts over.
  core.slots = buildSlots(core.config).map(
    (fresh) =>
      core.slots.find(
        (slot) => slot.name === fresh.name && slot.instrument.id === fresh.instrument.id && unchanged(slot),
      ) ?? fresh,
  );
  for (const at of rolled) measureAnew(core, at);
  watchQuotes(core);
}

function parametersOf(strategies: Core['config']['strategies'], name: string): string {
  return JSON.stringify(strategies.find((listed) => listed.name === name)?.parameters ?? {});
}
