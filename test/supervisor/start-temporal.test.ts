import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { expect, it, onTestFinished } from 'vitest';
import { runLabel } from '../../src/contracts/run-label.js';
import type { ManagedProcess } from '../../src/supervisor/managed-process.js';
import { serverArguments, TEMPORAL_NAMESPACE } from '../../src/supervisor/temporal/server-options.js';
import { chooseTemporalPorts, startTemporal } from '../../src/supervisor/temporal/start-temporal.js';
import { endChildWithThisProcess, endServerWithThisProcess } from '../support/end-with-this-process.js';
import { until } from '../support/eventually.js';
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
    logFile: join(folder, 'temporal.log'),
    onSpawned: async (child: ManagedProcess) => {
      pids.push(child.pid);
      await endServerWithThisProcess(child);
    },
  };
  const start = (database: string | null = null) => startTemporal({ ...server, database });
  return { server, start, pids };
}

it('starts Temporal again where it ends at once, as where a port was taken after it was chosen', async () => {
  const { start, pids } = await endingAtOnce(2);
  const started = await start();
  onTestFinished(() => started.stop());
  expect(pids).toHaveLength(3);
  expect(started.process.pid).toBe(pids.at(-1));
});

it('gives up after three, with what the last one said', async () => {
  const { start, pids } = await endingAtOnce(3);
  await expect(start()).rejects.toThrow(/did not come up: .*address already in use/);
  expect(pids).toHaveLength(3);
});

it('begins runs on a database of an earlier version, which lacks a search attribute that came since', async () => {
  const { server, start } = await endingAtOnce(0);
  const folder = dirname(server.logFile);
  const database = join(folder, 'temporal.db');
  const earlier = join(folder, 'earlier');
  const { binary } = await sharedTemporal();
  const script = `#!/bin/bash
for one in "$@"; do shift; [[ $one == FermataSummary=* ]] && one=FermataElse=Keyword; set -- "$@" "$one"; done
exec '${binary}' "$@"
`;
  writeFileSync(earlier, script, { mode: 0o700 });
  const args = serverArguments(server.ports, database);
  const before = endChildWithThisProcess(spawn(earlier, args, { stdio: 'ignore' }));
  const ended = new Promise((resolve) => before.once('exit', resolve));
  onTestFinished(() => void before.kill('SIGKILL'));
  const address = `127.0.0.1:${server.ports.grpc}`;
  const known = async (): Promise<object> => {
    const connection = await Connection.connect({ address, connectTimeout: 2_000 });
    const { customAttributes } = await connection.operatorService
      .listSearchAttributes({ namespace: TEMPORAL_NAMESPACE })
      .finally(() => connection.close());
    return customAttributes ?? {};
  };
  await until('the earlier server', async () => 'FermataElse' in (await known()));
  expect(await known()).not.toHaveProperty('FermataSummary');
  before.kill('SIGTERM');
  await ended;

  const started = await start(database);
  onTestFinished(() => started.stop());
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  const label = runLabel({ desk: 'd', routine: 'backup', summary: 'Backup of d', details: '' });
  const { workflow } = new Client({ connection, namespace: TEMPORAL_NAMESPACE });
  const run = await workflow.start('backup', { workflowId: 'b', taskQueue: 'none', ...label });
  expect((await run.describe()).typedSearchAttributes.getAll()).toHaveLength(
    label.typedSearchAttributes.length,
  );
});
