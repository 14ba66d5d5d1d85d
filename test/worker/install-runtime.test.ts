/** Two desks whose operations begin in one process at the same moment. */
import { request } from 'node:http';
import { expect, it } from 'vitest';
import { freePort } from '../../src/supervisor/free-port.js';
import { installRuntime } from '../../src/worker/install-runtime.js';
import { roleLog } from '../../src/worker/role-log.js';

const statusAt = (port: number): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/metrics' }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject);
    asked.end();
  });

it('shows the figures of the library at the address of each', async () => {
  const ports = [await freePort(), await freePort()];
  const begin = (port: number) =>
    installRuntime(roleLog('test'), { role: 'operations-worker', address: `127.0.0.1:${port}` });
  const hide = await Promise.all(ports.map(begin));
  for (const port of ports) expect(await statusAt(port)).toBe(200);
  for (const end of hide) end();
});
