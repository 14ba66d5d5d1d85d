/** Changes and shows settings of the running desk, and rolls a future, which needs approval. */
import { z } from 'zod';
import { isDurable } from '../../contracts/control.js';
import { type Shape, settingValue } from '../../contracts/json-values.js';
import { approvalSchema, settingsChangeSchema } from '../../contracts/published.js';
import type { TraderStatus } from '../../contracts/trader-status.js';
import {
  changesAsked,
  type RolledContract,
  restOfFile,
  type Setting,
  settingProblems,
  settingsApproversNeeded,
  settingsInForce,
} from '../../desk/desk-settings.js';
import type { DeclaredValue } from '../../domain/declared-value.js';
import { counted } from '../../domain/figure-text.js';
import { messageOf } from '../../domain/message-of.js';
import { monthKey, SETTINGS_APPROVAL, type SettingsProposal } from '../../domain/settings-change.js';
import { readSettingsChanges } from '../../store/settings-changes.js';
import { readStatus } from '../../trader/read-status.js';
import { listApprovals } from '../approvals.js';
import { type Caller, isUnanswered, notKnown, type OperationContext } from '../operation.js';
import { recordAudit } from '../record-audit.js';
import { askForApproval, type SettingsResult } from './ask-for-approval.js';

/** The instruments whose month people may change, from the trader's status. */
const rolledContracts = ({ contracts = [] }: Pick<TraderStatus, 'contracts'>): readonly RolledContract[] =>
  contracts.flatMap(({ symbol, month, choices }) =>
    month === null || choices.length === 0 ? [] : [{ symbol, month, traded: { choices } }],
  );

export interface SettingsRequest {
  /** Only the keys to change, by their path in the desk file. */
  readonly values: Readonly<Record<string, DeclaredValue>>;
  readonly reason: string;
  readonly commandId?: string;
}

const RELOAD_MS = 5_000;

/**
 * Changes settings of the running desk: at once if every change only tightens a limit, otherwise by asking people for
 * exactly these values. All or nothing: a change that tightens one limit and loosens another waits as a whole.
 */
export async function changeSettings(
  context: OperationContext,
  caller: Caller,
  request: SettingsRequest,
): Promise<SettingsResult> {
  const status = await readStatus(context).catch(messageOf);
  if (typeof status === 'string') return traderAway(status);
  const settings = settingsInForce(context.desk, status.settings.changed, rolledContracts(status));
  const problems = settingProblems(context.desk, settings, request.values);
  const result =
    problems.length > 0
      ? refused(`Nothing was changed: ${problems.join(' ')}`, status)
      : await carryOut(context, caller, request, status, settings);
  const audit = await recordAudit(context, caller, {
    action: 'changeSettings',
    parameters: { values: request.values, reason: request.reason, version: status.settings.version + 1 },
    outcome: `${result.state}: ${result.detail}`,
  });
  return audit === null ? result : { ...result, problems: [...result.problems, audit] };
}

const IN_FORCE = 'These settings are in force already.';

async function carryOut(
  context: OperationContext,
  caller: Caller,
  request: SettingsRequest,
  status: TraderStatus,
  settings: readonly Setting[],
): Promise<SettingsResult> {
  const { changes, loosening } = changesAsked(settings, request.values);
  const made = { ...refused('', status), changes, loosening };
  if (changes.length === 0) {
    // What is in force may still not be on disk.
    const asked = await reload(context, caller, request, status);
    return { ...made, ...asked, ...(asked.state === 'applied' ? { detail: IN_FORCE } : {}) };
  }
  if (loosening.length === 0) return { ...made, ...(await reload(context, caller, request, status)) };
  const { incarnation } = status;
  const proposal: SettingsProposal = { incarnation, version: status.settings.version + 1, changes };
  const asked = await askForApproval(context, caller, {
    proposal,
    loosening,
    reason: request.reason,
    needed: settingsApproversNeeded(context.desk),
    simulated: status.marketData.simulated,
  });
  return { ...made, ...asked };
}

async function reload(
  context: OperationContext,
  caller: Caller,
  request: SettingsRequest,
  status: TraderStatus,
): Promise<Partial<SettingsResult>> {
  const params = {
    commandId: request.commandId ?? context.newId(),
    by: caller.person,
    reason: request.reason,
    baseVersion: status.settings.version,
    values: request.values,
    approvalId: '',
    decisions: [],
  };
  try {
    const taken = await context.trader.call('reload', params, { timeoutMs: RELOAD_MS });
    const { detail, configHash, settingsVersion: version } = taken;
    // In force, but a restart of the trader takes it back, as the detail says.
    const state = isDurable(taken) ? 'applied' : 'unknown';
    return { state, detail, configHash, version };
  } catch (error) {
    if (isUnanswered(error)) return { state: 'unknown', detail: notKnown(error).detail };
    return { state: 'refused', detail: `The trader did not take it: ${messageOf(error)}` };
  }
}

const traderAway = (why: string): SettingsResult =>
  refused(`The trader does not answer (${why}).`, null, 'Try again when it does.');

function refused(detail: string, status: TraderStatus | null, doThis?: string): SettingsResult {
  return {
    state: 'refused',
    detail,
    ...(doThis === undefined ? {} : { doThis }),
    changes: [],
    loosening: [],
    version: status?.settings.version ?? null,
    configHash: status?.configHash ?? null,
    approvalId: null,
    workflowId: null,
    problems: [],
  };
}

