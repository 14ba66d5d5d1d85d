/** What the maintenance routines of desks/slob do to a database, logs and backups that are there, with the values of the desk file. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { backupsFolder, DATABASE_FILE } from '../../src/backup/backup-folder.js';
import { hashFile, type Manifest, writeManifest } from '../../src/backup/manifest.js';
import { ownerConnection, runPgProgram } from '../../src/backup/pg-programs.js';
import { ownBackups } from '../../src/backup/retention.js';
import { nextNominalMs } from '../../src/desk/nominal-times.js';
import { DESK_HOMES } from '../../src/home/runtime.js';
import { RoutineBench } from './support/routine-bench.js';

const DAY = 86_400_000;

const bench = new RoutineBench();
beforeAll(() => bench.open());
beforeEach(() => bench.renew());
afterAll(() => bench.close());

describe('the vacuum', () => {
  /** A table whose rows are all deleted; Postgres itself leaves it alone. */
  const leaveDeadRows = async (): Promise<void> => {
    const { ownerPool } = bench.database;
    await ownerPool.query('drop table if exists dead');
    await ownerPool.query('create table dead (text text) with (autovacuum_enabled = false)');
    await ownerPool.query(`insert into dead select repeat('x', 100) from generate_series(1, 2000)`);
    await ownerPool.query('delete from dead');
  };
  const bytesOfDeadRows = async (): Promise<number> => {
    const { rows } = await bench.database.ownerPool.query<{ bytes: string }>(
      `select pg_relation_size('dead') as bytes`,
    );
    return Number(rows[0]?.bytes);
  };

  it.each(['mid-week vacuum', 'maintenance vacuum'])(
    'of %s is done above its size, and not below',
    async (named) => {
      expect(bench.stepOf(named).with).toEqual({ aboveMb: 500 });
      await leaveDeadRows();
      expect(await bench.run(named)).toMatchObject({
        verdict: 'pass',
        observed: expect.stringMatching(/^\d+\.\d MB: nothing to do$/),
        expected: 'a database above 500 MB is vacuumed',
      });
      expect(await bytesOfDeadRows()).toBeGreaterThan(100_000);
      expect(await bench.run(named, { aboveMb: 1 })).toMatchObject({
        verdict: 'pass',
        observed: expect.stringMatching(/^vacuumed: \d+\.\d MB, now \d+\.\d MB$/),
      });
      expect(await bytesOfDeadRows()).toBe(0);
    },
  );

  it('does not pass while the database is away', async () => {
    const query = () => Promise.reject(new Error('connection refused'));
    bench.context = { ...bench.context, pool: { query } as never };
    expect((await bench.run('maintenance vacuum')).verdict).toBe('unfinished');
  });

  it('is over when its step is', async () => {
    bench.context = { ...bench.context, stepMs: 1 };
    const { ownerPool } = bench.database;
    const locked = await ownerPool.connect();
    await locked.query('begin');
    // A vacuum waits for it.
    await locked.query('lock table evidence in exclusive mode');
    onTestFinished(async () => {
      await locked.query('rollback');
      locked.release();
    });
    expect(await bench.run('maintenance vacuum', { aboveMb: 0 })).toMatchObject({
      verdict: 'unfinished',
      observed: expect.stringContaining('statement timeout'),
    });
  });
});

describe('the clean-up of logs', () => {
  const log = (name: string) => join(bench.home, 'logs', name);
  const written = (name: string, daysAgo: number, folder = join(bench.home, 'logs')): void => {
    const at = new Date(Date.now() - daysAgo * DAY);
    writeFileSync(join(folder, name), 'a line\n');
    utimesSync(join(folder, name), at, at);
  };

  it('removes what was moved away more than thirty days ago, and nothing else', async () => {
    const old = ['trading.log.2026-01-05', 'trading.log.2026-01-05.1', 'fermata.log.2', 'fermata.jsonl.1'];
    for (const name of old) written(name, 30.1);
    const kept = ['errors.log.2026-02-01', 'fermata.log.1'];
    for (const name of kept) written(name, 29.9);
    // Nobody wrote to it for long, and it is none that was moved away.
    written('fermata.log', 40);
    written('notes.txt.1', 40);
    expect(await bench.run('maintenance logs')).toMatchObject({ verdict: 'pass', observed: '4 removed' });
    expect(old.filter((name) => existsSync(log(name)))).toEqual([]);
    expect([...kept, 'fermata.log', 'notes.txt.1'].filter((name) => !existsSync(log(name)))).toEqual([]);
    expect(await bench.run('maintenance logs')).toMatchObject({ observed: 'none was too old' });
  });

  it('removes those of the servers, too, which the desks of an installation share', async () => {
    const home = join(bench.home, DESK_HOMES, 'slob');
    const own = join(home, 'logs');
    mkdirSync(own, { recursive: true });
    bench.context = { ...bench.context, runtime: { ...bench.context.runtime, home } };
    written('postgres.log.1', 31);
    written('fermata.log.1', 31, own);
    expect(await bench.run('maintenance logs')).toMatchObject({ verdict: 'pass', observed: '2 removed' });
    expect([existsSync(log('postgres.log.1')), existsSync(join(own, 'fermata.log.1'))]).toEqual([
      false,
      false,
    ]);
  });

  it('fails where one can’t be removed, and names it', async () => {
    written('fermata.log.1', 31);
    const at = new Date(Date.now() - 31 * DAY);
    mkdirSync(log('fermata.log.2'));
    utimesSync(log('fermata.log.2'), at, at);
    expect(await bench.run('maintenance logs')).toMatchObject({
      verdict: 'fail',
      observed: `can’t be removed: ${log('fermata.log.2')}`,
    });
    expect(existsSync(log('fermata.log.1'))).toBe(false);
  });

  it('is not run where no log is kept', async () => {
    bench.removeLog();
    expect((await bench.run('maintenance logs')).verdict).toBe('not_run');
  });
});

