/**
 * A separate network for the managed server, where Linux allows it: a namespace with only a loopback, reached only
 * through Unix sockets. Elsewhere the UI gets an address that no page can guess.
 */

import { execFile } from 'node:child_process';
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { addressOfSocket, socketOfWorkers } from '../../home/external-temporal.js';
import { pollUntil } from '../../home/try-again.js';
import { unknownLoopback } from '../free-port.js';
import { type ManagedProcess, spawnProcess } from '../managed-process.js';
import type { ServerPorts } from './server-options.js';

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
