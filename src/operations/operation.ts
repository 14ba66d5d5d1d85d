/** Types shared by all use cases: their input and their result. */
import { z } from 'zod';
import { type CommandResult, isDurable } from '../contracts/control.js';
import type { Shape } from '../contracts/json-values.js';
import type { Desk } from '../desk/schema.js';
import { messageOf } from '../domain/message-of.js';
import type { Runtime } from '../home/runtime.js';
import type { Pool } from '../store/pool.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';
import { ControlFailure, type TraderClient, TraderUnavailable } from '../trader/client.js';

/** The person who asks, already authenticated by the calling process. */
export interface Caller {
  readonly person: string;
  readonly via: 'web' | 'cli' | 'telegram';
}

export interface CommandRequest {
  readonly reason: string;
  /** Repeats a command whose answer was lost. A new id is drawn if none is given. */
  readonly commandId?: string;
}

/** A request that is never refused for lack of a reason. */
export interface EmergencyRequest extends Omit<CommandRequest, 'reason'> {
  /** Null: none was given. */
  readonly reason: string | null;
  /** How long the caller waits for the proof, if that is longer than usual. */
  readonly waitMs?: number;
}

export interface CloseAllRequest extends EmergencyRequest {
  /** Two people must resume. Left out: one, or as the desk file says. */
  readonly kill?: boolean | undefined;
}

export interface MayBeUnknown {
  /** On a refusal: nothing has the given name or id. */
  readonly reason?: 'unknown';
}

export const outcomeSchema = z.object({
  /** Taken by the trader, or by the workflow that keeps trying. */
  ok: z.boolean().describe('The trader took the command'),
  /** No entry is working, the venue is flat, or the mode is ACTIVE. */
  proven: z.boolean().describe('What was asked for was read back'),
  detail: z.string(),
  haltId: z.string().nullable(),
  workflowId: z.string().nullable().describe('The workflow that proves it; null where there is none'),
  /** Each with its consequence. */
  problems: z.array(z.string()).describe('What did not work beside it, for example that Temporal is down'),
});
export type OperationResult = Shape<typeof outcomeSchema> & MayBeUnknown;

export interface OperationContext {
  readonly runtime: Runtime;
  readonly desk: Desk;
  readonly trader: TraderClient;
  readonly temporal: TemporalAccess;
  readonly pool: Pool;
  readonly decisionKey: () => string;
  /** Only the bot has this key: votes that it accepts carry a code made with it. */
  readonly chatKey?: () => string;
  readonly newId: () => string;
  readonly nowMs: () => number;
}

/** Precedes what to do in the detail of a refusal. */
export const TO_DO = ' To do: ';

/** The trader's codes for `unknown`. */
const UNKNOWN_CODES: readonly string[] = [
  'unknown-symbol',
  'unknown-order',
  'unknown-strategy',
  'no-such-stock',
];

export type TakenCommand = Pick<CommandResult, 'detail' | 'haltId' | 'durable'>;

/** The trader took a command, and its answer is the proof: not if a restart takes it back. */
export function taken(answer: TakenCommand): OperationResult {
  const { detail, haltId } = answer;
  return { ok: true, proven: isDurable(answer), detail, haltId, workflowId: null, problems: [] };
}

/** Nothing was done; `detail` says what happened, what was kept safe and what to do. */
export function notDone(detail: string, haltId: string | null = null): OperationResult {
  return { ok: false, proven: false, detail, haltId, workflowId: null, problems: [] };
}

/** The trader could not be read, so nothing was sent to it. */
export const notAsked = (why: string): OperationResult =>
  notDone(`The trader does not answer (${why}). Nothing was changed. Try again when it does.`);

/**
 * The result of a failed call to the trader. `kept`: what stays as it was if the trader refused or was not
 * reached. If it was reached but did not answer, it may have carried out the command: the result says that
 * this is not known.
 */
export function notTaken(error: unknown, kept: string): OperationResult {
  if (isUnanswered(error)) return notKnown(error);
  const why = `${kept}: ${messageOf(error).replace(/\.$/, '')}.`;
  if (!(error instanceof ControlFailure)) return notDone(why);
  const refused = notDone(`${why}${TO_DO}${error.doThis}`);
  return UNKNOWN_CODES.includes(error.code) ? { ...refused, reason: 'unknown' } : refused;
}

export const isUnanswered = (error: unknown): boolean => error instanceof TraderUnavailable && error.reached;

export const notKnown = (error: unknown): OperationResult => ({
  ...{ ok: true, proven: false, haltId: null, workflowId: null, problems: [] },
  detail: `Whether the trader took it is not known: ${messageOf(error)}. Look at fermata status before you give it again.`,
});

/** The trader took a command; `isSo` reads back whether it is in effect. If that fails, it is not proven. */
export async function provenBy(answer: TakenCommand, isSo: () => Promise<boolean>): Promise<OperationResult> {
  const result = taken(answer);
  return { ...result, proven: (await isSo().catch(() => false)) && result.proven };
}