describe('the clean-up of backups', () => {
  const there = async () => (await ownBackups(bench.home, bench.context.desk.desk)).length;
  /** Gives the newest one a dump that reads back, and an account set aside where one is to be left out. */
  const makeNewestGood = async (restingAccounts: Manifest['restingAccounts'] = null): Promise<string> => {
    const manifest = (await ownBackups(bench.home, bench.context.desk.desk)).at(-1) as Manifest;
    const folder = join(backupsFolder(bench.home), manifest.id);
    const file = join(folder, DATABASE_FILE);
    const args = ['--format=custom', '--schema-only', `--file=${file}`];
    await runPgProgram('pg_dump', ownerConnection(bench.context.runtime), args);
    const files = [await hashFile(folder, DATABASE_FILE)];
    await writeManifest(folder, { ...manifest, files, restingAccounts });
    return file;
  };

  it('removes what is older than thirty days, and nothing that retention keeps', async () => {
    await bench.backupsHere(100, 90, [80, 'monthly'], 7, 1);
    await makeNewestGood();
    expect(await bench.run('maintenance backups')).toMatchObject({
      verdict: 'pass',
      observed: expect.stringMatching(/^removed: \S+, \S+$/),
      expected: 'none is older than 30 days',
    });
    expect(await there()).toBe(3);
    expect(await bench.run('maintenance backups')).toMatchObject({ observed: 'none was too old' });
    expect(await there()).toBe(3);
  });

  it('removes nothing while the newest one is not good, and says what to do', async () => {
    const refused = {
      verdict: 'fail',
      observed: expect.stringMatching(
        /^the newest one is not verified: older ones stay \(2 would go\)\. .+\. Take a good one: fermata backup --verify$/,
      ),
    };
    await bench.backupsHere(100, 90, 7, 1);
    expect(await bench.run('maintenance backups')).toMatchObject(refused);
    const leftOut = [{ name: 'simulated', why: 'it is damaged', damaged: true as const }];
    await makeNewestGood({ kept: [], leftOut });
    expect(await bench.run('maintenance backups')).toMatchObject(refused);
    appendFileSync(await makeNewestGood(), 'x');
    expect(await bench.run('maintenance backups')).toMatchObject(refused);
    expect(await there()).toBe(4);
    await makeNewestGood();
    expect(await bench.run('maintenance backups')).toMatchObject({ verdict: 'pass' });
    expect(await there()).toBe(2);
  });

  it('is not run where no backup was taken yet', async () => {
    rmSync(join(bench.home, 'backups'), { recursive: true, force: true });
    expect((await bench.run('maintenance backups')).verdict).toBe('not_run');
  });
});

describe('monthly maintenance', () => {
  it.each(['suite', 'load', 'update'])('runs the program of %s, and its end is the verdict', async (key) => {
    const folder = mkdtempSync(join(tmpdir(), 'fermata-programs-'));
    onTestFinished(() => {
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true, force: true });
    });
    vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
    const named = `monthly-maintenance ${key}`;
    const [program = ''] = bench.stepOf(named).command ?? [];
    expect(program).toBe(
      { suite: 'run-test-suite', load: 'run-load-benchmark', update: 'update-dependencies' }[key],
    );
    expect((await bench.run(named)).verdict).toBe('not_run');
    const ends = (code: number): void => {
      const file = join(folder, program);
      writeFileSync(file, `#!/bin/sh\necho "312 passed, ${code} failed"\nexit ${code}\n`);
      chmodSync(file, 0o755);
    };
    ends(0);
    expect(await bench.run(named)).toMatchObject({
      verdict: 'pass',
      observed: expect.stringContaining('it said last: "312 passed, 0 failed"'),
      reference: expect.stringContaining('sha256'),
    });
    ends(1);
    expect((await bench.run(named)).verdict).toBe('fail');
  });

  it('updates dependencies only after tests and benchmark have passed', () => {
    const { steps } = bench.context.desk.routines.find(({ name }) => name === 'monthly-maintenance') ?? {};
    expect(steps?.map(({ key, onFail }) => [key, onFail])).toEqual([
      ['suite', 'stop'],
      ['load', 'stop'],
      ['update', 'warn'],
    ]);
  });

  it('is on the first Saturday, after the weekly one', () => {
    const { routines, timezone } = bench.context.desk;
    const next = (name: string): string => {
      const routine = routines.find((one) => one.name === name);
      const at = routine && nextNominalMs(routine, timezone, Date.parse('2026-07-15T04:00:00Z'));
      return new Date(at ?? 0).toISOString().slice(0, 16);
    };
    expect([next('maintenance'), next('monthly-maintenance')]).toEqual([
      '2026-07-18T14:00',
      '2026-08-01T15:00',
    ]);
  });
});