const anySettingSchema = z.object({
  key: z.string(),
  meaning: z.string(),
  unit: z.string(),
  tighter: z
    .enum(['lower', 'higher', 'neither'])
    .describe(
      'lower: a smaller value applies at once, a larger one by approval; higher: the other way; neither: always by approval',
    ),
  value: settingValue.describe('In force'),
  fileValue: settingValue.describe('As the desk file says'),
});

const settingSchema = z.union([
  anySettingSchema.extend({
    type: z.literal('number').optional(),
    whole: z.boolean(),
    min: z.number(),
    max: z.number(),
  }),
  anySettingSchema.extend({ type: z.literal('choice'), choices: z.array(z.string()) }),
  anySettingSchema.extend({ type: z.literal('text'), maxLength: z.number().describe('Characters') }),
  anySettingSchema.extend({ type: z.enum(['boolean', 'time']).describe('time: of day, HH:MM') }),
]) satisfies z.ZodType<Setting>;

export const settingsSchema = z.object({
  version: z.number().describe('Counts the changes since the journal began; 0: as the desk file says'),
  configHash: z.string(),
  fileConfigHash: z.string(),
  settings: z.array(settingSchema),
  restartOnly: z
    .record(z.string(), z.unknown())
    .describe('The rest of the desk file: needs an edit and a restart'),
  waiting: z.array(approvalSchema).describe('Changes that wait for approval'),
  history: z.array(settingsChangeSchema).describe('Newest first'),
  /** What could not be read, in words. */
  problems: z.array(z.string()),
});
export interface SettingsShown extends Omit<Shape<typeof settingsSchema>, 'settings'> {
  readonly settings: readonly Setting[];
}

/** Rejects with `TraderUnavailable`. Without Postgres, history and approvals are missing, and `problems` says so. */
export async function readSettings(context: OperationContext): Promise<SettingsShown> {
  const { desk, pool } = context;
  const status = await readStatus(context);
  const problems: string[] = [];
  const without =
    (what: string) =>
    (error: unknown): readonly never[] => {
      const why = messageOf(error);
      problems.push(`${what} can't be read: Postgres: ${why}.`);
      return [];
    };
  const [history, approvals] = await Promise.all([
    readSettingsChanges(pool, desk.desk).catch(without('The history of changes')),
    listApprovals(context).catch(without('Approvals')),
  ]);
  const settings = settingsInForce(desk, status.settings.changed, rolledContracts(status));
  return {
    version: status.settings.version,
    configHash: status.configHash,
    fileConfigHash: status.settings.fileConfigHash,
    settings,
    restartOnly: restOfFile(desk, settings),
    waiting: approvals.filter(({ kind, state }) => kind === SETTINGS_APPROVAL && state === 'open'),
    history,
    problems,
  };
}

export interface RollRequest {
  /** Left out: the only instrument of the desk that is rolled. */
  readonly symbol?: string | undefined;
  /** yyyymm; left out: the month that follows. */
  readonly to?: string | undefined;
  readonly reason: string;
}

/**
 * Asks people to let an instrument stand for another month. While the old contract is held, or an order in it
 * rests, this is refused before anybody is asked: the trader would refuse it, too.
 */
export async function rollContract(
  context: OperationContext,
  caller: Caller,
  request: RollRequest,
): Promise<SettingsResult> {
  const status = await readStatus(context).catch(messageOf);
  if (typeof status === 'string') return traderAway(status);
  const found = contractOf(status, request.symbol);
  if ('doThis' in found) return refused(found.detail, status, found.doThis);
  const { symbol, month, next, choices } = found;
  const to = request.to ?? next ?? '';
  if (!choices.includes(to))
    return refused(
      `to: expected one of the months ${choices.join(', ')} for ${symbol}, found ${to}.`,
      status,
      'Give one of them, or leave it out for the one that follows.',
    );
  const held = status.positions.some((position) => position.symbol === symbol);
  const resting = status.orders.filter((order) => order.symbol === symbol).length;
  if (held || resting > 0) {
    const what = held ? `A position in ${symbol} is open` : `${counted(resting, 'open order')} in ${symbol}`;
    return refused(
      `${what}, and it is of the old contract.`,
      status,
      `Close it first (fermata position close ${symbol}), or wait until the session has ended, then roll.`,
    );
  }
  const values = { [monthKey(symbol)]: to };
  const result = await changeSettings(context, caller, { values, reason: request.reason });
  if (result.state !== 'waiting') return result;
  const detail = `${symbol} ${month} → ${to} waits for approval. Until then nothing changes; then the trader starts again with the new contract.`;
  return { ...result, detail };
}

type Contract = NonNullable<TraderStatus['contracts']>[number];

function contractOf(
  { contracts = [] }: TraderStatus,
  symbol: string | undefined,
): Contract | { readonly detail: string; readonly doThis: string } {
  const rolled = contracts.filter(({ choices }) => choices.length > 0);
  const names = rolled.map((contract) => contract.symbol).join(', ');
  if (rolled.length === 0)
    return {
      detail: 'No instrument of this desk is rolled here.',
      doThis:
        'A future is rolled where its desk file has a rule (instruments[].roll) and prices are live. Where it names the month (contractMonth), write the next one there and start the desk again (docs/DESK_FILE.md).',
    };
  const found = symbol === undefined ? rolled : rolled.filter((contract) => contract.symbol === symbol);
  const [only, second] = found;
  if (only === undefined)
    return {
      detail: `symbol: expected one of ${names}, found ${symbol}.`,
      doThis: 'Give it as it is in the desk file.',
    };
  return second === undefined
    ? only
    : {
        detail: `symbol: expected one of ${names}, since several are rolled; found none.`,
        doThis: 'Name one.',
      };
}
