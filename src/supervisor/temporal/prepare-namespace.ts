/** Prepares a Temporal server for us: our namespace, its retention, and our search attributes. */

import type { Connection, ConnectionOptions } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { messageOf } from '../../domain/message-of.js';
import { addressForSdk, connectionClass } from '../../home/temporal-connection.js';
import { untilBack } from '../../home/try-again.js';
import { SEARCH_ATTRIBUTES } from './server-options.js';

const CALL_TIMEOUT_MS = 3_000;
/** How long closed runs are kept; the development server's own default is one day. */
const RETENTION_MS = 30 * 86_400_000;
/** The server's parts learn of a new namespace one after another, each within about ten seconds. */
const HEARD_OF_MS = 60_000;
const ASK_AGAIN_MS = 500;
const ALREADY_EXISTS = 6;
const NOT_FOUND = 5;
const INVALID_ARGUMENT = 3;
/** gRPC codes PERMISSION_DENIED, UNIMPLEMENTED. */
const DENIED: readonly number[] = [7, 12];
const CAUSES_MAX = 5;
/** From the protocol's IndexedValueType. */
const KEYWORD = 2;

/**
 * Null when done; otherwise the reason, in words. `own`: the namespace that our development server creates
 * itself. The server creates search attributes from its options only together with a new namespace, so a
 * database of an earlier version lacks those added since.
 */
export async function prepareNamespace(
  options: ConnectionOptions,
  namespace: string,
  own: boolean,
): Promise<string | null> {
  let connection: Connection | null = null;
  try {
    connection = await connectionClass(options.address ?? '').connect({
      ...options,
      address: addressForSdk(options.address ?? ''),
      connectTimeout: CALL_TIMEOUT_MS,
    });
    const open = connection;
    if (own) {
      await within(open, () => keepRunsLongEnough(open, namespace));
      await within(open, () => makeAttributes(open, namespace));
    } else {
      await makeReady(open, namespace);
    }
    return null;
  } catch (error) {
    return wordsOf(error);
  } finally {
    await connection?.close().catch(() => undefined);
  }
}

async function keepRunsLongEnough({ workflowService }: Connection, namespace: string): Promise<void> {
  const known = await workflowService.describeNamespace({ namespace });
  const seconds = Number(known.config?.workflowExecutionRetentionTtl?.seconds ?? 0);
  if (seconds * 1000 >= RETENTION_MS) return;
  const config = { workflowExecutionRetentionTtl: msToTs(RETENTION_MS) };
  await workflowService.updateNamespace({ namespace, config });
}

const within = <T>(connection: Connection, ask: () => Promise<T>): Promise<T> =>
  connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, ask);

/** An existing namespace keeps its retention; anything missing is added if that is allowed. */
async function makeReady(connection: Connection, namespace: string): Promise<void> {
  const isNew = await within(connection, () => makeNamespace(connection, namespace));
  await untilBack(() => within(connection, () => makeAttributes(connection, namespace)), {
    isAway: (error) => codeOf(error) === NOT_FOUND,
    withinMs: isNew ? HEARD_OF_MS : 0,
    everyMs: ASK_AGAIN_MS,
  });
}

/** True if it was created. */
async function makeNamespace({ workflowService }: Connection, namespace: string): Promise<boolean> {
  try {
    await workflowService.describeNamespace({ namespace });
    return false;
  } catch (error) {
    if (codeOf(error) !== NOT_FOUND) throw error;
    const period = msToTs(RETENTION_MS);
    await byHand(`the namespace ${namespace} is not there`, () =>
      workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: period }),
    );
    return true;
  }
}

async function makeAttributes(connection: Connection, namespace: string): Promise<void> {
  const { operatorService } = connection;
  const missing = await missingAttributes(connection, namespace);
  if (missing.length === 0) return;
  await byHand(`the search attributes ${missing.join(', ')} (Keyword) are not there`, () =>
    operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    }),
  );
}

/** Temporal Cloud doesn't allow listing them: there, a query that names an unknown one is refused. */
async function missingAttributes(
  { workflowService, operatorService }: Connection,
  namespace: string,
): Promise<readonly string[]> {
  try {
    const known = await operatorService.listSearchAttributes({ namespace });
    return SEARCH_ATTRIBUTES.filter((name) => !(name in (known.customAttributes ?? {})));
  } catch (error) {
    if (!DENIED.includes(codeOf(error))) throw error;
  }
  const missing: string[] = [];
  for (const name of SEARCH_ATTRIBUTES) {
    try {
      await workflowService.listWorkflowExecutions({ namespace, query: `${name} = "-"`, pageSize: 1 });
    } catch (error) {
      if (codeOf(error) !== INVALID_ARGUMENT) throw error;
      missing.push(name);
    }
  }
  return missing;
}

/** Runs `make`; if that is not allowed from here, throws an error that says what must be created by hand. */
async function byHand(lacking: string, make: () => Promise<unknown>): Promise<void> {
  try {
    await make();
  } catch (error) {
    if (codeOf(error) === ALREADY_EXISTS) return;
    if (!DENIED.includes(codeOf(error))) throw error;
    throw new Error(`${lacking}, and may not be made from here: make it by hand, as docs/TEMPORAL.md says`);
  }
}

const codeOf = (error: unknown): number => Number((error as { code?: number }).code);

/** The client's own message, and the server's below it. */
function wordsOf(error: unknown): string {
  const words: string[] = [];
  for (let cause: unknown = error; cause instanceof Error && words.length < CAUSES_MAX; cause = cause.cause)
    words.push(messageOf(cause));
  return [...new Set(words)].join(': ') || messageOf(error);
}
