/** Our own Temporal development server: one per FERMATA_HOME, closed to everything but this machine. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { freePort } from '../free-port.js';
import { endProcess, type ManagedProcess, spawnProcess } from '../managed-process.js';
import { type ServerPorts, serverArguments, TEMPORAL_NAMESPACE } from './server-options.js';

const READY_TIMEOUT_MS = 60_000;
const CALL_TIMEOUT_MS = 2_000;
/** Temporal keeps closed runs this long; the development server's own default is one day. */
const RETENTION_SECONDS = 30 * 86_400;

export interface TemporalOptions {
  readonly binary: string;
  readonly ports: ServerPorts;
  /** Null: in memory. */
  readonly database: string | null;
  readonly logFile: string;
}

export interface TemporalServer {
  readonly process: ManagedProcess;
  readonly ports: ServerPorts;
  readonly address: string;
  stop(hurry?: AbortSignal): Promise<void>;
}

export async function chooseTemporalPorts(preferred?: Partial<ServerPorts>, ui = true): Promise<ServerPorts> {
  return {
    grpc: await freePort(preferred?.grpc),
    ui: ui ? await freePort(preferred?.ui ?? undefined) : null,
    metrics: await freePort(preferred?.metrics),
    http: await freePort(preferred?.http),
  };
}

/** Resolves when the namespace answers with its retention set; rejects with the last lines of the server's log. */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const child = await spawnProcess({
    name: 'temporal',
    command: options.binary,
    args: serverArguments(options.ports, options.database),
    output: { to: 'file', path: options.logFile },
  });
  const address = `127.0.0.1:${options.ports.grpc}`;
  const problem = await becomesReady(child, address);
  const stop = async (hurry?: AbortSignal): Promise<void> => {
    await endProcess(child, [{ signal: 'SIGTERM', waitMs: 10_000 }], hurry);
  };
  if (problem !== null) {
    await stop();
    throw new Error(`Temporal did not come up: ${problem}`);
  }
  return { process: child, ports: options.ports, address, stop };
}

async function becomesReady(child: ManagedProcess, address: string): Promise<string | null> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let answer = 'no answer';
  while (Date.now() < deadline) {
    if (!child.alive()) return child.lastLines().slice(-6).join(' | ') || 'it ended without a word';
    const problem = await setRetention(address);
    if (problem === null) return null;
    answer = problem;
    await sleep(100);
  }
  return `no answer within ${READY_TIMEOUT_MS / 1000} s (${answer}): ${child.lastLines().slice(-6).join(' | ')}`;
}

/** Null when done: the namespace exists, answers and keeps its runs long enough. */
async function setRetention(address: string): Promise<string | null> {
  let connection: Connection | null = null;
  try {
    connection = await Connection.connect({ address, connectTimeout: CALL_TIMEOUT_MS });
    const open = connection;
    await open.withDeadline(Date.now() + CALL_TIMEOUT_MS, async () => {
      const { workflowService } = open;
      const known = await workflowService.describeNamespace({ namespace: TEMPORAL_NAMESPACE });
      if (Number(known.config?.workflowExecutionRetentionTtl?.seconds ?? 0) === RETENTION_SECONDS) return;
      await workflowService.updateNamespace({
        namespace: TEMPORAL_NAMESPACE,
        config: { workflowExecutionRetentionTtl: msToTs(RETENTION_SECONDS * 1000) },
      });
    });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await connection?.close().catch(() => undefined);
  }
}
