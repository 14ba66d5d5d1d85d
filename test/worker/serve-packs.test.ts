/** The process that runs playbooks in code: begun where there are some, killed and begun again, its code kept for what began under it. */

import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { packsQueue } from '../../src/contracts/queues.js';
import { homePaths, type Runtime } from '../../src/home/runtime.js';
import { ensureSecrets } from '../../src/home/secrets.js';
import { closeTask, readTasks } from '../../src/store/task-rows.js';
import { isAlive } from '../../src/supervisor/process-table.js';
import { openRunsByBuild } from '../../src/worker/serve-builds.js';
import { type Packs, servePacks } from '../../src/worker/serve-packs.js';
import { tellPacksEnd } from '../../src/worker/stuck-runs.js';
import { openIncident, type RunningIncident, timelineOf } from '../incidents/incident-bench.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { until } from '../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { CODED_DESK } from '../workflows/support/serve-queue.js';

const home = mkdtempSync(join(tmpdir(), 'fermata-packs-'));
const folder = join(home, 'desks/coded-desk');
const said: string[] = [];
const log = pino({ level: 'info' }, { write: (line: string) => void said.push(line) });

let bench: Bench;
let desk: BenchDesk;
let packs: Packs | null = null;
beforeAll(async () => {
  await ensureSecrets(home);
  cpSync(CODED_DESK, folder, { recursive: true });
  // What Temporal keeps is sealed, as on every desk: what is asked and answered is read by who it is for.
  bench = await openBench(home);
  desk = await bench.desk({ serve: ['operations', 'engine'] });
});
afterAll(async () => {
  await packs?.stop();
  await bench?.close();
  rmSync(home, { recursive: true, force: true });
});

/** Where Temporal takes no incident of it. */
const tellEnd = (how: string): Promise<void> =>
  tellPacksEnd(
    {
      ...{ pool: bench.database.pool, log, seen: { incarnation: null } },
      temporal: { within: () => Promise.reject(new Error('it is down')) } as never,
      trader: { call: () => Promise.reject(new Error('no trader')) } as never,
      desk: { desk: desk.name, incidents: { kinds: {} } } as never,
    },
    home,
    how,
  );

const told = async (): Promise<readonly string[]> => {
  const { rows } = await bench.database.pool.query<{ body: string }>(
    `select body from notice where desk = $1 and title like '%playbooks in code stand still'`,
    [desk.name],
  );
  return rows.map(({ body }) => body);
};

function serve(hasCode: boolean, temporal = bench.temporal): Packs {
  const { address } = bench;
  const runtime: Pick<Runtime, 'home' | 'desk' | 'deskFile' | 'temporal'> = {
    ...{ home, desk: desk.name, deskFile: join(folder, 'desk.yaml'), temporal: address },
  };
  return servePacks({
    ...{ temporal, log, hasCode },
    runtime: runtime as Runtime,
    tell: async () => undefined,
    tellEnding: tellEnd,
  });
}

const open = (): Promise<RunningIncident> =>
  openIncident(bench, desk, {
    kind: 'late-bank',
    code: { name: 'late-bank', with: {}, haltRule: 'person', backupsKept: 14 },
  });

const openTask = (incident: RunningIncident) =>
  until('the task', async () =>
    (await readTasks(bench.database.pool, desk.name)).find(
      ({ state, origin }) => state === 'open' && origin?.workflowId === incident.workflowId,
    ),
  );

async function call(incident: RunningIncident): Promise<void> {
  const { id } = await openTask(incident);
  await closeTask(bench.database.pool, {
    desk: desk.name,
    id,
    state: 'done',
    by: 'anna',
    note: 'on Tuesday',
  });
}

const pidOf = (): Promise<number> => until('its process', () => packs?.pid() ?? null);

const builds = (): readonly string[] =>
  readdirSync(homePaths(home).workflowBundles).filter((name) => name.startsWith('packs-'));

