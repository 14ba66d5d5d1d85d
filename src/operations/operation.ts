/** What every use case takes and gives. */
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

export interface OperationResult {
  /** It was taken: by the trader, or by the workflow that goes on trying. */
  readonly ok: boolean;
  /** Read back: no entry works, the venue is flat, or the mode is ACTIVE. */
  readonly proven: boolean;
  readonly detail: string;
  readonly haltId: string | null;
  readonly workflowId: string | null;
  /** What did not work beside it, each with what that means. */
  readonly problems: readonly string[];
}

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
