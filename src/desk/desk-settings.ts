/**
 * The part of the desk file that can be changed while the desk trades, with its values in force, and what a change
 * requires.
 */
import type { DeclaredValue } from '../domain/declared-value.js';
import type { SettingChange } from '../domain/settings-change.js';
import {
  needsApproval,
  parameterKey,
  type RolledContract,
  type SettingSpec,
  type SettingsSource,
  type SettingValues,
  settingChanges,
  settingProblem,
  settingSpecs,
  settingValues,
  withChangedLimits,
} from '../engine/settings/setting-specs.js';
import type { Desk } from './schema.js';

export type { RolledContract };

export type Setting = SettingSpec & {
  /** The value in force. */
  readonly value: DeclaredValue;
  readonly fileValue: DeclaredValue;
};

/** `contracts`: the rolled instruments, from the trader, whose journal has the months in force. */
export function settingsSource(
  { risk, strategies, instruments }: Desk,
  contracts: readonly RolledContract[] = [],
): SettingsSource {
  return { risk, strategies, instruments, contracts };
}

/** `changed`: the values changed since, from the trader; `contracts` as for `settingsSource`. */
export function settingsInForce(
  desk: Desk,
  changed: SettingValues,
  contracts: readonly RolledContract[] = [],
): readonly Setting[] {
  const source = settingsSource(desk, contracts);
  const fileValues = settingValues(source);
  return settingSpecs(source).map((spec) => {
    const fileValue = fileValues[spec.key] as DeclaredValue;
    return { ...spec, fileValue, value: changed[spec.key] ?? fileValue };
  });
}

/** The desk file without its settings: what needs an edit and a restart. */
export function restOfFile(desk: Desk, settings: readonly Setting[]): Readonly<Record<string, unknown>> {
  const keys = new Set(settings.map(({ key }) => key));
  const rest = (values: object, keyOf: (name: string) => string) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !keys.has(keyOf(name))));
  const strategies = desk.strategies.map(({ own: _own, ...strategy }) => ({
    ...strategy,
    parameters: rest(strategy.parameters, (name) => parameterKey(strategy.name, name)),
  }));
  return { ...desk, risk: rest(desk.risk, (name) => `risk.${name}`), strategies };
}

/** The limits in force that allow more than the desk file's. People have approved each. */
export function looserThanFile(desk: Desk, changed: SettingValues): readonly Setting[] {
  return changedBeyondFile(desk, changed).filter(({ tighter }) => tighter !== 'neither');
}

/**
 * What trades otherwise than the desk file says, and not merely within tighter limits: a validation of the file says
 * nothing of it.
 */
export function changedBeyondFile(desk: Desk, changed: SettingValues): readonly Setting[] {
  return settingsInForce(desk, changed).filter((setting) =>
    needsApproval(setting, setting.fileValue, setting.value),
  );
}

/** The desk with the limits in force: those of its file with what people have changed since, as the trader tells. */
export function withLimitsInForce<One extends Pick<Desk, 'risk'>>(
  desk: One,
  { changed }: { readonly changed: SettingValues },
): One {
  return { ...desk, risk: withChangedLimits(desk.risk, changed) };
}

/**
 * What `asked` would change, and which of these changes may loosen a limit. Keys that are not settings are left out.
 */
export function changesAsked(
  settings: readonly Setting[],
  asked: SettingValues,
): { readonly changes: readonly SettingChange[]; readonly loosening: readonly SettingChange[] } {
  const known = new Map(settings.map((setting) => [setting.key, setting]));
  const inForce = Object.fromEntries(settings.map(({ key, value }) => [key, value]));
  const changes = settingChanges(inForce, asked);
  const loosens = ({ key, from, to }: SettingChange): boolean => {
    const setting = known.get(key);
    return setting === undefined || needsApproval(setting, from, to);
  };
  return { changes, loosening: changes.filter(loosens) };
}

/** Why the values can't be accepted, each as a sentence; checked before anybody is asked to approve them. */
export function settingProblems(
  desk: Desk,
  settings: readonly Setting[],
  asked: SettingValues,
): readonly string[] {
  if (Object.keys(asked).length === 0) return ['No value was given.'];
  return Object.entries(asked).flatMap(([key, value]) => {
    const setting = settings.find((known) => known.key === key);
    if (setting === undefined) return [unchangeable(desk, key)];
    const problem = settingProblem(setting, value);
    return problem === null ? [] : [`${problem}.`];
  });
}

function unchangeable(desk: Desk, key: string): string {
  if (!isInDeskFile(desk, key)) return `${key} is no setting of this desk.`;
  if (key.endsWith('.enabled'))
    return `${key} is switched with the strategy’s toggle (POST /api/strategies/{name}/toggle).`;
  return `${key} can’t change while the desk runs: open positions are held in its terms. Edit the desk file and restart.`;
}

/** Entries of a list are found by name. */
function isInDeskFile(desk: Desk, key: string): boolean {
  let at: unknown = desk;
  for (const part of key.split('.')) {
    if (typeof at !== 'object' || at === null) return false;
    if (Array.isArray(at)) at = at.find((entry) => (entry as { name?: unknown }).name === part);
    else at = Object.hasOwn(at, part) ? (at as Record<string, unknown>)[part] : undefined;
  }
  return at !== undefined;
}

/**
 * How many approvers a looser value needs: with real money, as many as going live. A single approver has no
 * cooling-off here, because looser settings end the go-live, and the next go-live has one.
 */
export function settingsApproversNeeded({ mode, goLive }: Pick<Desk, 'mode' | 'goLive'>): number {
  return mode === 'live' ? goLive.needed : 1;
}
