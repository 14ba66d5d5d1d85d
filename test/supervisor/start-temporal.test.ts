import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { chooseTemporalPorts, startTemporal } from '../../src/supervisor/temporal/start-temporal.js';
import { sharedTemporal } from '../support/temporal.js';

/** Temporal's binary, which ends at once as often as is said, as one does whose port was taken meanwhile. */
async function endingAtOnce(times: number) {
  const { binary } = await sharedTemporal();
  const folder = mkdtempSync(join(tmpdir(), 'fermata-start-temporal-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const wrapper = join(folder, 'temporal');
  const script = `#!/bin/sh
echo start >> '${folder}/starts'
if [ "$(wc -l < '${folder}/starts')" -le ${times} ]; then echo 'panic: address already in use' >&2; exit 2; fi
exec '${binary}' "$@"
`;
  writeFileSync(wrapper, script, { mode: 0o700 });
  const pids: number[] = [];
  const server = {
    binary: wrapper,
    ports: await chooseTemporalPorts(),
    database: null,
    logFile: join(folder, 'temporal.log'),
    onSpawned: async ({ pid }: { readonly pid: number }) => void pids.push(pid),
  };
  return { server, pids };
}

it('starts Temporal again where it ends at once, as where a port was taken after it was chosen', async () => {
  const { server, pids } = await endingAtOnce(2);
  const started = await startTemporal(server);
  onTestFinished(() => started.stop());
  expect(pids).toHaveLength(3);
  expect(started.process.pid).toBe(pids.at(-1));
});

it('gives up after three, with what the last one said', async () => {
  const { server, pids } = await endingAtOnce(3);
  await expect(startTemporal(server)).rejects.toThrow(/did not come up: .*address already in use/);
  expect(pids).toHaveLength(3);
});
