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
  const beganMs = performance.now();
  await worker.stop();
  expect(performance.now() - beganMs).toBeLessThan(8_000);
  await temporal.close();
  server.close();
  rmSync(home, { recursive: true, force: true });
});
