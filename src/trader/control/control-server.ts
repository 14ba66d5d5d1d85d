/**
 * The listening side of the control socket. Anybody who can open the socket may command the trader, so only
 * the owner may enter its folder.
 */
import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { closeAtOnce } from '../../home/local-socket.js';
import { Connection, type ControlHandlers } from './requests.js';

const CONNECTIONS_MAX = 64;

export interface ControlServer {
  close(): Promise<void>;
}

/** Throws `SocketPlaceUnusable`, or the error of `listen`. */
export async function listenForControl(path: string, handlers: ControlHandlers): Promise<ControlServer> {
  await claimSocketPlace(path);
  const connections = new Set<Connection>();
  const server = createServer((socket) => admit(socket, connections, handlers));
  await listen(server, path);
  chmodSync(path, 0o600);
  return {
    close: async () => {
      await closeAtOnce(
        server,
        [...connections].map(({ socket }) => socket),
      );
      rmSync(path, { force: true });
    },
  };
}

let uses = 0;

function admit(socket: Socket, connections: Set<Connection>, handlers: ControlHandlers): void {
  const connection = new Connection(socket, handlers, () => (uses += 1));
  if (connections.size >= CONNECTIONS_MAX && !closeLongestIdle(connections)) {
    connection.refuse({
      code: 'busy',
      message: `${CONNECTIONS_MAX} connections are open and all are in use`,
      keptSafe: 'Nothing was changed.',
      doThis: 'Close connections that are not needed, then try again.',
    });
    return;
  }
  connections.add(connection);
  socket.once('close', () => connections.delete(connection));
}

/** A forgotten connection must never block a stop. */
function closeLongestIdle(connections: Set<Connection>): boolean {
  const idle = [...connections].filter((connection) => connection.underWay === 0);
  const longest = idle.sort(
    (a, b) => Number(a.following) - Number(b.following) || a.lastUsed - b.lastUsed,
  )[0];
  if (longest === undefined) return false;
  connections.delete(longest);
  longest.socket.destroy();
  return true;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

/** Node silently truncates longer paths, so two desks could share one socket. */
const PATH_BYTES_MAX = 100;
const CONNECT_TIMEOUT_MS = 1000;

/** The control socket needs a folder that only its owner can enter, and a path that nobody listens on. */
class SocketPlaceUnusable extends Error {
  override readonly name = 'SocketPlaceUnusable';
}

/**
 * Creates or checks the folder (0700, ours) and removes a socket that a dead process left. Throws
 * `SocketPlaceUnusable`.
 */
async function claimSocketPlace(path: string): Promise<void> {
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) {
    throw new SocketPlaceUnusable(
      `the socket path ${path} is longer than ${PATH_BYTES_MAX} bytes. Set XDG_RUNTIME_DIR to a shorter folder.`,
    );
  }
  ownFolder(dirname(path));
  const answer = await whoAnswers(path);
  if (answer === 'alive') {
    throw new SocketPlaceUnusable(
      `another trader answers on ${path}. Nothing was changed. Stop it first (fermata down).`,
    );
  }
  if (answer === 'stale') rmSync(path, { force: true });
}

function ownFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  const uid = process.getuid?.() ?? found.uid;
  if (!found.isDirectory() || found.uid !== uid) {
    throw new SocketPlaceUnusable(
      `${folder} belongs to someone else. Nothing was started. Remove it, or set XDG_RUNTIME_DIR to a folder of yours.`,
    );
  }
  if ((found.mode & 0o077) !== 0) chmodSync(folder, 0o700);
}

function whoAnswers(path: string): Promise<'alive' | 'stale' | 'nobody'> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answer: 'alive' | 'stale' | 'nobody') => {
      socket.destroy();
      resolve(answer);
    };
    // A stopped process (SIGSTOP) still has its socket: if it accepts the connection, or does not answer in time, it
    // is alive.
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => end('alive'));
    socket.once('connect', () => end('alive'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'ENOENT' ? 'nobody' : 'stale'));
  });
}
