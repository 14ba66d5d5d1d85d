/**
 * Changes settings while the desk runs. A tighter value applies at once; one that loosens anything needs
 * approval.
 */
import type { DeclaredValue } from '../../domain/declared-value.js';
import type { InstrumentId } from '../../domain/instrument.js';
import { openChoices } from '../../domain/sessions/contract-months.js';
import { changesText, isMonthKey, monthKey, type SettingChange } from '../../domain/settings-change.js';
import { type Core, commit, instrumentAt, markAllChanged } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { haltOnLoss } from '../flow/equity.js';
import { rollObstacle } from '../flow/expiry.js';
import { cancelOrder } from '../orders/change-order.js';
import { endWaiting } from '../orders/end-waiting.js';
import { bringIntoForce, effectiveConfig, effectiveHash } from '../settings/apply-settings.js';
import {
  needsApproval,
  type SettingSpec,
  type SettingValues,
  settingChanges,
  settingProblem,
  settingSpecs,
  settingValues,
} from '../settings/setting-specs.js';
import { voidGoLive } from './live-permission.js';
import { done, refused } from './outcome.js';

type Reload = Extract<Command, { readonly name: 'reload' }>;

export function reload(core: Core, command: Reload, event: CommandEvent): CommandOutcome {
  const { changed: before } = core.state.settings;
  // The bound of a go-live is left out: it is not a setting and always applies.
  const inForce = settingValues(effectiveConfig(core.base, before, null));
  const changes = settingChanges(inForce, command.values);
  const problems = problemsOf(core, command.values);
  if (problems.length > 0)
    return refused('bad-setting', problems.join('; '), 'correct the values; nothing was changed');
  // Checked before the version: a request whose answer was lost may be in force already.
  if (changes.length === 0) return done(core, 'these settings are in force already');
  const { version } = core.state.settings;
  if (command.baseVersion !== version) {
    const message = `the change was made for version ${command.baseVersion} of the settings, in force is ${version}`;
    return refused('settings-changed', message, 'look at the settings as they are now and change those');
  }
  const specs = new Map(settingSpecs(core.config).map((spec) => [spec.key, spec]));
  const loosening = changes.filter(({ key, from, to }) => needsApproval(specOf(specs, key), from, to));
  if (loosening.length > 0 && command.approvedBy.length === 0) {
    return refused(
      'approval-needed',
      `${changesText(loosening)}: this may allow more than now`,
      'have the change approved',
    );
  }
  const unready = notFlat(core, changes);
  if (unready !== null) return unready;
  takeIn(core, command, event, changes);
  if (loosening.some(({ key }) => !isMonthKey(key)) && core.state.goLive !== null)
    voidGoLive(core, event.by, 'the settings were loosened since');
  return done(core, `settings version ${core.state.settings.version}: ${changesText(changes)}`);
}

function problemsOf(core: Core, values: SettingValues): string[] {
  const specs = new Map(settingSpecs(core.config).map((spec) => [spec.key, spec]));
  return Object.entries(values).flatMap(([key, value]) => {
    const spec = specs.get(key);
    const problem =
      spec === undefined
        ? `${key} can't be changed while the desk runs`
        : (settingProblem(spec, value) ?? monthProblem(core, key, value));
    return problem === null ? [] : [problem];
  });
}

/** Null: the key is not a contract month, or the month can still be entered. */
function monthProblem(core: Core, key: string, value: DeclaredValue): string | null {
  const contract = core.config.contracts?.find((one) => one !== null && monthKey(one.symbol) === key);
  if (contract == null) return null;
  const open = openChoices(contract.traded, core.marketMs);
  return open.some((month) => month === value)
    ? null
    : `${key}: expected one of ${open.join(', ')}, found ${value}, whose roll day is over`;
}

/** Positions and orders belong to one contract month: a roll would move them to another. */
function notFlat(core: Core, changes: readonly SettingChange[]): CommandOutcome | null {
  for (const { id, symbol } of core.config.instruments) {
    const change = changes.find(({ key }) => key === monthKey(symbol));
    const obstacle = change === undefined ? null : rollObstacle(core, id);
    if (obstacle !== null)
      return refused(
        'not-flat',
        `${obstacle}: it is not rolled to ${change?.to}, and still stands for ${change?.from}`,
        'close the position and let its orders end (fermata close-all, or wait for the end of the session), then roll again',
      );
  }
  return null;
}

function specOf(specs: ReadonlyMap<string, SettingSpec>, key: string): SettingSpec {
  const spec = specs.get(key);
  if (spec === undefined) throw new RangeError(`no setting ${key}`);
  return spec;
}

function takeIn(core: Core, command: Reload, event: CommandEvent, changes: readonly SettingChange[]): void {
  const fileValues = settingValues(core.base);
  const asked = { ...core.state.settings.changed, ...command.values };
  const changed = Object.fromEntries(Object.entries(asked).filter(([key, to]) => fileValues[key] !== to));
  commit(core, {
    type: 'settings',
    version: core.state.settings.version + 1,
    changes,
    changed,
    fileValues: Object.fromEntries(
      Object.keys(changed).map((key) => [key, fileValues[key] as DeclaredValue]),
    ),
    configHash: effectiveHash(core.base.configHash, changed),
    by: event.by,
    reason: event.reason,
    approvedBy: command.approvedBy,
    marketMs: core.marketMs,
  });
  bringIntoForce(core, changed);
  cancelEntries(core, changes);
  haltOnLoss(core);
  markAllChanged(core);
}

/** Entries were sized and approved under the old limits. A roll changes none, and concerns its instrument alone. */
function cancelEntries(core: Core, changes: readonly SettingChange[]): void {
  const onlyRolls = changes.every(({ key }) => isMonthKey(key));
  const isConcerned = (at: InstrumentId): boolean =>
    !onlyRolls || changes.some(({ key }) => key === monthKey(instrumentAt(core, at).symbol));
  endWaiting(core, 'the settings changed', ({ instrument }) => isConcerned(instrument));
  for (const orders of core.state.live) {
    for (const entry of [...orders.values()]) {
      const { purpose, instrument } = entry.intent;
      if (purpose === 'entry' && isConcerned(instrument)) cancelOrder(core, entry, 'the settings changed');
    }
  }
}
