/**
 * Stop and close-all from the command line. The command is on the trader's socket before anything slow is loaded;
 * the same command, by its id, is then handed to the operations, which prove it and start the workflow.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { deskPaths, homePaths, type Runtime } from '../home/runtime.js';
import type { OperationResult } from '../operations/operation.js';
import { connectTrader, type TraderClient } from '../trader/client.js';
import type { CommandResult } from '../trader/protocol.js';
import { type ActOptions, notProvenInTime, showOutcome, withinSeconds } from './act-on-desk.js';
import { requireRuntime } from './running-desk.js';

type EmergencyKind = 'stop' | 'closeAll';

interface Order {
  readonly commandId: string;
  readonly by: string;
  readonly reason: string;
}

interface Errand {
  readonly kind: EmergencyKind;
  readonly runtime: Runtime;
  readonly order: Order;
  readonly trader: TraderClient;
  /** The trader's answer to the order, which was sent at once. */
  readonly sent: Promise<CommandResult>;
  readonly seconds: number;
}

const SEND_TIMEOUT_MS = 3000;
const RETRY_MS = 200;
const WORDS: Readonly<Record<EmergencyKind, string>> = { stop: 'stop', closeAll: 'close-all' };

/** Answers with the exit code. */
export async function emergency(kind: EmergencyKind, options: ActOptions): Promise<number> {
  const runtime = requireRuntime();
  const trader = connectTrader(deskPaths(homePaths(runtime.home), runtime.desk).controlSocket);
  const order: Order = { commandId: randomUUID(), by: options.as ?? 'operator', reason: options.reason };
  const sent = trader.call(kind, order, { timeoutMs: SEND_TIMEOUT_MS });
  // Looked at below; until then a refusal must not end the process.
  sent.catch(() => undefined);
  const errand: Errand = { kind, runtime, order, trader, sent, seconds: options.timeout };
  try {
    const late = notProvenInTime(WORDS[kind], options.timeout);
    const outcome = await withinSeconds(options.timeout, carryOut(errand), late);
    return showOutcome(WORDS[kind], outcome, options.json === true);
  } finally {
    trader.close();
  }
}

async function carryOut(errand: Errand): Promise<OperationResult> {
  const { kind, runtime, order, trader, sent } = errand;
  const operations = await openOperations(runtime, answeredOnce(trader, kind, sent));
  if (operations instanceof Error) {
    return proveDirectly(errand, operations);
  }
  const caller = { person: order.by, via: 'cli' } as const;
  const request = { reason: order.reason, commandId: order.commandId };
  return kind === 'stop'
    ? operations.stopTrading(caller, request)
    : operations.closeAllPositions(caller, request);
}

/**
 * The operations begin by sending the order. A stop is never taken for a repetition, so the first time they get the
 * answer that is on its way already; where that fails, they send again.
 */
function answeredOnce(trader: TraderClient, kind: EmergencyKind, sent: Promise<CommandResult>): TraderClient {
  let isFirst = true;
  const call: TraderClient['call'] = (method, params, options) => {
    if (method === kind && isFirst) {
      isFirst = false;
      return sent as ReturnType<typeof trader.call<typeof method>>;
    }
    return trader.call(method, params, options);
  };
  return { ...trader, call };
}

/**
 * An error as a value: a broken desk file, say, must not keep anybody from stopping. Not closed, as in
 * `withOperations`.
 */
async function openOperations(runtime: Runtime, trader: TraderClient) {
  try {
    const { openOperations: open } = await import('../operations/open-operations.js');
    return await open(runtime, trader);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function proveDirectly(errand: Errand, operationsError: Error): Promise<OperationResult> {
  const { kind, trader, seconds } = errand;
  const problems = [
    `The workflow that proves it was not started: ${operationsError.message.split('\n')[0]}.`,
  ];
  const taken = await untilTaken(errand);
  if (taken instanceof Error) {
    return { ok: false, proven: false, detail: taken.message, haltId: null, workflowId: null, problems };
  }
  if (kind === 'stop') {
    const { proveStopped } = await import('../activities/engine/prove-stopped.js');
    const { mode, entriesWorking, haltId, proven } = await proveStopped(trader, seconds * 1000);
    const detail = `${mode}, ${entriesWorking} entry orders work`;
    return { ok: taken.ok, proven, detail, haltId, workflowId: null, problems };
  }
  const { proveFlat } = await import('../activities/engine/prove-flat.js');
  const { open, haltId, proven } = await proveFlat(trader, seconds * 1000);
  const detail = open.length > 0 ? `still open: ${open.join(', ')}` : 'the venue reports no position';
  return { ok: taken.ok, proven, detail, haltId, workflowId: null, problems };
}

/** The trader may just be restarting: sent again until it is taken or the time is over. */
async function untilTaken({ kind, order, trader, sent, seconds }: Errand): Promise<CommandResult | Error> {
  const untilMs = performance.now() + seconds * 1000;
  let answer = sent;
  for (;;) {
    const taken = await answer.catch((error: Error) => error);
    if (!(taken instanceof Error) || performance.now() >= untilMs) {
      return taken;
    }
    await sleep(RETRY_MS);
    answer = trader.call(kind, order, { timeoutMs: SEND_TIMEOUT_MS });
  }
}
