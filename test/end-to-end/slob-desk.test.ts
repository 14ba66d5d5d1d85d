/** The shipped desk of the SLOB runbook at a simulated IB Gateway, from the command on. */

import { execFileSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type IbkrSimulator, startIbkrSimulator } from '../../simulators/ibkr/start.js';
import { backupsFolder } from '../../src/backup/backup-folder.js';
import { ownerConnection } from '../../src/backup/pg-programs.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { pointerFile, readBuildPointer } from '../../src/home/builds.js';
import { writeJson } from '../../src/home/json-file.js';
import { homePaths } from '../../src/home/runtime.js';
import { askSupervisor } from '../../src/home/supervisor-protocol.js';
import { readApprovals } from '../../src/store/approvals.js';
import { withClient } from '../../src/store/migrate.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { runtimeOf, withStore } from '../support/desk-store.js';
import { deskUnderTest, repository } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';

const desk = deskUnderTest('slob');
/** As it ships, in a folder whose file can be changed. */
const file = join(desk.home, 'mine', 'slob', 'desk.yaml');
const givenPassword = (password: string): void =>
  writeFileSync(join(desk.home, '.env'), `DASHBOARD_PASSWORD=${password}\n`);
let simulator: IbkrSimulator;
beforeAll(async () => {
  cpSync(dirname(resolveDesk('slob')), dirname(file), { recursive: true });
  givenPassword('before-the-rotation');
  simulator = await startIbkrSimulator({ accounts: [{ id: 'DU1234567', cash: '100000.00' }], walkMs: 500 });
});
afterAll(async () => {
  await desk.dispose();
  await simulator?.close();
});

async function shown<T>(...args: string[]): Promise<T> {
  const { stdout, stderr } = await desk.ask(...args, '--json');
  try {
    return JSON.parse(stdout) as T;
  } catch {
    throw new Error(`${args.join(' ')}: ${stdout}${stderr}`);
  }
}

/** The id of the open question whose own id is like this. */
const questionLike = (id: RegExp): Promise<string> =>
  until('the question', () =>
    withStore(desk, async (pool) => {
      const all = await readApprovals(pool, 'slob');
      return all.find((one) => one.state === 'open' && id.test(one.id))?.id;
    }),
  );

it('trades the broker’s paper account without a go-live, and does what its runbook says', async () => {
  const screen = await desk.up('--desk', file, '--simulated-venue', simulator.address);
  expect(screen).toMatchObject({
    trading: 'paper',
    account: { name: 'Interactive Brokers simulator' },
    prices: 'live: ibkr simulator public quotes',
  });
  const active = await until('ACTIVE', async () => {
    const now = await desk.status();
    return now.mode === 'ACTIVE' ? now : null;
  });
  expect(active).toMatchObject({ cash: '100000.00', goLive: { required: false } });

  type Step = { readonly key: string; readonly verdict: string };
  const { steps } = await shown<{ readonly steps: readonly Step[] }>('run', 'pre-market');
  const verdicts = Object.fromEntries(steps.map(({ key, verdict }) => [key, verdict]));
  expect(verdicts, JSON.stringify(steps)).toMatchObject({
    ...{ data: 'pass', drawdown: 'pass', risk: 'pass' },
    // They answer, late where the machine is busy.
    ...{ venue: expect.stringMatching(/pass|warn/), database: expect.stringMatching(/pass|warn/) },
    // None was taken yet, so there is nothing to look at, unless the nightly one was due just now.
    backup: expect.stringMatching(/not_run|pass/),
  });

  const schedules = JSON.stringify(await shown('schedules'));
  for (const routine of ['morning', 'quick-check', 'hourly-review', 'close', 'friday', 'monthly', 'backup'])
    expect(schedules).toContain(`"${routine}"`);
  expect(await shown('preflight', '--desk', file)).toMatchObject({
    endpoint: `Interactive Brokers simulator at ${simulator.address}`,
    verdict: 'warn',
  });
  const ready = await shown<{ readonly readiness: { passed: number; looked: number; readyPct: number } }>(
    'status',
  );
  expect(ready).toMatchObject({
    runbook: { version: '2.0', updated: '2025-12-26' },
    readiness: { verdict: 'warn' },
  });
  const { passed, looked, readyPct } = ready.readiness;
  expect([passed > 0, passed < looked, readyPct]).toEqual([true, true, Math.floor((100 * passed) / looked)]);
  expect(await shown('connection', 'test', '--desk', 'slob')).toMatchObject({
    endpoint: `Interactive Brokers simulator at ${simulator.address}`,
    parts: [
      { title: 'session', observed: 'established' },
      { title: 'market data', verdict: 'pass' },
      { title: 'account balance', observed: expect.stringMatching(/^\d+\.\d\d USD$/) },
    ],
    verdict: 'pass',
  });
  expect(await shown('backup')).toMatchObject({ proven: true });
});

