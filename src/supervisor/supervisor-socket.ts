/** The supervisor's own socket: who runs here, what runs, stop, restart. Protected by its folder's mode. */
import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { messageOf } from '../domain/message-of.js';
import { closeAtOnce, listenAtSocket, readLines } from '../home/local-socket.js';
import type { SupervisorMethod, SupervisorMethods } from '../home/supervisor-protocol.js';

const REQUEST_CHARS_MAX = 64 * 1024;
const CONNECTIONS_MAX = 16;
const PATH_BYTES_MAX = 100;

type SupervisorHandlers = {
  readonly [M in SupervisorMethod]: (
    params: SupervisorMethods[M]['params'],
  ) => SupervisorMethods[M]['result'] | Promise<SupervisorMethods[M]['result']>;
};

export interface SupervisorSocket {
  close(): Promise<void>;
}

/** The caller holds the lock of this FERMATA_HOME, so an existing socket belongs to nobody. */
export async function openSupervisorSocket(
  path: string,
  handlers: SupervisorHandlers,
): Promise<SupervisorSocket> {
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) {
    throw new Error(
      `the socket path ${path} is longer than ${PATH_BYTES_MAX} bytes: set XDG_RUNTIME_DIR to a shorter folder`,
    );
  }
  claimFolder(dirname(path));
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    readLines(socket, REQUEST_CHARS_MAX, (line) => void answer(socket, handlers, line));
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listenAtSocket(server, path);
  return {
    close: async () => {
      await closeAtOnce(server, open);
      // Every process of this home has ended by now; a killed one may have left its socket here.
      rmSync(dirname(path), { recursive: true, force: true });
    },
  };
}

/** Throws if it belongs to somebody else. */
export function claimFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid)) {
    throw new Error(
      `${folder} belongs to someone else: remove it, or set XDG_RUNTIME_DIR to a folder of yours`,
    );
  }
  chmodSync(folder, 0o700);
}

async function answer(socket: Socket, handlers: SupervisorHandlers, line: string): Promise<void> {
  let id: unknown = null;
  let isRestart = false;
  try {
    const request = JSON.parse(line) as { id?: unknown; method?: string; params?: object };
    id = request.id ?? null;
    isRestart = request.method === 'restart';
    const handler = Object.hasOwn(handlers, request.method ?? '')
      ? (handlers[request.method as SupervisorMethod] as (params: object) => unknown)
      : null;
    if (handler === null) throw new Error(`there is no method ${String(request.method).slice(0, 40)}`);
    const result = await handler(request.params ?? {});
    send(socket, { id, result });
  } catch (error) {
    const message = messageOf(error);
    // A process that does not come up again is not as before.
    const others = isRestart ? 'no other process was touched' : 'every process goes on as before';
    const { keptSafe = others, doThis = 'look at: fermata logs' } = error as Partial<
      Record<'keptSafe' | 'doThis', string>
    >;
    send(socket, { id, error: { code: 'refused', message, keptSafe, doThis } });
  }
}

function send(socket: Socket, value: object): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(value)}\n`);
}
