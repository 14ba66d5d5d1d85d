/** Two operations processes of one desk: one watches and is the ledger; the other takes over where it is killed. */

import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { homePaths } from '../../src/home/runtime.js';
import { openPool, type Pool } from '../../src/store/pool.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { startTimeOf } from '../../src/supervisor/process-table.js';
import { deskWithQuickAverages } from '../support/desk-files.js';
import { runtimeOf } from '../support/desk-store.js';
import { type DeskUnderTest, deskUnderTest, repository } from '../support/desk-under-test.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { until } from '../support/eventually.js';

let desk: DeskUnderTest;
let pool: Pool;
let second: ChildProcess;
/** Stands for a step `command:` that the first worker has running. */
let program: ChildProcess;
let figures: string;
let said = '';
beforeAll(async () => {
  desk = deskUnderTest('crypto-bot');
  await desk.up('--desk', deskWithQuickAverages(desk.home), '--market', 'simulated');
  const runtime = runtimeOf(desk);
  // Its figures have an address of their own, as in a container.
  figures = `127.0.0.1:${await freePort()}`;
  const workerMetrics = { 'engine-worker': figures, 'operations-worker': figures };
  const file = join(desk.home, 'second.json');
  writeFileSync(file, JSON.stringify({ ...runtime, workerMetrics }));
  program = endChildWithThisProcess(spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }));
  const { pid = 0 } = program;
  const running = [{ name: 'sleep', pid, startTime: await startTimeOf(pid) }];
  writeFileSync(join(homePaths(desk.home).run, 'commands.json'), JSON.stringify(running));
  pool = openPool(runtime, 'test');
  second = endChildWithThisProcess(
    spawn(process.execPath, [join(repository, 'dist/run/run-role.js'), 'operations-worker-2'], {
      env: { ...process.env, FERMATA_HOME: desk.home, FERMATA_RUNTIME: file },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  for (const stream of [second.stdout, second.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
});
afterAll(async () => {
  second?.kill('SIGKILL');
  program?.kill('SIGKILL');
  await pool?.end();
  await desk?.dispose();
});

const says = (what: string) => until(`${what}\n${said.slice(-2_000)}`, () => said.includes(what), 120_000);
const count = async (query: string): Promise<number> =>
  Number((await pool.query<{ n: string }>(`select count(*) as n from ${query}`)).rows[0]?.n);

/** Elsewhere no loopback address is unknown, and nothing is shown. */
it.runIf(process.platform === 'linux')('the other one shows its figures under its own name', async () => {
  await says('watch: another process of this desk does it');
  const [host = '', port = ''] = figures.split(':');
  const askedAs = (name: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      get({ host, port, path: '/metrics', headers: { host: `${name}:${port}` } }, (response) =>
        resolve(response.resume().statusCode),
      ).on('error', reject);
    });
  expect(await askedAs('operations-worker-2')).toBe(200);
  expect(await askedAs('operations-worker')).toBe(421);
});

it('one watches and keeps the ledger; where it is killed the other does, and nothing is told twice', async () => {
  await says('watch: another process of this desk does it');
  await says('ledger: another process of this desk does it');
  const [tookOver, ledger] = ['watch: this process does it', 'ledger: this process does it'];
  expect(said).not.toContain(tookOver);
  // What the first has running is not for the second to end.
  expect(program.signalCode).toBeNull();
  process.kill(await desk.pidOf('operations-worker'), 'SIGKILL');
  await says(tookOver);
  await says(ledger);
  // The end of the first is an incident, which only a watcher opens.
  const crashes = `incident where kind = 'crash-and-restart'`;
  await until('the incident', async () => (await count(crashes)) > 0, 120_000);
  const { sequence } = await desk.status();
  await until(
    'the ledger',
    async () => (await count(`journal_entry where sequence >= ${sequence}`)) > 0,
    120_000,
  );
  // The first is back by now, and waits in its turn.
  await until(
    'the first one again',
    async () => (await desk.ask('logs', '--json')).stdout.includes('waits for its turn'),
    120_000,
  );
  expect(await count(crashes)).toBe(1);
  // What it had running before it was killed, it ends as it starts.
  expect(program.signalCode).toBe('SIGTERM');
  const twice = (columns: string, table: string) =>
    pool.query(`select ${columns} from ${table} group by ${columns} having count(*) > 1`);
  expect((await twice('title, body', 'notice')).rows).toEqual([]);
  expect((await twice('routine, nominal', 'routine_run')).rows).toEqual([]);
  expect(await count(`routine_run where cause = 'start'`)).toBe(1);
});