it('starts the trader again by itself, where it was: at the paper account, and halted', async () => {
  await desk.ask('stop', '--reason', 'a person wants it');
  const [before, pids] = [await desk.status(), desk.pids()];
  await shown('restart', 'trader');
  expect(await desk.status()).toMatchObject({ mode: 'HALTED', trading: 'paper', account: before.account });
  expect(desk.pids().get('trader')).not.toBe(pids.get('trader'));
  expect(new Map([...desk.pids(), ['trader', 0]])).toEqual(new Map([...pids, ['trader', 0]]));
});

it('restores the newest good backup of a database that was damaged on the disk, once a person agrees', async () => {
  const backups = backupsFolder(desk.home);
  const good = readdirSync(backups).at(-1) ?? '';
  const newer = '2099-01-01T00-00-00-000Z';
  cpSync(join(backups, good), join(backups, newer), { recursive: true });
  writeFileSync(join(backups, newer, 'desk.yaml'), 'desk: slab');
  await damageDatabase();
  const before = await desk.status();
  await shown('incident', 'open', 'Numbers look wrong', '--kind', 'database-corruption');
  const question = await questionLike(/:restore$/);
  expect(await shown('approvals')).toContainEqual(expect.objectContaining({ id: question }));
  await desk.signIn('operator', 'before-the-rotation');
  const agreed = await desk.ask('approve', question, '--reason', 'looked at it');
  expect(agreed.code, agreed.stdout + agreed.stderr).toBe(0);

  const caughtUp = 'Ledger caught up, positions as at the broker';
  await until(
    'the ledger caught up',
    () =>
      withStore(desk, async (pool) => {
        const { rows } = await pool.query('select from evidence where name = $1', [caughtUp]);
        return rows.length > 0;
      }),
    300_000,
  );
  // Another one may have been opened since, as by prices that were late after the start.
  const open = await shown<readonly { id: string; kind: string }[]>('incidents');
  const corruption = open.find(({ kind }) => kind === 'database-corruption')?.id ?? '';
  type Timeline = { readonly timeline: readonly { name: string; verdict: string; observed: string }[] };
  const { timeline } = await shown<Timeline>('incidents', corruption);
  const found = (name: string) => timeline.find((step) => step.name === name);
  expect(found('Restore the newest good backup')).toMatchObject({
    verdict: 'pass',
    observed: expect.stringMatching(
      new RegExp(
        `backup ${good} is in the place of the database.*newer backup ${newer} is damaged: desk.yaml`,
      ),
    ),
  });
  expect(found('Before the restore')?.observed).toMatch(/Database whole.*damaged_here/);
  expect(found('Restored database whole')).toMatchObject({ verdict: 'pass' });
  expect(found('Restore it by hand')).toMatchObject({ verdict: 'not_run' });
  expect(found(caughtUp)).toMatchObject({ verdict: 'pass' });
  const now = await desk.status();
  expect(now).toMatchObject({ mode: 'HALTED', incarnation: before.incarnation, account: before.account });
  const reason = expect.stringContaining(`restored the database of backup ${good}`);
  expect(now.halts).toContainEqual(expect.objectContaining({ resume: 'person', by: 'operator', reason }));
  expect((await desk.ask('incident', 'resolve', corruption)).code).toBe(0);
});

/** A page of a table of its own, which nobody has read since the server was started: it has no copy of it. */
async function damageDatabase(): Promise<void> {
  const { database, ...owner } = ownerConnection(runtimeOf(desk));
  const path = await withClient(owner, database, async (client) => {
    await client.query(
      'create table damaged_here (id int primary key, text text) with (autovacuum_enabled = false)',
    );
    await client.query(`insert into damaged_here select n, repeat('x', 100) from generate_series(1, 2000) n`);
    const { rows } = await client.query<{ path: string }>(
      `select pg_relation_filepath('damaged_here') as path`,
    );
    return rows[0]?.path ?? '';
  });
  await shown('restart', 'postgres');
  const table = openSync(join(homePaths(desk.home).postgres, path), 'r+');
  writeSync(table, Buffer.alloc(16, 0x5a), 0, 16, 8_192 + 4_000);
  closeSync(table);
}

