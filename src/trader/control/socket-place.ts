/** The place of the control socket: a folder that only its owner can enter, and a path that nobody listens on. */
import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';

/** The system call cuts longer paths silently, so that two desks could share one socket. */
const PATH_BYTES_MAX = 100;
const CONNECT_TIMEOUT_MS = 1000;

export class SocketPlaceUnusable extends Error {
  override readonly name = 'SocketPlaceUnusable';
}

/**
 * Creates or checks the folder (0700, ours) and removes a socket that a dead process left. Throws
 * `SocketPlaceUnusable`.
 */
export async function claimSocketPlace(path: string): Promise<void> {
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
