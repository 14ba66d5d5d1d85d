/** What the web role needs to start beside a real Postgres: a home with its secrets, and free ports. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { homePaths, type Runtime, SECRET_FILES } from '../../src/home/runtime.js';
import { ensureSecrets } from '../../src/home/secrets.js';
import { freePort } from '../../src/supervisor/free-port.js';
import type { TestDatabase } from './postgres.js';

export const SHIPPED_DESK = resolve(import.meta.dirname, '../../desks/crypto-bot/desk.yaml');

/** Trader and Temporal are away. */
export async function webRuntime(
  home: string,
  { host, port, appUser, appPassword, database }: TestDatabase,
  deskFile = SHIPPED_DESK,
): Promise<Runtime> {
  await ensureSecrets(home);
  writeFileSync(join(homePaths(home).secrets, SECRET_FILES.postgresAppPassword), appPassword);
  return {
    version: 1,
    home,
    desk: 'crypto-bot',
    deskFile,
    configHash: 'c0ffee',
    market: { kind: 'simulated', files: [], speed: undefined, seed: undefined, exitAtEnd: false },
    postgres: { host, port, database, user: appUser },
    temporal: {
      kind: 'external',
      address: `127.0.0.1:${await freePort()}`,
      namespace: 'default',
      uiAddress: null,
    },
    web: { host: '127.0.0.1', port: await freePort() },
    temporalUiProxy: { port: await freePort() },
    supervisorSocket: join(homePaths(home).sockets, 'supervisor.sock'),
  };
}
