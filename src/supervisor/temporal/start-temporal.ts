/** Our own Temporal development server: one per FERMATA_HOME, closed to everything but this machine. */
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../free-port.js';
import { endProcess, type ManagedProcess, spawnProcess } from '../managed-process.js';
import { prepareNamespace } from './prepare-namespace.js';
import { type ServerPorts, serverArguments, TEMPORAL_NAMESPACE } from './server-options.js';

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 100;

export interface TemporalOptions {
  readonly binary: string;
  readonly ports: ServerPorts;
  /** Null: in memory. */
  readonly database: string | null;
  readonly logFile: string;
  /** Called with its pid as soon as the process exists. */
  readonly onSpawned?: (child: ManagedProcess) => Promise<void>;
}

export interface TemporalServer {
  readonly process: ManagedProcess;
  readonly ports: ServerPorts;
  readonly address: string;
  stop(hurry?: AbortSignal): Promise<void>;
}

export async function chooseTemporalPorts(preferred: Partial<ServerPorts> = {}): Promise<ServerPorts> {
  return {
    grpc: await freePort(preferred.grpc),
    ui: await freePort(preferred.ui),
    metrics: await freePort(preferred.metrics),
    http: await freePort(preferred.http),
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
  await options.onSpawned?.(child);
  const address = `127.0.0.1:${options.ports.grpc}`;
  const problem = await becomesReady(child, address);
  const stop = async (hurry?: AbortSignal): Promise<void> => {
    await endProcess(child, [{ signal: 'SIGTERM', waitMs: 10_000 }], hurry);
  };
  if (problem === null) return { process: child, ports: options.ports, address, stop };
  await stop();
  throw new Error(`Temporal did not come up: ${problem}`);
}

async function becomesReady(child: ManagedProcess, address: string): Promise<string | null> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let answer = 'no answer';
  while (Date.now() < deadline) {
    if (!child.alive()) return child.lastLines().slice(-6).join(' | ') || 'it ended without a word';
    const problem = await prepareNamespace({ address }, TEMPORAL_NAMESPACE, true);
    if (problem === null) return null;
    answer = problem;
    await sleep(POLL_MS);
  }
  return `no answer within ${READY_TIMEOUT_MS / 1000} s (${answer}): ${child.lastLines().slice(-6).join(' | ')}`;
}
