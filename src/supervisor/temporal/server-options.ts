/** How the managed Temporal server runs: its options, and a network of its own where Linux allows it. */
import { execFile } from 'node:child_process';
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { addressOfSocket, socketOfWorkers } from '../../home/external-temporal.js';
import { CODEC_PATH } from '../../home/payload-keys.js';
import { pollUntil } from '../../home/try-again.js';
import { unknownLoopback } from '../free-port.js';
import { type ManagedProcess, spawnProcess } from '../managed-process.js';

/** Every option that the development server is started with. A `temporal` that lacks one of them is not used. */
export const TEMPORAL_CLI_VERSION = '1.5.1';
export const TEMPORAL_SERVER_MINIMUM = [1, 29] as const;
export const TEMPORAL_NAMESPACE = 'fermata';

/** The attributes by which people find workflows in Temporal's UI. */
export const SEARCH_ATTRIBUTES = [
  'FermataDesk',
  'FermataRoutine',
  'FermataSummary',
  'FermataVerdict',
] as const;

const DYNAMIC_CONFIGURATION = [
  // The server always opens an HTTP API; without this, a page on any web site could post an update to it.
  'frontend.httpAllowedHosts=["disabled.invalid"]',
  // The default polls a shard's queues 20 times a second: up to 50 ms for every task of the only shard.
  'history.transferProcessorMaxPollRPS=10000',
  'history.timerProcessorMaxPollRPS=10000',
  // A task written to a partition that no worker is polling waits for two seconds, so all tasks are written
  // to one partition. The others are still read, because an earlier database may have tasks in them; polls
  // that arrive there are forwarded at once.
  'matching.numTaskqueueWritePartitions=1',
  'matching.forwarderMaxRatePerSecond=10000',
  'matching.forwarderMaxOutstandingPolls=10',
  // Activities for the worker that schedules them come with the answer, without a queue, a poll and a write of their
  // own.
  'system.enableActivityEagerExecution=true',
] as const;

export const OPTIONS_NEEDED = [
  '--db-filename',
  '--ip',
  '--port',
  '--ui-port',
  '--http-port',
  '--metrics-port',
  '--namespace',
  '--search-attribute',
  '--dynamic-config-value',
  '--sqlite-pragma',
  '--ui-codec-endpoint',
  '--headless',
  '--ui-ip',
] as const;

export interface ServerPorts {
  readonly grpc: number;
  readonly ui: number;
  readonly metrics: number;
  readonly http: number;
}

/** `database` null: in memory. `uiHost` null: no UI. */
export function serverArguments(
  ports: ServerPorts,
  database: string | null,
  uiHost: string | null = '127.0.0.1',
): readonly string[] {
  return [
    'server',
    'start-dev',
    ...['--ip', '127.0.0.1', '--port', String(ports.grpc)],
    ...['--metrics-port', String(ports.metrics), '--http-port', String(ports.http)],
    ...['--ui-port', String(ports.ui), '--namespace', TEMPORAL_NAMESPACE, '--log-level', 'error'],
    ...['--ui-codec-endpoint', CODEC_PATH],
    ...(uiHost === null ? ['--headless'] : ['--ui-ip', uiHost]),
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ...DYNAMIC_CONFIGURATION.flatMap((value) => ['--dynamic-config-value', value]),
    ...(database === null
      ? []
      : [
          ...['--db-filename', database],
          ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=FULL'],
        ]),
  ];
}

// A separate network for the managed server, where Linux allows it: a namespace with only a loopback, reached only
// through Unix sockets. Elsewhere the UI gets an address that no page can guess.

export type ServerNetwork =
  /** `folder`: the sockets' folder, readable only by this user. */
  | { readonly kind: 'own-network'; readonly folder: string }
  /** `uiHost`: null if there is no UI. The server’s parts find each other only at 127.0.0.1. */
  | { readonly kind: 'loopback'; readonly uiHost: string | null };

const run = promisify(execFile);
const UNSHARE = ['--user', '--map-root-user', '--net'] as const;
/** The loopback of a new namespace is down. */
const LOOPBACK_UP = '{ ip link set lo up || ifconfig lo up; } 2>/dev/null';
const PROBE_MS = 5_000;
const ENTER_MS = 5_000;
const POLL_MS = 5;
const RELAY = fileURLToPath(new URL('../../../dist/supervisor/temporal/relay.js', import.meta.url));

export async function chooseNetwork(socketFolder: string): Promise<ServerNetwork> {
  if (await ownNetworkWorks()) return { kind: 'own-network', folder: socketFolder };
  return { kind: 'loopback', uiHost: await unknownLoopback() };
}

async function ownNetworkWorks(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  try {
    await run('unshare', [...UNSHARE, 'sh', '-c', `${LOOPBACK_UP} && command -v nsenter`], {
      timeout: PROBE_MS,
    });
    return true;
  } catch {
    return false;
  }
}

/** The program replaces the shell: its pid is the one that was spawned. */
export function inOwnNetwork(program: string, args: readonly string[]): { command: string; args: string[] } {
  const script = `${LOOPBACK_UP} && exec "$0" "$@"`;
  return { command: 'unshare', args: [...UNSHARE, 'sh', '-c', script, program, ...args] };
}

export function socketAddresses(folder: string): { readonly address: string; readonly uiAddress: string } {
  return {
    address: addressOfSocket(grpcSocket(folder)),
    uiAddress: `unix+http://${encodeURIComponent(uiSocket(folder))}`,
  };
}

const grpcSocket = (folder: string): string => join(folder, 'temporal.sock');
const uiSocket = (folder: string): string => join(folder, 'temporal-ui.sock');

/** Connects the sockets with the server's ports, from within its network. */
export async function startRelay(
  server: ManagedProcess,
  folder: string,
  ports: ServerPorts,
  logFile: string,
): Promise<ManagedProcess> {
  await untilInside(server);
  const enter = ['--target', String(server.pid), '--user', '--net', '--preserve-credentials'];
  const passed = [
    `${grpcSocket(folder)}=${ports.grpc}`,
    `connect:${socketOfWorkers(grpcSocket(folder))}=${ports.grpc}`,
    `${uiSocket(folder)}=${ports.ui}`,
  ];
  return spawnProcess({
    name: 'temporal-relay',
    command: 'nsenter',
    args: [...enter, process.execPath, RELAY, String(server.pid), ...passed],
    env: {},
    output: { to: 'file', path: logFile },
  });
}

async function untilInside({ pid, alive }: ManagedProcess): Promise<void> {
  const own = await readlink('/proc/self/ns/net');
  const its = await pollUntil(
    () => readlink(`/proc/${pid}/ns/net`).catch(() => own),
    (network) => network !== own || !alive(),
    { withinMs: ENTER_MS, everyMs: POLL_MS },
  );
  if (its === own) throw new Error('Temporal did not get a network of its own');
}
