/**
 * What people decided for the desk also holds for the next account that it trades: their stops, the
 * strategies they switched off, a smaller size, tighter limits. Nothing that allows more is taken over: it
 * was approved for another account.
 */
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { settingsSource } from '../../desk/desk-settings.js';
import type { Desk } from '../../desk/schema.js';
import { applyRecord } from '../../engine/apply-record.js';
import type { Engine } from '../../engine/engine.js';
import type { Command } from '../../engine/event.js';
import {
  needsApproval,
  RISK_SPECS,
  type SettingValues,
  settingValues,
} from '../../engine/settings/setting-specs.js';
import { createState, type EngineState } from '../../engine/state.js';
import type { DeskPaths } from '../../home/runtime.js';
import type { Journal } from '../journal/journal.js';
import { readJournal } from '../journal/read-journal.js';
import type { CommandRequest, Runner } from '../running/runner.js';
import { rulesToTakeOverFrom } from './paper-accounts.js';

type RulePaths = Pick<DeskPaths, 'restingAccounts' | 'rulesFrom'>;

/** The rules that apply to the account in use. */
interface RulesInForce {
  readonly sizeFactorPpm: number;
  readonly settingsVersion: number;
  readonly settings: SettingValues;
  readonly strategies: readonly { readonly name: string; readonly enabled: boolean }[];
}

interface TakingOver {
  readonly paths: RulePaths;
  readonly desk: Desk;
  readonly engine: Engine;
  readonly runner: Pick<Runner, 'command'>;
  readonly journal: Journal;
}

/** Runs before anybody can arm the desk, and again at the next start if this one ends in the middle of it. */
export async function takeOverRules({ paths, desk, engine, runner, journal }: TakingOver): Promise<void> {
  const { settings, sizeFactorPpm, strategies } = engine.view;
  const inForce = { ...settingValues(settingsSource(desk)), ...settings.changed };
  const now = { settingsVersion: settings.version, settings: inForce, sizeFactorPpm, strategies };
  for (const command of rulesToTakeOver(paths, now)) await runner.command(command);
  // If the journal can't be written, the desk halts by itself, and the next start takes over the rules.
  await journal.whenDurable(journal.lastSequence).then(
    () => rmSync(paths.rulesFrom, { force: true }),
    () => undefined,
  );
}

function rulesToTakeOver(paths: RulePaths, now: RulesInForce): readonly CommandRequest[] {
  const from = rulesToTakeOverFrom(paths);
  if (from === null) return [];
  const state = createState();
  for (const { record } of readJournal(join(paths.restingAccounts, from, 'journal')))
    applyRecord(state, record);
  const when = whenSaid(from);
  return [...stops(state), ...switchedOff(state, now), ...smaller(state, now), ...tighter(state, now)].map(
    ({ by, reason, command }, index) => ({
      commandId: `rules-of-${from}-${index}`,
      by,
      reason: `${reason} (said ${when})`,
      command,
    }),
  );
}

/** A restore or a reset of the paper account leaves the previous account next to those set aside. */
function whenSaid(from: string): string {
  if (!from.startsWith('..')) return `while the desk traded on ${from}`;
  return basename(from).startsWith('before-reset-')
    ? 'before the paper account was reset'
    : 'before the desk was restored from a backup';
}

type Rule = { readonly by: string; readonly reason: string; readonly command: Command };

function stops({ halts }: EngineState): Rule[] {
  return halts.flatMap(({ cause, by, reason, resume }): Rule[] => {
    if (cause === 'kill') return [{ by, reason, command: { name: 'kill' } }];
    if (cause !== 'person') return [];
    const byPeople = resume === 'two-people' ? resume : 'person';
    return [{ by, reason, command: { name: 'stop', why: { cause, resume: byPeople } } }];
  });
}

function switchedOff({ tracks }: EngineState, { strategies }: RulesInForce): Rule[] {
  return strategies.flatMap(({ name, enabled }): Rule[] => {
    const off = tracks.get(name)?.off ?? null;
    if (!enabled || off === null || off.automatic) return [];
    return [{ ...off, command: { name: 'toggle', strategy: name, enabled: false } }];
  });
}

function smaller({ sizeFactorPpm }: EngineState, now: RulesInForce): Rule[] {
  if (sizeFactorPpm >= now.sizeFactorPpm) return [];
  const command = { name: 'resize', sizeFactorPpm, authorised: false } as const;
  return [{ by: 'fermata', reason: 'the position size that was chosen', command }];
}

function tighter({ settings: { changed } }: EngineState, now: RulesInForce): Rule[] {
  const values = RISK_SPECS.flatMap((spec) => {
    const value = changed[spec.key];
    const inForce = now.settings[spec.key];
    if (value === undefined || inForce === undefined || value === inForce) return [];
    return needsApproval(spec, inForce, value) ? [] : [[spec.key, value] as const];
  });
  if (values.length === 0) return [];
  const command = {
    name: 'reload',
    baseVersion: now.settingsVersion,
    values: Object.fromEntries(values),
    approvedBy: [],
  } as const;
  return [{ by: 'fermata', reason: 'the tighter limits that were chosen', command }];
}
