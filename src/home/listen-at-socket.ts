import { chmodSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';

/** For this user alone. What lies there is of a process that was killed: the caller knows that nobody listens. Rejects where nothing can. */
export async function listenAtSocket(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
}
