/**
 * What people decided also holds elsewhere. For the next account that the desk trades: their stops, the
 * strategies they switched off, a smaller size, tighter limits; nothing that allows more is taken over, since
 * it was approved for another account. For its paper twin: the rules in force on the desk now. For a trader that starts
 * again: stops that the journal of the one before could not take.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { settingsSource } from '../../desk/desk-settings.js';
import type { Desk } from '../../desk/schema.js';
import type { Halt } from '../../domain/mode.js';
import { isMonthKey } from '../../domain/settings-change.js';
import { applyRecord } from '../../engine/apply-record.js';
import type { Engine } from '../../engine/engine.js';
import type { Command } from '../../engine/event.js';
import { stillChanged } from '../../engine/settings/apply-settings.js';
import {
  needsApproval,
  RISK_SPECS,
  type SettingValues,
  settingChanges,
  settingValues,
} from '../../engine/settings/setting-specs.js';
import { createState, type EngineState } from '../../engine/state.js';
import type { EngineView } from '../../engine/view.js';
import { knownHomeOf } from '../../home/installation.js';
import { type DeskPaths, deskPaths, homePaths, installationOf } from '../../home/runtime.js';
import type { Journal } from '../journal/journal.js';
import { readJournal } from '../journal/read-journal.js';
import type { Log } from '../log.js';
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
  await takeOnce(rulesToTakeOver(paths, now), paths.rulesFrom, { runner, journal });
}

/** `file` goes once they are on disk. If the journal can't be written, the desk halts, and the next start takes them. */
async function takeOnce(
  commands: readonly CommandRequest[],
  file: string,
  { runner, journal }: Pick<TakingOver, 'runner' | 'journal'>,
): Promise<void> {
  for (const command of commands) await runner.command(command);
  await journal.whenDurable(journal.lastSequence).then(
    () => rmSync(file, { force: true }),
    () => undefined,
  );
}

function rulesToTakeOver(paths: RulePaths, now: RulesInForce): readonly CommandRequest[] {
  const from = rulesToTakeOverFrom(paths);
  if (from === null) return [];
  const state = createState();
  for (const { record } of readJournal(join(paths.restingAccounts, from, 'journal')))
    applyRecord(state, record);
  return [...stops(state), ...switchedOff(state, now), ...smaller(state, now), ...tighter(state, now)].map(
    (rule, index) => ({
      ...rule,
      commandId: `rules-of-${from}-${index}`,
      reason: `${rule.reason} (said ${whenSaid(from)})`,
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

/** Where the journal can't take them: the trader's next start has them in this file, if that disk is in order. */
export function keepStops(file: string, halts: readonly Halt[]): void {
  try {
    writeFileSync(file, JSON.stringify(stops({ halts })), { mode: 0o600 });
  } catch {
    // The answer to the stop says in any case that it is to be given again.
  }
}

/** Runs before anybody can arm the desk. */
export async function takeKeptStops(file: string, taking: Omit<TakingOver, 'paths' | 'desk'>): Promise<void> {
  if (!existsSync(file)) return;
  const known = stops(taking.engine.view).map(({ by, reason }) => `${by} ${reason}`);
  const kept = keptIn(file).filter(({ by, reason }) => !known.includes(`${by} ${reason}`));
  const after = taking.journal.lastSequence;
  const commands = kept.map((rule, index) => ({ commandId: `kept-${after}-${index}`, ...rule }));
  await takeOnce(commands, file, taking);
}

/** One that was cut off was written by a stop, too. */
function keptIn(file: string): readonly Rule[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Rule[];
  } catch {
    const why = { cause: 'person', resume: 'person' } as const;
    return [{ by: 'not known', reason: 'a stop that was not on disk', command: { name: 'stop', why } }];
  }
}

function stops({ halts }: Pick<EngineView, 'halts'>): Rule[] {
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

interface Twin {
  readonly desk: Desk;
  readonly home: string;
  readonly engine: Engine;
  readonly runner: Pick<Runner, 'command'>;
  readonly log: Log;
  readonly nowMs: number;
  /** Its account is new: what people switched off is taken over once, so it can be observed here. */
  readonly isFirst: boolean;
}

/**
 * A paper twin trades by the rules in force on its desk now, not only by the desk file: changed settings,
 * position size, the limits of a go-live. All of them are in the desk's journal, which is only read. Runs at
 * each start, before anybody can arm the twin. A no-op on a desk that is not a twin.
 */
export async function takeDeskRules({ desk, home, engine, runner, log, ...at }: Twin): Promise<void> {
  const { twinOf } = desk;
  if (twinOf === undefined) return;
  const state = stateOfDesk(home, twinOf);
  if (state === null)
    return log('warn', `nothing is known of ${twinOf} here: its twin goes by the desk file`);
  const commands = [
    ...settingsOnDesk(state, desk, engine.view.settings),
    ...sizeOnDesk(state, engine.view.sizeFactorPpm),
    ...(at.isFirst ? switchedOffByPeople(state, engine.view.strategies) : []),
  ];
  for (const [index, command] of commands.entries()) {
    const asked = { by: 'fermata', reason: `as it is on ${twinOf}`, command };
    const outcome = await runner.command({ commandId: `twin-of-${twinOf}-${at.nowMs}-${index}`, ...asked });
    if (!outcome.ok) log('warn', `not as it is on ${twinOf}: ${outcome.message}`);
  }
}

function stateOfDesk(home: string, desk: string): EngineState | null {
  const place = knownHomeOf(installationOf(home), desk);
  const journal = place === null ? '' : deskPaths(homePaths(place), desk).journal;
  if (!existsSync(journal)) return null;
  const state = createState();
  for (const { record } of readJournal(journal)) applyRecord(state, record);
  return state;
}

/** Includes settings set back to the file's value on the desk. Each account has its own months of futures. */
function settingsOnDesk(
  { settings, goLive }: EngineState,
  desk: Desk,
  { version, changed }: { readonly version: number; readonly changed: SettingValues },
): Command[] {
  const source = settingsSource(desk);
  const file = settingValues(source);
  const wanted = Object.entries({ ...file, ...stillChanged(settings, source) }).filter(
    ([key]) => !isMonthKey(key),
  );
  const granted: SettingValues =
    goLive === null
      ? {}
      : Object.fromEntries(Object.entries(goLive.size).map(([key, most]) => [`risk.${key}`, most]));
  const bounded = wanted.map(([key, value]) => [key, atMost(value, granted[key])] as const);
  const changes = settingChanges({ ...file, ...changed }, Object.fromEntries(bounded));
  if (changes.length === 0) return [];
  const values = Object.fromEntries(changes.map(({ key, to }) => [key, to]));
  const approvedBy = [`who approved it on ${desk.twinOf}`];
  return [{ name: 'reload', baseVersion: version, values, approvedBy }];
}

const atMost = (value: SettingValues[string], most: SettingValues[string] | undefined) =>
  typeof value === 'number' && typeof most === 'number' ? Math.min(value, most) : value;

function sizeOnDesk({ sizeFactorPpm }: EngineState, now: number): Command[] {
  return sizeFactorPpm === now ? [] : [{ name: 'resize', sizeFactorPpm, authorised: true }];
}

/** Switched off by people. One switched off after losses trades here: nobody decided against it. */
function switchedOffByPeople(
  { tracks }: EngineState,
  strategies: readonly { readonly name: string; readonly enabled: boolean }[],
): Command[] {
  return strategies.flatMap(({ name, enabled }): Command[] =>
    enabled && tracks.get(name)?.off?.automatic === false
      ? [{ name: 'toggle', strategy: name, enabled: false }]
      : [],
  );
}
