import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { Client, Connection } from '@temporalio/client';
import { expect, it, onTestFinished } from 'vitest';
import { runLabel } from '../../src/contracts/run-label.js';
import type { Exit, ManagedProcess } from '../../src/supervisor/managed-process.js';
import { serverArguments, TEMPORAL_NAMESPACE } from '../../src/supervisor/temporal/server-options.js';
import { chooseTemporalPorts, startTemporal } from '../../src/supervisor/temporal/start-temporal.js';
import { type WatchTimes, watchServer } from '../../src/supervisor/temporal/watch-server.js';
import { endChildWithThisProcess, endServerWithThisProcess } from '../support/end-with-this-process.js';
import { until } from '../support/eventually.js';
import { sharedTemporal } from '../support/temporal.js';

/** What Temporal answers once the one connection to its database was interrupted for good: seen on a machine that was far too busy. */
const INTERRUPTED = {
  code: status.UNAVAILABLE,
  details: 'GetNamespace operation failed. Error interrupted (9)',
};

/** Speaks gRPC; its address. */
async function interruptedTemporal(): Promise<string> {
  const server = new Server();
  const method = '/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace';
  const asIs = (bytes: Buffer): Buffer => bytes;
  server.register(
    method,
    (_call: unknown, answer: (error: object) => void) => answer(INTERRUPTED),
    asIs,
    asIs,
    'unary',
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  onTestFinished(() => server.forceShutdown());
  return `127.0.0.1:${port}`;
}

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
  const start = (database: string | null = null, watch?: WatchTimes) =>
    startTemporal({ ...server, database, ...(watch === undefined ? {} : { watch }) });
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

it('is ended where it runs and says nothing for too long, and not while it answers', async () => {
  const { start } = await endingAtOnce(0);
  const started = await start(null, { everyMs: 100, failingMs: 1_000, silentMs: 1_000 });
  onTestFinished(() => started.stop());
  let looked = 0;
  const connection = await Connection.connect({ address: started.address });
  onTestFinished(() => connection.close());
  for (; looked < 20; looked += 1)
    await connection.workflowService.describeNamespace({ namespace: TEMPORAL_NAMESPACE });
  expect(started.process.alive()).toBe(true);
  started.process.signal('SIGSTOP');
  const { signal, how } = await started.process.exited;
  expect(signal).toBe('SIGKILL');
  expect(how).toMatch(/^it had served nothing for .* \(no answer within 10 s\)$/);
});

/** Answers as Temporal does whose one connection to its database was interrupted for good. */
it('is ended where its database answers nothing but errors, sooner than a silent one', async () => {
  const told: string[] = [];
  const child = endChildWithThisProcess(spawn('sleep', ['600'], { stdio: 'ignore' }));
  const exited = new Promise<Exit>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  );
  const process: ManagedProcess = {
    ...{ name: 'temporal', pid: child.pid ?? 0, exited, startedWallMs: 0, lastLines: () => [] },
    ...{ alive: () => child.exitCode === null && child.signalCode === null, disconnect: () => undefined },
    signal: (signal) => void child.kill(signal),
  };
  const address = await interruptedTemporal();
  const times = { everyMs: 50, failingMs: 500, silentMs: 600_000 };
  await watchServer(process, address, TEMPORAL_NAMESPACE, (why) => told.push(why), times);
  expect((await exited).signal).toBe('SIGKILL');
  expect(told).toEqual([
    expect.stringMatching(
      /^it had served nothing for .* \(GetNamespace operation failed. Error interrupted \(9\)\)$/,
    ),
  ]);
});
