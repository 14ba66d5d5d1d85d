/** Makes a Temporal server ready for us: our namespace, its retention, what workflows are found by. */
import type { Connection, ConnectionOptions } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { messageOf } from '../../domain/message-of.js';
import { addressForSdk, connectionClass } from '../../home/temporal-address.js';
import { SEARCH_ATTRIBUTES } from './server-options.js';

const CALL_TIMEOUT_MS = 3_000;
/** Closed runs are kept this long; the development server's own default is one day. */
const RETENTION_MS = 30 * 86_400_000;
const ALREADY_EXISTS = 6;
const NOT_FOUND = 5;
/** IndexedValueType of the protocol. */
const KEYWORD = 2;

/** Null when done; else why not, in words. `own`: a development server of ours, started with everything but retention. */
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
    await open.withDeadline(Date.now() + CALL_TIMEOUT_MS, async () => {
      if (own) await keepRunsLongEnough(open, namespace);
      else await makeNamespace(open, namespace);
    });
    return null;
  } catch (error) {
    return messageOf(error);
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

/** Somebody else's server keeps its own retention; what is missing is added where that is allowed. */
async function makeNamespace(connection: Connection, namespace: string): Promise<void> {
  const { workflowService, operatorService } = connection;
  try {
    await workflowService.describeNamespace({ namespace });
  } catch (error) {
    if ((error as { code?: number }).code !== NOT_FOUND) throw error;
    await workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(RETENTION_MS),
    });
  }
  const known = await operatorService.listSearchAttributes({ namespace });
  const missing = SEARCH_ATTRIBUTES.filter((name) => !(name in (known.customAttributes ?? {})));
  if (missing.length === 0) return;
  try {
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
  } catch (error) {
    if ((error as { code?: number }).code !== ALREADY_EXISTS) throw error;
  }
}
