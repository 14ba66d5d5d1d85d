import type { TraderStatus } from '../../contracts/trader-status.js';
import {
  changesAsked,
  type RolledContract,
  type Setting,
  settingProblems,
  settingsApproversNeeded,
  settingsInForce,
} from '../../desk/desk-settings.js';
import type { DeclaredValue } from '../../domain/declared-value.js';
import { messageOf } from '../../domain/message-of.js';
import type { SettingsProposal } from '../../domain/settings-change.js';
import { readStatus } from '../../trader/read-status.js';
import { type Caller, isUnanswered, notKnown, type OperationContext } from '../operation.js';
import { recordAudit } from '../record-audit.js';
import { askForApproval, type SettingsResult } from './ask-for-approval.js';

/** The instruments whose month people may change, from a trader's status. */
export const rolledContracts = ({
  contracts = [],
}: Pick<TraderStatus, 'contracts'>): readonly RolledContract[] =>
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
  if (typeof status === 'string')
    return refused(`The trader does not answer (${status}). Nothing was changed. Try again when it does.`);
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

async function carryOut(
  context: OperationContext,
  caller: Caller,
  request: SettingsRequest,
  status: TraderStatus,
  settings: readonly Setting[],
): Promise<SettingsResult> {
  const { changes, loosening } = changesAsked(settings, request.values);
  if (changes.length === 0) {
    return { ...refused('These settings are in force already.', status), state: 'applied' };
  }
  const made = { ...refused('', status), changes, loosening };
  if (loosening.length === 0) return { ...made, ...(await reload(context, caller, request, status)) };
  const { incarnation } = status;
  const proposal: SettingsProposal = { incarnation, version: status.settings.version + 1, changes };
  const asked = await askForApproval(context, caller, {
    proposal,
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
    return { state: 'applied', detail, configHash, version };
  } catch (error) {
    if (isUnanswered(error)) return { state: 'unknown', detail: notKnown(error).detail };
    return { state: 'refused', detail: `The trader did not take it: ${messageOf(error)}` };
  }
}

export function refused(detail: string, status: TraderStatus | null = null): SettingsResult {
  return {
    state: 'refused',
    detail,
    changes: [],
    loosening: [],
    version: status?.settings.version ?? null,
    configHash: status?.configHash ?? null,
    approvalId: null,
    workflowId: null,
    problems: [],
  };
}
