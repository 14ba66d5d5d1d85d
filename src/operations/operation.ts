/** What every use case takes and gives. */
import { z } from 'zod';
import type { Shape } from '../contracts/json-values.js';
import type { Desk } from '../desk/schema.js';
import type { Runtime } from '../home/runtime.js';
import type { Pool } from '../store/pool.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';
import type { TraderClient } from '../trader/client.js';

/** Who asks, already authenticated by the process that calls. */
export interface Caller {
  readonly person: string;
  readonly via: 'web' | 'cli' | 'telegram';
}

export interface CommandRequest {
  readonly reason: string;
  /** The same command again, after an answer was lost. A new one is drawn where none is given. */
  readonly commandId?: string;
}

/** What is never refused for want of a reason. */
export interface EmergencyRequest extends Omit<CommandRequest, 'reason'> {
  /** Null: none was given. */
  readonly reason: string | null;
}

export const outcomeSchema = z.object({
  /** By the trader, or by the workflow that goes on trying. */
  ok: z.boolean().describe('The trader took the command'),
  /** No entry works, the venue is flat, or the mode is ACTIVE. */
  proven: z.boolean().describe('What was asked for was read back'),
  detail: z.string(),
  haltId: z.string().nullable(),
  workflowId: z.string().nullable().describe('The workflow that proves it; null where there is none'),
  /** Each with what that means. */
  problems: z.array(z.string()).describe('What did not work beside it, for example that Temporal is down'),
});
export type OperationResult = Shape<typeof outcomeSchema>;

export interface OperationContext {
  readonly runtime: Runtime;
  readonly desk: Desk;
  readonly trader: TraderClient;
  readonly temporal: TemporalAccess;
  readonly pool: Pool;
  readonly decisionKey: () => string;
  /** The bot's alone: what it takes as a vote carries a code of its own. */
  readonly chatKey?: () => string;
  readonly newId: () => string;
  readonly nowMs: () => number;
}

/** Nothing was done; `detail` says what happened, what was kept safe and what to do. */
export function notDone(detail: string, haltId: string | null = null): OperationResult {
  return { ok: false, proven: false, detail, haltId, workflowId: null, problems: [] };
}
