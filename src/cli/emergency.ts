/**
 * Stop and close-all from the command line. The command is on the trader's socket before anything slow is loaded;
 * the same command, by its id, is then handed to the operations, which prove it and start the workflow.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { deskPaths, homePaths, type Runtime } from '../home/runtime.js';
import type { OperationResult } from '../operations/operation.js';
import { connectTrader, type TraderClient } from '../trader/client.js';
import { type ActOptions, notProvenInTime, showOutcome, withinSeconds } from './act-on-desk.js';
import { requireRuntime } from './running-desk.js';

type EmergencyKind = 'stop' | 'closeAll';

interface Order {
  readonly commandId: string;
  readonly by: string;
  readonly reason: string;
}

const SEND_TIMEOUT_MS = 3000;
const RETRY_MS = 200;
const WORDS: Readonly<Record<EmergencyKind, string>> = { stop: 'stop', closeAll: 'close-all' };

/** Answers with the exit code. */
export async function emergency(kind: EmergencyKind, options: ActOptions): Promise<number> {
  const runtime = requireRuntime();
  const trader = connectTrader(deskPaths(homePaths(runtime.home), runtime.desk).controlSocket);
  const order: Order = { commandId: randomUUID(), by: options.as ?? 'operator', reason: options.reason };
  const sent = send(trader, kind, order);
  try {
    const outcome = await withinSeconds(
      options.timeout,
      carryOut(kind, runtime, order, trader, sent, options.timeout),
      notProvenInTime(WORDS[kind], options.timeout),
    );
    return showOutcome(WORDS[kind], outcome, options.json === true);
  } finally {
    trader.close();
  }
}

/** Null once the trader has it. A repeated order has the same id and is carried out once. */
function send(trader: TraderClient, kind: EmergencyKind, order: Order): Promise<Error | null> {
  return trader.call(kind, order, { timeoutMs: SEND_TIMEOUT_MS }).then(
    () => null,
    (error: Error) => error,
  );
}

async function carryOut(
  kind: EmergencyKind,
  runtime: Runtime,
  order: Order,
  trader: TraderClient,
  sent: Promise<Error | null>,
  seconds: number,
): Promise<OperationResult> {
  const operations = await openOperations(runtime);
  if (operations instanceof Error) {
    return proveDirectly(kind, trader, order, sent, operations, seconds);
  }
  const { commandId, by, reason } = order;
  const caller = { person: by, via: 'cli' } as const;
  return kind === 'stop'
    ? operations.stopTrading(caller, { reason, commandId })
    : operations.closeAllPositions(caller, { reason, commandId });
}

/**
 * An error as a value: a broken desk file, say, must not keep anybody from stopping. Not closed, as in
 * `withOperations`.
 */
async function openOperations(runtime: Runtime) {
  try {
    const { openOperations: open } = await import('../operations/open-operations.js');
    return await open(runtime);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function proveDirectly(
  kind: EmergencyKind,
  trader: TraderClient,
  order: Order,
  sent: Promise<Error | null>,
  operationsError: Error,
  seconds: number,
): Promise<OperationResult> {
  const untilMs = performance.now() + seconds * 1000;
  const problems = [
    `The workflow that proves it was not started: ${operationsError.message.split('\n')[0]}.`,
  ];
  let error = await sent;
  while (error !== null && performance.now() < untilMs) {
    await sleep(RETRY_MS);
    error = await send(trader, kind, order);
  }
  if (error !== null) {
    return { ok: false, proven: false, detail: error.message, haltId: null, workflowId: null, problems };
  }
  if (kind === 'stop') {
    const { proveStopped } = await import('../activities/engine/prove-stopped.js');
    const reading = await proveStopped(trader, seconds * 1000);
    const detail = `${reading.mode}, ${reading.entriesWorking} entry orders work`;
    return { ok: true, proven: reading.proven, detail, haltId: reading.haltId, workflowId: null, problems };
  }
  const { proveFlat } = await import('../activities/engine/prove-flat.js');
  const reading = await proveFlat(trader, seconds * 1000);
  const detail =
    reading.open.length > 0 ? `still open: ${reading.open.join(', ')}` : 'the venue reports no position';
  return { ok: true, proven: reading.proven, detail, haltId: reading.haltId, workflowId: null, problems };
}
