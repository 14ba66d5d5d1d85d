/**
 * What can change while the desk trades, and the safe direction of each setting. Everything else needs a
 * restart: it decides what is traded, where and with what, and positions are held in those terms.
 */
import {
  type DeclaredValue,
  isWithin,
  type NumberRange,
  rangeText,
  type ValueRange,
  valueText,
} from '../../domain/declared-value.js';
import type { Instrument } from '../../domain/instrument.js';
import type { ContractTerms } from '../../domain/sessions/contract-months.js';
import type { ContractMonth } from '../../domain/sessions/contract-series.js';
import { monthKey, type SettingChange } from '../../domain/settings-change.js';
import { mostOf } from '../../limits/most-of.js';
import { LIMITS, type RiskKey, type RiskNumbers } from '../../limits/registry.js';
import type { StrategyConfig } from '../config.js';
import { declaredOf } from '../strategies/registry.js';

interface AnySetting {
  readonly key: string;
  readonly meaning: string;
  readonly unit: string;
  /**
   * The direction that only restricts. `neither`: neither direction is safe by itself, so every change needs
   * approval.
   */
  readonly tighter: 'lower' | 'higher' | 'neither';
}

type LimitSpec = AnySetting & NumberRange;
export type SettingSpec = AnySetting & ValueRange;

/** The parts of a desk that contain settings. */
export interface SettingsSource {
  readonly risk: RiskNumbers;
  readonly strategies: readonly StrategyConfig[];
  readonly instruments: readonly Pick<Instrument, 'kind'>[];
  /** Instruments that roll from month to month. */
  readonly contracts?: readonly (RolledContract | null)[];
}

export interface RolledContract {
  readonly symbol: string;
  /** In force. */
  readonly month: ContractMonth;
  readonly traded: Pick<ContractTerms, 'choices'>;
}

/** If the desk file names the month, it is not a setting. */
const isRolled = <One extends Pick<RolledContract, 'traded'>>(contract: One | null): contract is One =>
  contract !== null && contract.traded.choices.length > 0;

export type SettingValues = Readonly<Record<string, DeclaredValue>>;

/** Settings of the limits. Tightening one only makes it refuse more. */
export const RISK_SPECS: readonly LimitSpec[] = LIMITS.map(({ setting }) => {
  const { key, meaning, unit, whole, min, max, tighter } = setting;
  return { key: riskKey(key), meaning, unit, whole, min, max, tighter };
});

function riskKey(key: RiskKey): string {
  return `risk.${key}`;
}

export function parameterKey(strategy: string, parameter: string): string {
  return `strategies.${strategy}.parameters.${parameter}`;
}

/** A limit that the desk file leaves out is not a setting; to add it, edit the file. */
export function settingSpecs({
  risk,
  strategies,
  instruments,
  contracts = [],
}: SettingsSource): readonly SettingSpec[] {
  const inFile = LIMITS.filter(({ setting }) => risk[setting.key] !== undefined);
  const most = new Map(inFile.map(({ setting }) => [riskKey(setting.key), mostOf(setting, instruments)]));
  const parameters = strategies.flatMap((strategy) =>
    (declaredOf(strategy)?.parameters ?? []).map(
      ({ name, meaning, default: _default, environment: _environment, ...range }): SettingSpec => ({
        key: parameterKey(strategy.name, name),
        meaning,
        unit: '',
        ...range,
        tighter: 'neither',
      }),
    ),
  );
  const limits = RISK_SPECS.flatMap((spec) => {
    const max = most.get(spec.key);
    return max === undefined ? [] : [{ ...spec, max }];
  });
  const months = contracts.filter(isRolled).map(
    ({ symbol, traded: { choices } }): SettingSpec => ({
      key: monthKey(symbol),
      meaning: `month that ${symbol} stands for`,
      unit: '',
      type: 'choice',
      choices,
      tighter: 'neither',
    }),
  );
  return [...limits, ...parameters, ...months];
}

/** The value of every key in `source`, with defaults filled in. */
export function settingValues({
  risk,
  strategies,
  contracts = [],
}: Omit<SettingsSource, 'instruments'>): SettingValues {
  const values: Record<string, DeclaredValue> = {};
  for (const { setting } of LIMITS) {
    const value = risk[setting.key];
    if (value !== undefined) values[riskKey(setting.key)] = value;
  }
  for (const strategy of strategies) {
    for (const spec of declaredOf(strategy)?.parameters ?? [])
      values[parameterKey(strategy.name, spec.name)] = strategy.parameters[spec.name] ?? spec.default;
  }
  for (const { symbol, month } of contracts.filter(isRolled)) values[monthKey(symbol)] = month;
  return values;
}

/** The limits with the settings changed since. */
export function withChangedLimits<Risk extends RiskNumbers>(risk: Risk, changed: SettingValues): Risk {
  const values = Object.entries(risk).map(([key, value]) => [key, changed[`risk.${key}`] ?? value]);
  return Object.fromEntries(values) as Risk;
}

/** The requested values that differ from those in force. Unknown keys are left to the caller. */
export function settingChanges(inForce: SettingValues, asked: SettingValues): SettingChange[] {
  return Object.entries(asked)
    .flatMap(([key, to]) => {
      const from = inForce[key];
      return from === undefined || from === to ? [] : [{ key, from, to }];
    })
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** True if the change allows, or may allow, something that was not allowed before. */
export function needsApproval({ tighter }: SettingSpec, from: DeclaredValue, to: DeclaredValue): boolean {
  if (tighter === 'neither' || typeof from !== 'number' || typeof to !== 'number') return to !== from;
  return tighter === 'lower' ? to > from : to < from;
}

/** Null: the value is acceptable. Otherwise what was expected. */
export function settingProblem(spec: SettingSpec, value: DeclaredValue): string | null {
  return isWithin(spec, value) ? null : `${spec.key}: expected ${rangeText(spec)}, found ${valueText(value)}`;
}
