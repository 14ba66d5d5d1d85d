/** Changed settings: the configuration that follows from them, and how it comes into force. */

import { createHash } from 'node:crypto';
import type { SizePlan } from '../../domain/go-live-terms.js';
import type { InstrumentId } from '../../domain/instrument.js';
import { isMonthKey, monthKey } from '../../domain/settings-change.js';
import { buildLimits } from '../../limits/loss-floors.js';
import type { EngineConfig, InstrumentContract } from '../config.js';
import { type Core, setSlots, watchLosses } from '../core.js';
import { measureAnew } from '../flow/split.js';
import type { SettingsState } from '../state.js';
import { watchQuotes } from '../strategies/between-bars.js';
import { buildSlots, type StrategySlot, sees } from '../strategies/strategy-slot.js';
import {
  needsApproval,
  parameterKey,
  type SettingsSource,
  type SettingValues,
  settingProblem,
  settingSpecs,
  settingValues,
  withChangedLimits,
} from './setting-specs.js';

/**
 * Puts changed settings into force: configuration, loss limits, and the strategies whose parameters changed.
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
  const slots = buildSlots(core.config).map(
    (fresh) =>
      core.slots.find(
        (slot) => slot.name === fresh.name && slot.instrument.id === fresh.instrument.id && unchanged(slot),
      ) ?? fresh,
  );
  setSlots(core, slots);
  for (const at of rolled) measureAnew(core, at);
  watchQuotes(core);
}

function parametersOf(strategies: Core['config']['strategies'], name: string): string {
  return JSON.stringify(strategies.find((listed) => listed.name === name)?.parameters ?? {});
}

/**
 * The configuration that the engine trades by: the desk file plus the settings changed since.
 * `changed`: keys whose value differs from the desk file. `granted`: the size that a go-live allows; null: no
 * bound.
 */
export function effectiveConfig(
  base: EngineConfig,
  changed: SettingValues,
  granted: SizePlan | null,
): EngineConfig {
  const config =
    Object.keys(changed).length === 0
      ? base
      : { ...base, ...withChanges(base, changed), configHash: effectiveHash(base.configHash, changed) };
  if (granted === null) return config;
  const { risk } = config;
  const maxPositionSizePct = Math.min(risk.maxPositionSizePct, granted.maxPositionSizePct);
  const maxConcurrentPositions = Math.min(risk.maxConcurrentPositions, granted.maxConcurrentPositions);
  return { ...config, risk: { ...risk, maxPositionSizePct, maxConcurrentPositions } };
}

function withChanges(
  source: EngineConfig,
  changed: SettingValues,
): Pick<EngineConfig, 'risk' | 'strategies' | 'contracts'> {
  return {
    risk: withChangedLimits(source.risk, changed),
    strategies: source.strategies.map((strategy) => ({
      ...strategy,
      parameters: { ...strategy.parameters, ...changedParameters(strategy.name, changed) },
    })),
    ...(source.contracts === undefined
      ? {}
      : { contracts: source.contracts.map((contract) => inForce(contract, changed)) }),
  };
}

function inForce(contract: InstrumentContract | null, changed: SettingValues): InstrumentContract | null {
  const month = contract === null ? undefined : changed[monthKey(contract.symbol)];
  if (contract === null || typeof month !== 'string') return contract;
  const traded = contract.following?.find((terms) => terms.month === month) ?? contract.traded;
  return { ...contract, month, traded };
}

function changedParameters(strategy: string, changed: SettingValues): SettingValues {
  const prefix = parameterKey(strategy, '');
  const own = Object.entries(changed).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
}

/**
 * The desk file's own hash if nothing has changed, else a hash over the file and the changes. The month that
 * a future was rolled to is left out: approvals for this configuration stay valid for the next contract.
 */
export function effectiveHash(fileHash: string, changed: SettingValues): string {
  const configured = Object.entries(changed).filter(([key]) => !isMonthKey(key));
  const entries = configured.sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return fileHash;
  return createHash('sha256')
    .update(JSON.stringify([fileHash, entries]))
    .digest('hex');
}

/**
 * The changes that still apply to this desk file. Where the file itself was edited, the edit wins; every other key stays
 * as set, unless an edited strategy, or a limit of what is traded now, no longer accepts the value.
 */
export function stillChanged({ changed, fileValues }: SettingsState, file: SettingsSource): SettingValues {
  const now = settingValues(file);
  const specs = new Map(settingSpecs(file).map((spec) => [spec.key, spec]));
  const kept = Object.entries(changed).filter(([key, value]) => {
    const inFile = now[key];
    if (inFile === undefined || inFile !== fileValues[key]) return false;
    const spec = isMonthKey(key) ? undefined : specs.get(key);
    // One that only tightened never gives way to a looser one.
    return spec === undefined || settingProblem(spec, value) === null || !needsApproval(spec, inFile, value);
  });
  return Object.fromEntries(kept);
}
