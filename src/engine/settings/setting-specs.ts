/**
 * What can be changed while the desk trades, and which direction of each is the safe one. What is not here needs a
 * restart: it decides what is traded, where, or with what, and positions are held in its terms.
 */
import type { SettingChange } from '../../domain/settings-change.js';
import type { RiskNumbers, StrategyConfig } from '../config.js';
import { STRATEGIES } from '../strategies/registry.js';

export interface SettingSpec {
  readonly key: string;
  readonly meaning: string;
  readonly unit: string;
  readonly whole: boolean;
  readonly min: number;
  readonly max: number;
  /** `lower`: a smaller value only ever allows less. `neither`: no direction is safe by itself, each change is approved. */
  readonly tighter: 'lower' | 'neither';
}

/** The part of a desk that settings are made of. */
export interface SettingsSource {
  readonly risk: RiskNumbers;
  readonly staleMs: number;
  readonly strategies: readonly StrategyConfig[];
}

export type SettingValues = Readonly<Record<string, number>>;

const percent = { unit: '%', whole: false, min: 0.01, max: 100, tighter: 'lower' } as const;

/** Every limit of the risk gate only refuses more when its number is smaller. */
export const RISK_SPECS: readonly SettingSpec[] = [
  { key: 'risk.maxPositionSizePct', meaning: 'Largest position, percent of equity', ...percent },
  {
    key: 'risk.maxConcurrentPositions',
    meaning: 'Most positions open at a time',
    unit: '',
    whole: true,
    min: 1,
    max: 1000,
    tighter: 'lower',
  },
  { key: 'risk.stopLossPct', meaning: 'Farthest protective stop, percent of the price', ...percent },
  {
    key: 'risk.dailyLossLimitPct',
    meaning: 'Loss of a day that halts, percent of its first equity',
    ...percent,
  },
  { key: 'risk.maxDrawdownPct', meaning: 'Fall of equity from its peak that halts, percent', ...percent },
  {
    key: 'risk.staleDataSeconds',
    meaning: 'Age of the last quote past which the desk halts',
    unit: 's',
    whole: false,
    min: 2,
    max: 3600,
    tighter: 'lower',
  },
];

export function parameterKey(strategy: string, parameter: string): string {
  return `strategies.${strategy}.parameters.${parameter}`;
}

export function settingSpecs({ strategies }: Pick<SettingsSource, 'strategies'>): readonly SettingSpec[] {
  const parameters = strategies.flatMap(({ name, kind }) =>
    (STRATEGIES.get(kind)?.parameters ?? []).map(
      (spec): SettingSpec => ({
        key: parameterKey(name, spec.name),
        meaning: spec.meaning,
        unit: '',
        whole: spec.whole,
        min: spec.min,
        max: spec.max,
        tighter: 'neither',
      }),
    ),
  );
  return [...RISK_SPECS, ...parameters];
}

/** The value of every key as `source` has it, defaults filled in. */
export function settingValues({ risk, staleMs, strategies }: SettingsSource): SettingValues {
  const values: Record<string, number> = {
    'risk.maxPositionSizePct': risk.maxPositionSizePct,
    'risk.maxConcurrentPositions': risk.maxConcurrentPositions,
    'risk.stopLossPct': risk.stopLossPct,
    'risk.dailyLossLimitPct': risk.dailyLossLimitPct,
    'risk.maxDrawdownPct': risk.maxDrawdownPct,
    'risk.staleDataSeconds': staleMs / 1000,
  };
  for (const { name, kind, parameters } of strategies) {
    for (const spec of STRATEGIES.get(kind)?.parameters ?? []) {
      values[parameterKey(name, spec.name)] = parameters[spec.name] ?? spec.default;
    }
  }
  return values;
}

/** Of the values asked for, those that are not in force; keys that nobody knows are left to the caller. */
export function settingChanges(inForce: SettingValues, asked: SettingValues): SettingChange[] {
  return Object.entries(asked)
    .flatMap(([key, to]) => {
      const from = inForce[key];
      return from === undefined || from === to ? [] : [{ key, from, to }];
    })
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** True where the change allows something that was not allowed before, or may. */
export function needsApproval(spec: SettingSpec, from: number, to: number): boolean {
  return spec.tighter === 'neither' ? to !== from : to > from;
}

/** Null where the value may stand; else what was expected. */
export function settingProblem(spec: SettingSpec, value: number): string | null {
  const fits = value >= spec.min && value <= spec.max && (!spec.whole || Number.isInteger(value));
  if (fits) return null;
  const kind = spec.whole ? 'a whole number' : 'a number';
  return `${spec.key}: expected ${kind} from ${spec.min} to ${spec.max}, found ${value}`;
}
