/** Our own Temporal development server: one per FERMATA_HOME, closed to everything but this machine. */
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../free-port.js';
import { endProcess, type ManagedProcess, spawnProcess } from '../managed-process.js';
import { prepareNamespace } from './prepare-namespace.js';
import { type ServerPorts, serverArguments, TEMPORAL_NAMESPACE } from './server-options.js';

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
/** Between the choice of a free port and its use another program can take it; the server chooses some by itself, too. */
const STARTS_MAX = 3;
const PAUSE_MS = 500;

class EndedAtOnce extends Error {
  override readonly name = 'EndedAtOnce';
}

export interface TemporalOptions {
  readonly binary: string;
  readonly ports: ServerPorts;
  /** Null: in memory. */
  readonly database: string | null;
  readonly logFile: string;
  /** Called as soon as the process exists; again for each that takes the place of one that ended at once. */
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
  for (let starts = 1; ; starts += 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (!(error instanceof EndedAtOnce) || starts === STARTS_MAX) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

async function startOnce(options: TemporalOptions): Promise<TemporalServer> {
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
  const hasEnded = !child.alive();
  await stop();
  const message = `Temporal did not come up: ${problem}`;
  throw hasEnded ? new EndedAtOnce(message) : new Error(message);
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
