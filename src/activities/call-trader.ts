/** Calls to the trader's control socket within activities: a failure says whether the same call may succeed later. */
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { type CommandResult, type ControlMethods, isDurable } from '../contracts/control.js';
import { FAILURE_NAMES, type FailureName, NOT_ON_DISK } from '../contracts/queues.js';
import { messageOf } from '../domain/message-of.js';
import { type CallableMethod, ControlFailure, type TraderClient } from '../trader/client.js';

export const ANSWER_MS = 2_000;

/** The part of the trader's client that activities use. */
export type TraderCalls = Pick<TraderClient, 'call'>;

/** Failure type of a trader that doesn't answer; it may answer a moment later. */
const TRADER_UNAVAILABLE = 'TraderUnavailable';

/** Refusals that a workflow must tell apart, by the trader's code. */
const REFUSALS: Readonly<Record<string, FailureName>> = { 'settings-changed': FAILURE_NAMES.settingsChanged };

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** Refusals by a trader that is just being started, or has too much to answer: it takes the same call later. */
const NOT_YET: ReadonlySet<string> = new Set(['starting', 'not-started', 'busy']);

/** Failures are named, so that a workflow can tell "refused" from "not there". */
export async function callTrader<M extends CallableMethod>(
  trader: TraderCalls,
  method: M,
  params: ControlMethods[M]['params'],
  timeoutMs: number,
): Promise<ControlMethods[M]['result']> {
  try {
    return await trader.call(method, params, { timeoutMs });
  } catch (error) {
    if (error instanceof ControlFailure) {
      const said = [error.message, `Kept safe: ${error.keptSafe}`, `Do this: ${error.doThis}`];
      const text = said.map(sentence).join(' ');
      if (NOT_YET.has(error.code)) throw ApplicationFailure.retryable(text, TRADER_UNAVAILABLE);
      const name = REFUSALS[error.code] ?? FAILURE_NAMES.refusedByTrader;
      throw ApplicationFailure.nonRetryable(text, name);
    }
    const message = messageOf(error);
    throw ApplicationFailure.retryable(`The trader did not answer ${method}: ${message}`, TRADER_UNAVAILABLE);
  }
}

/**
 * A restart of the trader takes back what it could not write, so a procedure must not count it as done: it sends the
 * command again. The trader carries out once what is delivered twice.
 */
export async function kept<R extends CommandResult>(sent: Promise<R>): Promise<R> {
  const result = await sent;
  if (isDurable(result)) return result;
  throw unlogged(`${result.mode}: ${result.detail}`, NOT_ON_DISK);
}

/** So many attempts of a call that is repeated for hours are logged: the disk may be full, and its cause is in that log. */
const LOGGED_ATTEMPTS = 3;

export async function loggedAtFirst<R>(sent: Promise<R>): Promise<R> {
  try {
    return await sent;
  } catch (error) {
    const isRepeated = error instanceof ApplicationFailure && error.nonRetryable !== true;
    if (!isRepeated || activityInfo().attempt <= LOGGED_ATTEMPTS) throw error;
    throw unlogged(error.message, error.type);
  }
}

/** The worker logs no failure of this category; who sends the command tells people. */
const unlogged = (message: string, type: string | null | undefined): ApplicationFailure =>
  ApplicationFailure.create({
    message,
    ...(typeof type === 'string' ? { type } : {}),
    category: ApplicationFailureCategory.BENIGN,
  });

/** The same client; its failures are named. */
export const withNamedFailures = (trader: TraderCalls): TraderCalls => ({
  call: (method, params, { timeoutMs = ANSWER_MS } = {}) => callTrader(trader, method, params, timeoutMs),
});
