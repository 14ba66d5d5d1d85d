/** Our own Temporal development server: one per FERMATA_HOME, reachable only from this machine. */
import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { plainEnvironment } from '../../desk/desk-environment.js';
import { messageOf } from '../../domain/message-of.js';
import { freePort } from '../free-port.js';
import { becomesReady, endProcess, type ManagedProcess, spawnProcess } from '../managed-process.js';
import { prepareNamespace } from './prepare-namespace.js';
import type { TemporalDatabase } from './resolve-temporal.js';
import {
  inOwnNetwork,
  type ServerNetwork,
  type ServerPorts,
  serverArguments,
  socketAddresses,
  startRelay,
  TEMPORAL_NAMESPACE,
} from './server-options.js';
import { type WatchTimes, watchServer } from './watch-server.js';

const READY = { withinMs: 60_000, everyMs: 100 };
/** Another program can take a free port between its choice and its use; the server also chooses some ports itself. */
const STARTS_MAX = 3;
const PAUSE_MS = 500;

class EndedAtOnce extends Error {
  override readonly name = 'EndedAtOnce';
}

interface TemporalOptions {
  readonly binary: string;
  readonly ports: ServerPorts;
  /** Null: in memory. */
  readonly database: string | null;
  readonly logFile: string;
  /** Default: 127.0.0.1. */
  readonly network?: ServerNetwork;
  /** Called as soon as a process exists: the server, its replacement if it ended at once, its relay. */
  readonly onSpawned?: (child: ManagedProcess) => Promise<void>;
  /** Ends the server if it runs and serves nothing; left out: it is not watched. */
  readonly watch?: WatchTimes | 'as usual';
}

export interface TemporalServer {
  readonly process: ManagedProcess;
  readonly ports: ServerPorts;
  readonly address: string;
  /** Null: no UI. */
  readonly uiAddress: string | null;
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
  const { binary, ports, database, logFile, network = PLAIN } = options;
  const args = serverArguments(ports, database, network.kind === 'loopback' ? network.uiHost : HOST);
  const child = await spawnProcess({
    name: 'temporal',
    ...(network.kind === 'loopback' ? { command: binary, args } : inOwnNetwork(binary, args)),
    env: plainEnvironment(),
    output: { to: 'file', path: logFile },
  });
  await options.onSpawned?.(child);
  let relay: ManagedProcess | null = null;
  const stop = async (hurry?: AbortSignal): Promise<void> => {
    await endProcess(child, [{ signal: 'SIGTERM', waitMs: 10_000 }], hurry);
    if (relay) await endProcess(relay, [{ signal: 'SIGTERM', waitMs: 1_000 }], hurry);
  };
  const addresses = addressesOf(network, ports);
  let problem: string | null;
  try {
    if (network.kind === 'own-network') relay = await relayBeside(child, network.folder, options);
    const { address } = addresses;
    problem = await becomesReady(child, () => prepareNamespace({ address }, TEMPORAL_NAMESPACE, true), READY);
  } catch (error) {
    problem = messageOf(error);
  }
  if (problem === null)
    return { process: watched(child, addresses.address, options), ports, ...addresses, stop };
  const hasEnded = !child.alive();
  await stop();
  const message = `Temporal did not come up: ${problem}`;
  throw hasEnded ? new EndedAtOnce(message) : new Error(message);
}

/** Its exit says why it was ended. */
function watched(
  child: ManagedProcess,
  address: string,
  { watch }: Pick<TemporalOptions, 'watch'>,
): ManagedProcess {
  if (watch === undefined) return child;
  let how: string | null = null;
  const onUseless = (why: string): void => {
    how = why;
  };
  void watchServer(child, address, TEMPORAL_NAMESPACE, onUseless, watch === 'as usual' ? undefined : watch);
  return { ...child, exited: child.exited.then((exit) => (how === null ? exit : { ...exit, how })) };
}

