import { chmodSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';

/**
 * Listens for this user only. An existing socket file is a leftover of a killed process: the caller knows that nobody
 * listens. Rejects if listening fails.
 */
export async function listenAtSocket(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
}
