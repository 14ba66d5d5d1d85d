/**
 * A paper twin trades by the rules in force on its desk now, not only by the desk file: changed settings,
 * position size, the limits of a go-live. All of them are in the desk's journal, which is only read.
 */
import { existsSync } from 'node:fs';
import { settingsSource } from '../../desk/desk-settings.js';
import type { Desk } from '../../desk/schema.js';
import { isMonthKey } from '../../domain/settings-change.js';
import { applyRecord } from '../../engine/apply-record.js';
import type { Engine } from '../../engine/engine.js';
import type { Command } from '../../engine/event.js';
import { stillChanged } from '../../engine/settings/apply-settings.js';
import { type SettingValues, settingChanges, settingValues } from '../../engine/settings/setting-specs.js';
import { createState, type EngineState } from '../../engine/state.js';
import { knownHomeOf } from '../../home/installation.js';
import { deskPaths, homePaths, installationOf } from '../../home/runtime.js';
import { readJournal } from '../journal/read-journal.js';
import type { Log } from '../log.js';
import type { Runner } from '../running/runner.js';

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

/** Runs at each start, before anybody can arm the twin. A no-op on a desk that is not a twin. */
export async function takeDeskRules({ desk, home, engine, runner, log, ...at }: Twin): Promise<void> {
  const { twinOf } = desk;
  if (twinOf === undefined) return;
  const state = stateOf(home, twinOf);
  if (state === null)
    return log('warn', `nothing is known of ${twinOf} here: its twin goes by the desk file`);
  const commands = [
    ...settingsOf(state, desk, engine.view.settings),
    ...sizeOf(state, engine.view.sizeFactorPpm),
    ...(at.isFirst ? switchedOff(state, engine.view.strategies) : []),
  ];
  for (const [index, command] of commands.entries()) {
    const outcome = await runner.command({
      commandId: `twin-of-${twinOf}-${at.nowMs}-${index}`,
      by: 'fermata',
      reason: `as it is on ${twinOf}`,
      command,
    });
    if (!outcome.ok) log('warn', `not as it is on ${twinOf}: ${outcome.message}`);
  }
}

function stateOf(home: string, desk: string): EngineState | null {
  const place = knownHomeOf(installationOf(home), desk);
  const journal = place === null ? '' : deskPaths(homePaths(place), desk).journal;
  if (!existsSync(journal)) return null;
  const state = createState();
  for (const { record } of readJournal(journal)) applyRecord(state, record);
  return state;
}

/** Includes settings set back to the file's value on the desk. Each account has its own months of futures. */
function settingsOf(
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

function sizeOf({ sizeFactorPpm }: EngineState, now: number): Command[] {
  return sizeFactorPpm === now ? [] : [{ name: 'resize', sizeFactorPpm, authorised: true }];
}

/** Switched off by people. One switched off after losses trades here: nobody decided against it. */
function switchedOff(
  { tracks }: EngineState,
  strategies: readonly { readonly name: string; readonly enabled: boolean }[],
): Command[] {
  return strategies.flatMap(({ name, enabled }): Command[] =>
    enabled && tracks.get(name)?.off?.automatic === false
      ? [{ name: 'toggle', strategy: name, enabled: false }]
      : [],
  );
}
