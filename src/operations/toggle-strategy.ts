import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../domain/message-of.js';
import { readStatus } from '../trader/read-status.js';
import {
  type Caller,
  notAsked,
  notDone,
  notTaken,
  type OperationContext,
  type OperationResult,
  provenBy,
} from './operation.js';
import { audited, whyNotAudited } from './record-audit.js';

export interface ToggleRequest {
  readonly strategy: string;
  /** Null: toggles the current state. */
  readonly enabled: boolean | null;
  readonly reason: string;
  readonly commandId?: string;
}

const COMMAND_MS = 5_000;

/** Switches a strategy on or off. Off: its resting entries are cancelled; its position keeps its stop and its exit. */
export async function toggleStrategy(
  context: OperationContext,
  caller: Caller,
  request: ToggleRequest,
): Promise<OperationResult> {
  const status = await readStatus(context).catch(messageOf);
  if (typeof status === 'string') return notAsked(status);
  const now = status.strategies.find(({ name }) => name === request.strategy);
  if (now === undefined) {
    const names = [...new Set(status.strategies.map(({ name }) => name))].join(', ');
    return {
      ...notDone(`This desk has no strategy ${request.strategy} (it has: ${names}). Nothing was changed.`),
      reason: 'unknown',
    };
  }
  const enabled = request.enabled ?? !now.enabled;
  const asked = {
    action: 'toggleStrategy' as const,
    parameters: { strategy: request.strategy, enabled, reason: request.reason },
  };
  // Switching off is safer, so it waits for nothing.
  const refused = enabled ? await whyNotAudited(context, caller, asked) : null;
  if (refused !== null) return notDone(refused);
  if (enabled && (await wasSwitched(context, now))) {
    return notDone(`${request.strategy} was switched by somebody meanwhile. Nothing was changed by this.`);
  }
  return audited(context, caller, asked, await send(context, caller, request, enabled));
}

type StrategyStatus = Awaited<ReturnType<typeof readStatus>>['strategies'][number];

/** Checking the audit trail may take a while: what somebody else decided meanwhile stands. */
async function wasSwitched(
  context: OperationContext,
  { name, enabled, off }: StrategyStatus,
): Promise<boolean> {
  const status = await readStatus(context).catch(() => null);
  const now = status?.strategies.find((strategy) => strategy.name === name);
  return now === undefined || now.enabled !== enabled || !isDeepStrictEqual(now.off, off);
}

async function send(
  context: OperationContext,
  caller: Caller,
  { strategy, reason, commandId }: ToggleRequest,
  enabled: boolean,
): Promise<OperationResult> {
  const command = { commandId: commandId ?? context.newId(), by: caller.person, reason, strategy, enabled };
  try {
    const answer = await context.trader.call('toggle', command, { timeoutMs: COMMAND_MS });
    return await provenBy(answer, async () => {
      const { strategies } = await readStatus(context);
      return strategies.every(({ name, enabled: is }) => name !== strategy || is === enabled);
    });
  } catch (error) {
    return notTaken(error, `${strategy} stays as it is`);
  }
}