const HOST = '127.0.0.1';
const PLAIN: ServerNetwork = { kind: 'loopback', uiHost: HOST };

export function addressesOf(
  network: ServerNetwork,
  ports: ServerPorts,
): { readonly address: string; readonly uiAddress: string | null } {
  if (network.kind === 'own-network') return socketAddresses(network.folder);
  const { uiHost } = network;
  return {
    address: `${HOST}:${ports.grpc}`,
    uiAddress: uiHost === null ? null : `http://${uiHost}:${ports.ui}`,
  };
}

/** Server and relay are useless without each other: if one ends, the other does, and both are started again. */
async function relayBeside(
  server: ManagedProcess,
  folder: string,
  { ports, logFile, onSpawned }: TemporalOptions,
): Promise<ManagedProcess> {
  const relay = await startRelay(server, folder, ports, logFile);
  await onSpawned?.(relay);
  void relay.exited.then(() => server.signal('SIGTERM'));
  void server.exited.then(() => relay.signal('SIGTERM'));
  return relay;
}

/** With write-ahead logging these files belong together. */
const PARTS = ['', '-wal', '-shm'] as const;
const SET_ASIDE = '.broken';

/**
 * The database file for this version of the development server. A newer server doesn't migrate an older one's
 * file, so each version has its own, and a start goes on with the one in use. A file never marked
 * as ready (its first start was killed) would never start again, and is removed.
 */
export async function databaseFileFor(directory: string, serverVersion: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, `server-${serverVersion}-sealed.db`);
  if (!wasReady(file)) {
    for (const part of [markerOf(file), ...PARTS.map((part) => `${file}${part}`)])
      await rm(part, { force: true });
  }
  return file;
}

const OF_A_VERSION = /^server-(.+)-sealed\.db$/;

/** A person's word that another version may begin afresh: the marker of the one that ran last has this name then. */
const LEFT = '.left';

/**
 * The database of the server that ran last, whatever its version. Null: none ran yet, or a person left that one. One
 * of before is not taken up again then: its runs are of long ago.
 */
export async function databaseInUse(directory: string): Promise<TemporalDatabase | null> {
  const names = await readdir(directory).catch(() => []);
  const ran = names.flatMap((name) => {
    const [serverVersion, file] = [OF_A_VERSION.exec(name)?.[1], join(directory, name)];
    const isKnown = wasReady(file) || existsSync(`${file}${LEFT}`);
    return serverVersion === undefined || !isKnown ? [] : [{ serverVersion, file }];
  });
  const [last] = ran.sort((one, other) => writtenMs(other.file) - writtenMs(one.file));
  return last !== undefined && wasReady(last.file) ? last : null;
}

const writtenMs = (file: string): number =>
  Math.max(...PARTS.map((part) => statSync(`${file}${part}`, { throwIfNoEntry: false })?.mtimeMs ?? 0));

/** Call once the server has answered from it. */
export async function markReady(file: string): Promise<void> {
  if (!existsSync(markerOf(file))) await writeFile(markerOf(file), '', { mode: 0o600 });
}

/**
 * Moves away a marked file that the server can no longer open, and keeps it for inspection in place of an
 * earlier one. Null: the file was never ready, so there is nothing to keep, and an earlier one stays.
 */
export async function setAside(file: string): Promise<string | null> {
  if (!wasReady(file)) return null;
  // The file itself last, then its mark: a start after a kill in between finds both again.
  for (const part of PARTS.toReversed()) {
    const kept = `${file}${part}${SET_ASIDE}`;
    if (existsSync(`${file}${part}`)) await rename(`${file}${part}`, kept);
    else await rm(kept, { force: true });
  }
  await rm(markerOf(file), { force: true });
  return `${file}${SET_ASIDE}`;
}

const wasReady = (file: string): boolean => existsSync(markerOf(file)) && existsSync(file);

function markerOf(file: string): string {
  return `${file}.ready`;
}