/** A checkout of a small build: what ships, and what it does first at a start. */
function checkoutOf(build: string, atStart: string): string {
  const folder = join(desk.home, build);
  const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const named = { name: 'fermata', version: '9.9.9' };
  put(
    'package.json',
    JSON.stringify({ ...named, type: 'module', scripts: { test: 'node bin/fermata.js --version' } }),
  );
  put('package-lock.json', JSON.stringify({ ...named, lockfileVersion: 3, packages: { '': named } }));
  const main = pathToFileURL(join(repository, 'dist/run/cli.js')).href;
  put(
    'bin/fermata.js',
    `if (process.argv.includes('up')) { ${atStart} }
     const { main } = await import('${main}');
     process.exit(await main(process.argv.slice(2)));`,
  );
  const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...BY, ...args]);
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message', build);
  return folder;
}
const BY = ['-c', 'user.name=t', '-c', 'user.email=t@example.com'];

it('deploys a tested build once a person agrees, and goes back from one that does not come up', async () => {
  const deployed = async (build: string, atStart: string) => {
    const from = checkoutOf(build, atStart);
    type Begun = { readonly ok: boolean; readonly build: string };
    const begun = await shown<Begun>('deploy', '--from', from, '--reason', build);
    // The one before it may still be saying how it went.
    const again = () => shown<Begun>('deploy', '--build', begun.build, '--reason', build);
    if (!begun.ok) await until('it to be begun', async () => (await again()).ok);
    expect(readBuildPointer(desk.home).ordered?.to).not.toBe(begun.build);
    const agreed = await desk.ask('approve', await questionLike(/^deploy:/), '--reason', 'looked at it');
    expect(agreed.code, agreed.stdout + agreed.stderr).toBe(0);
    const outcome = await until(
      'the outcome',
      () => {
        const { ordered } = readBuildPointer(desk.home);
        return ordered?.to === begun.build ? ordered.outcome : null;
      },
      300_000,
    );
    const who = () => askSupervisor(desk.home, 'who', {}).catch(() => null);
    await until('everything to run again', async () => (await who())?.phase === 'running', 300_000);
    return { id: begun.build, outcome };
  };
  await desk.signIn('operator', 'before-the-rotation');
  const before = await desk.status();
  const well = await deployed('well', `(await import('node:fs')).writeFileSync('came-up', '')`);
  expect(well.outcome).toMatchObject({ switched: true });
  expect(existsSync(join(desk.home, 'came-up'))).toBe(true);
  const broken = await deployed('broken', 'process.exit(3)');
  expect(broken.outcome).toEqual({
    switched: false,
    says: expect.stringContaining('it has ended with 3; the former build is started again'),
  });
  expect(readBuildPointer(desk.home).build).toBe(well.id);
  // What had halted the desk still does, and it is the same account and journal.
  expect(await desk.status()).toMatchObject({
    ...{ mode: 'HALTED', incarnation: before.incarnation, account: before.account },
    halts: expect.arrayContaining(before.halts.filter(({ resume }) => resume === 'person')),
  });
});

it('starts everything again, with parameters and secrets as they are then, and looks whether it is well', async () => {
  const again = () =>
    shown<{ healthy?: boolean; error?: { message: string } }>('restart', '--all', '--pause', '2');
  const [before, pids] = [await desk.status(), desk.pids()];
  const chosen = readBuildPointer(desk.home);
  writeFileSync(pointerFile(desk.home), '{');
  expect(await again()).toMatchObject({
    error: { message: expect.stringContaining('which build is to run') },
  });
  writeJson(pointerFile(desk.home), chosen);
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('mode: paper', 'mode: pap'));
  expect(await again()).toMatchObject({ error: { message: expect.stringContaining('mode') } });
  expect(desk.pids()).toEqual(pids);

  writeFileSync(file, text.replace('consolMinDuration: 5', 'consolMinDuration: 6'));
  givenPassword('after-the-rotation');
  expect(await again()).toMatchObject({ healthy: true, problems: [] });
  const { configHash } = loadDesk(file);
  expect(before.settings.fileConfigHash).not.toBe(configHash);
  expect(await desk.status()).toMatchObject({
    ...{ mode: 'HALTED', trading: 'paper', account: before.account },
    settings: { fileConfigHash: configHash },
  });
  // Nothing ran in between, for as long as was asked for; where nobody says how long, for 30 seconds.
  const log = readFileSync(join(desk.home, 'logs', 'fermata.log'), 'utf8').split('\n');
  const timeOf = (text: string) =>
    Date.parse(log.findLast((line) => line.includes(text))?.slice(0, 24) ?? '');
  expect(timeOf('starting desk slob') - timeOf('everything has ended')).toBeGreaterThanOrEqual(2_000);
  expect((await desk.ask('help', 'restart')).stdout).toContain('(default: 30)');
  const ended = new Set(pids.values());
  expect([...desk.pids().values()].filter((pid) => ended.has(pid))).toEqual([]);
  await desk.signIn('operator', 'after-the-rotation');

  // The process that was started first hands a Ctrl-C on, and ends with it.
  expect(await desk.interrupt()).toBe(0);
  expect((await desk.ask('status')).code).toBe(1);
});