it('is killed in the middle of a playbook: another goes on, by the code that it began with, and does no step twice', async () => {
  packs = serve(true);
  const before = await open();
  await openTask(before);
  await until('the code is kept', () => builds().length === 1);
  const environment = readFileSync(`/proc/${await pidOf()}/environ`, 'utf8')
    .split('\0')
    .filter(Boolean);
  const given = environment.map((one) => one.split('=')[0] ?? '');
  // A desk's own code finds nothing of ours there, and no key of an account.
  expect(
    given.filter(
      (name) =>
        !/^(PATH|LANG|TZ|HOME|TMPDIR|FERMATA_(SECRETS|PACKS_RUNTIME)|TEMPORAL_.*|MALLOC_ARENA_MAX|NODE_CHANNEL_.*)$/.test(
          name,
        ),
    ),
  ).toEqual([]);
  const file = join(folder, 'playbooks/late-bank.ts');
  writeFileSync(file, readFileSync(file, 'utf8').replace('the bank was called by', 'now called by'));
  process.kill(await pidOf(), 'SIGKILL');
  await until('the changed code is kept beside it', () => builds().length === 2);
  const after = await open();
  await call(after);
  expect((await after.result()).outcome).toBe('now called by anna');
  await call(before);
  expect((await before.result()).outcome).toBe('the bank was called by anna');
  expect((await timelineOf(bench, before)).map(({ name }) => name)).toEqual([
    'Opened',
    'database',
    'The bank was called',
    'What the bank said',
    'playbooks/late-bank',
    'Over',
  ]);

  // A desk whose playbooks were taken away.
  const last = await open();
  await openTask(last);
  await until('it is listed', async () => {
    return (await openRunsByBuild(bench.temporal, packsQueue(desk.name))).size > 0;
  });
  await packs.stop();
  rmSync(file);
  packs = serve(false);
  await call(last);
  expect((await last.result()).outcome).toBe('now called by anna');
});

it('is told to people where it ends again and again', async () => {
  await packs?.stop();
  packs = serve(true);
  const killed: number[] = [];
  for (let times = 0; times < 3; times += 1) {
    const pid = await until('another process', () => {
      const now = packs?.pid() ?? null;
      return now === null || killed.includes(now) ? null : now;
    });
    process.kill(pid, 'SIGKILL');
    killed.push(pid);
  }
  await until('people are told', async () => (await told()).length > 0);
  expect(await told()).toEqual([expect.stringContaining('SIGKILL')]);
  // Another time is news, too.
  await tellEnd('again');
  expect(await told()).toHaveLength(2);
});

it('is looked for again where Temporal could not say whether runs are open: nobody is told that it does not start', async () => {
  await packs?.stop();
  said.length = 0;
  const kept = join(homePaths(home).workflowBundles, 'packs-of-before');
  mkdirSync(kept, { recursive: true });
  packs = serve(false, { within: () => Promise.reject(new Error('it is down')) } as never);
  await until('it has looked', () => said.length > 0);
  expect(said.join('')).toContain('could not be looked for');
  await packs.stop();
  rmSync(kept, { recursive: true });
  packs = serve(true);
});

it('ends where whoever began it died before it was loaded', async () => {
  const program = fileURLToPath(new URL('../../dist/run/packs-worker.js', import.meta.url));
  const temporal = { kind: 'managed', address: '127.0.0.1:1', namespace: 'fermata', uiAddress: null };
  const runtime = { home, desk: desk.name, deskFile: join(folder, 'desk.yaml'), temporal };
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env.PATH, FERMATA_PACKS_RUNTIME: JSON.stringify(runtime) },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  endChildWithThisProcess(child);
  onTestFinished(() => void child.kill('SIGKILL'));
  child.disconnect();
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
});

it('ends with whoever began it, and is not there where no playbook is', async () => {
  const pid = await pidOf();
  await packs?.stop();
  expect(isAlive(pid)).toBe(false);
  packs = serve(false);
  expect(packs.pid()).toBeNull();
  await packs.stop();
});
