/** A server that takes connections and says nothing, as a Temporal that hangs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Runtime } from '../../src/home/runtime.js';
import { ensureSecrets } from '../../src/home/secrets.js';
import { openTemporal } from '../../src/temporal/open-temporal.js';
import { keepWorker } from '../../src/worker/keep-worker.js';
import { roleLog } from '../../src/worker/role-log.js';

/** As many turns of the event loop take as long as the machine needs for them, but nothing that waits for a clock ends in them. */
const TURNS = 10_000;
async function turnsOver(): Promise<'it waits'> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return 'it waits';
}

it('keeps no worker from its end that has never reached it', async () => {
  const home = mkdtempSync(join(tmpdir(), 'fermata-silent-'));
  await ensureSecrets(home);
  let asked = (): void => undefined;
  const connected = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const server = createServer(() => asked());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const runtime = { home, temporal: { address, namespace: 'default' } } as Runtime;
  const temporal = openTemporal(runtime);
  const worker = keepWorker(
    { runtime, temporal, log: roleLog('test') },
    { taskQueue: 'silent', bundle: null, activities: { nothing: async () => undefined }, sinks: null },
  );
  await connected;
  const stopped = worker.stop().then(() => 'it has ended');
  expect(await Promise.race([stopped, turnsOver()])).toBe('it has ended');
  await temporal.close();
  server.close();
  rmSync(home, { recursive: true, force: true });
});
