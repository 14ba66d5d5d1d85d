import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createEmptyDatabase } from '../../src/backup/pg-programs.js';
import { openSnapshot } from '../../src/backup/table-figures.js';
import { homePaths } from '../../src/home/runtime.js';
import { ensureSecrets, readSecret } from '../../src/home/secrets.js';
import { APP_ROLE, migrate } from '../../src/store/migrate.js';
import { openPool } from '../../src/store/pool.js';
import { DeskProcesses } from '../../src/supervisor/desk-processes.js';
import { watchForEnding } from '../../src/supervisor/ending.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { openDeskLog } from '../../src/supervisor/log/desk-log.js';
import { openChildrenFile } from '../../src/supervisor/process-table.js';
import { startOwnTemporal } from '../../src/supervisor/start/start-stores.js';
import { type PostgresServer, startPostgres } from '../../src/supervisor/start-postgres.js';
import {
  chooseTemporalPorts,
  databaseFileFor,
  markReady,
  setAside,
} from '../../src/supervisor/temporal/start-temporal.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { endServerWithThisProcess, endWithThisProcess, type Stop } from '../support/end-with-this-process.js';
import { processesOf, upOptions } from './support/desk-home.js';

let folder: string;
const started: PostgresServer[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-stores-'));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
});

const PASSWORD = 'a-password-for-this-test';

async function start(port: number, directory = join(folder, 'postgres')): Promise<PostgresServer> {
  const server = await startPostgres({
    directory,
    port,
    user: 'fermata',
    password: PASSWORD,
    logFile: join(folder, 'log'),
    onSpawned: endServerWithThisProcess,
  });
  started.push(server);
  return server;
}

async function query(port: number, text: string, password = PASSWORD): Promise<unknown[]> {
  const client = new Client({ host: '127.0.0.1', port, user: 'fermata', password, database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

test('Postgres keeps what was committed through kill -9, with a session open and a stale lock file', async () => {
  const port = await freePort();
  const first = await start(port);
  await query(port, 'create table kept as select 42 as answer');
  const open = new Client({
    host: '127.0.0.1',
    port,
    user: 'fermata',
    password: PASSWORD,
    database: 'postgres',
  });
  open.on('error', () => undefined);
  await open.connect();
  first.process.signal('SIGKILL');
  await first.process.exited;
  const second = await start(port);
  expect(await query(port, 'select answer from kept')).toEqual([{ answer: 42 }]);
  await open.end().catch(() => undefined);
  second.process.signal('SIGKILL');
  await second.process.exited;
  // As after a reboot: the number in the lock file belongs to some other program now.
  const lock = join(folder, 'postgres', 'postmaster.pid');
  writeFileSync(lock, readFileSync(lock, 'utf8').replace(/^\d+/, String(process.pid)));
  const third = await start(port);
  expect(await query(port, 'select answer from kept')).toEqual([{ answer: 42 }]);
  await expect(query(port, 'select 1', 'another password')).rejects.toThrow('password authentication failed');
  await third.stop();
});

test('a database that is not created in time is said with the time it took and what to do, and so is that it goes on', async () => {
  const said: string[] = [];
  const directory = join(folder, 'postgres');
  const options = {
    ...{ directory, port: await freePort(), user: 'fermata', password: PASSWORD },
    ...{ logFile: join(folder, 'log'), say: (text: string) => void said.push(text) },
  };
  const guarded = { ...options, onSpawned: endServerWithThisProcess };
  await expect(startPostgres({ ...guarded, creation: { withinMs: 50, sayEveryMs: 1 } })).rejects.toThrow(
    `The database could not be created in ${directory}: it took longer than 0 s and was ended. Nothing of it was kept. Look whether the disk is slow or full`,
  );
  expect(said[0]).toMatch(
    /^The database is still being created \(\S+ s so far\): on a slow machine it takes minutes$/,
  );
  const ending = new AbortController();
  const start = startPostgres({
    ...{ ...options, stopping: ending.signal, creation: { withinMs: 60_000, sayEveryMs: 1 } },
    onSpawned: endServerWithThisProcess,
    say: () => ending.abort(new Error('the desk is ending')),
  });
  await expect(start).rejects.toThrow('the desk is ending');
  expect(readdirSync(folder)).toEqual([]);
});

test('Postgres is waited for as long as it says that it recovers, and ended with its desk meanwhile', async () => {
  const directory = join(folder, 'postgres');
  const port = await freePort();
  await (await start(port)).stop();
  // It asks for each piece of its log first, and is told a while later that there is none.
  const recovers = ['restore_command=sleep 1; exit 1'];
  const said: string[] = [];
  const options = {
    ...{ directory, port, user: 'fermata', password: PASSWORD, logFile: join(folder, 'log') },
    ...{ settings: recovers, creation: { withinMs: 60_000, sayEveryMs: 1 } },
  };
  writeFileSync(join(directory, 'recovery.signal'), '');
  const ending = new AbortController();
  const ended = startPostgres({
    ...{ ...options, stopping: ending.signal },
    onSpawned: endServerWithThisProcess,
    say: () => ending.abort(new Error('the desk is ending')),
  });
  await expect(ended).rejects.toThrow('the desk is ending');
  expect(processesOf(directory)).toEqual([]);
  const guarded = { ...options, onSpawned: endServerWithThisProcess };
  started.push(await startPostgres({ ...guarded, say: (text) => void said.push(text) }));
  expect(await query(port, 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(said[0]).toMatch(
    /^Postgres was ended abruptly and recovers \(\S+ s so far\): with much to repeat it takes minutes$/,
  );
});

test('Postgres is reached whatever the shell has set for servers of others', async () => {
  await ensureSecrets(folder);
  const port = await freePort();
  vi.stubEnv('PGSSLMODE', 'require');
  vi.stubEnv('PGOPTIONS', '-c no_setting=1');
  onTestFinished(() => void vi.unstubAllEnvs());
  await start(port);
  const owner = { host: '127.0.0.1', port, user: 'fermata', password: PASSWORD };
  await migrate(owner, 'desk', readSecret(folder, 'postgresAppPassword'));
  const pool = openPool({
    home: folder,
    postgres: { host: '127.0.0.1', port, database: 'desk', user: APP_ROLE },
  });
  onTestFinished(() => pool.end());
  expect((await pool.query('select count(*)::int as count from evidence')).rows).toEqual([{ count: 0 }]);
  const snapshot = await openSnapshot({ ...owner, database: 'desk' });
  await snapshot.close();
  const empty = await createEmptyDatabase({ ...owner, database: 'restored' });
  onTestFinished(() => empty.end());
  expect((await empty.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

test.runIf(process.platform === 'linux')('Postgres has none of our secrets in its environment', async () => {
  vi.stubEnv('TELEGRAM_BOT_TOKEN', 'a token of the bot');
  const server = await start(await freePort()).finally(() => vi.unstubAllEnvs());
  const pid = readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0];
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
  await server.stop();
  expect(environment).toContain('PATH=');
  expect(environment).not.toContain('a token of the bot');
});

test('a start beside a Postgres that still runs on the same folder is refused and harms nothing', async () => {
  const port = await freePort();
  const first = await start(port);
  const link = join(folder, 'link');
  symlinkSync(join(folder, 'postgres'), link);
  for (const directory of [join(folder, 'postgres'), link])
    await expect(start(await freePort(), directory)).rejects.toThrow(
      /still runs on .* Stop it with: kill -INT \d+/,
    );
  expect(await query(port, 'select 1 as one')).toEqual([{ one: 1 }]);
  await first.stop();
});

test('Postgres is not started again once its desk is ending: nobody would end it', async () => {
  const { desk } = loadDesk('desks/crypto-bot/desk.yaml');
  const paths = homePaths(folder);
  await ensureSecrets(folder, undefined);
  mkdirSync(paths.servers.logs, { recursive: true });
  const ending = watchForEnding();
  const known = openChildrenFile(join(paths.run, 'children.json'));
  const guards: Stop[] = [];
  const children: typeof known = {
    ...known,
    add: (name, pid) => {
      guards.push(endWithThisProcess(pid, async () => undefined));
      return known.add(name, pid);
    },
  };
  const silent = (): void => undefined;
  const processes = new DeskProcesses({
    ...{ options: upOptions(folder), log: openDeskLog(paths.logs, (text) => text, desk) },
    ...{ paths, children, ending, say: silent, step: silent },
  });
  try {
    await processes.startPostgres();
    expect(await processes.restart('postgres')).toMatchObject({ state: 'running', restarts: 1 });
    ending.ask('fermata down');
    const stopped = processes.stop();
    await expect(processes.restart('postgres')).rejects.toThrow('the desk is ending already');
    await stopped;
    expect(processesOf(join(folder, 'postgres'))).toEqual([]);
  } finally {
    await processes.stop();
    for (const over of guards) await over();
    ending.close();
  }
});

test('a database of Temporal that was never ready is thrown away, one that was is kept', async () => {
  const directory = join(folder, 'temporal');
  const file = await databaseFileFor(directory, '1.29.1');
  for (const part of ['', '-wal', '-shm']) writeFileSync(file + part, 'half written');
  expect(await databaseFileFor(directory, '1.29.1')).toBe(file);
  expect(readdirSync(directory)).toEqual([]);
  writeFileSync(file, 'whole');
  await markReady(file);
  await databaseFileFor(directory, '1.29.1');
  expect(readFileSync(file, 'utf8')).toBe('whole');
  expect(await databaseFileFor(directory, '1.30.0')).not.toBe(file);
});

test('a database of Temporal that can not be opened is set aside, the newest one only', async () => {
  const file = await databaseFileFor(join(folder, 'temporal'), '1.29.1');
  for (const content of ['first', 'second']) {
    writeFileSync(file, content);
    if (content === 'first') writeFileSync(`${file}-wal`, content);
    await markReady(file);
    expect(readFileSync((await setAside(file)) ?? '', 'utf8')).toBe(content);
    expect(existsSync(file)).toBe(false);
  }
  expect(readdirSync(join(folder, 'temporal'))).toEqual(['server-1.29.1-sealed.db.broken']);
});

describe('Temporal that does not start', () => {
  const VERSION = '1.29.1';
  let database: string;
  beforeEach(async () => {
    const { servers } = homePaths(folder);
    mkdirSync(servers.logs, { recursive: true });
    database = await databaseFileFor(servers.temporal, VERSION);
    writeFileSync(database, 'of all runs');
    await markReady(database);
    writeFileSync(`${database}.broken`, 'of the year before');
  });

  /** A server that says this and ends, as the real one does where it can't open its database. */
  async function startSaying(words: string, lines: string[] = []): Promise<unknown> {
    const path = join(folder, 'says-and-ends');
    writeFileSync(path, `#!/bin/sh\necho 'Error: ${words}' >&2\nexit 1\n`, { mode: 0o700 });
    const paths = homePaths(folder);
    const children = openChildrenFile(join(paths.run, 'children.json'));
    const network = { kind: 'loopback', uiHost: null } as const;
    return startOwnTemporal(
      { paths, children, onLine: (text) => void lines.push(text) },
      { ports: await chooseTemporalPorts(), network },
      { kind: 'binary', path, serverVersion: VERSION, from: 'path' },
    ).catch((error: unknown) => error);
  }

  const kept = () =>
    [database, `${database}.broken`].map((file) => existsSync(file) && readFileSync(file, 'utf8'));

  test('on a full disk keeps its database, and says what is full and what to do', async () => {
    expect(await startSaying('unable to open the store: database or disk is full (13)')).toMatchObject({
      name: 'StartFailure',
      message: expect.stringContaining(
        `the disk is full where temporal has its files (${dirname(database)})`,
      ),
      doThis: expect.stringContaining('fermata restart temporal'),
    });
    expect(kept()).toEqual(['of all runs', 'of the year before']);
  });

  test.each(['database is locked (5) (SQLITE_BUSY)', 'context deadline exceeded: schema version check'])(
    'because of "%s" keeps its database, whatever the log says of an earlier start',
    async (words) => {
      const log = join(homePaths(folder).servers.logs, 'temporal.log');
      writeFileSync(log, 'database disk image is malformed (11)\n');
      expect(await startSaying(words)).toMatchObject({ message: expect.stringContaining(words) });
      expect(kept()).toEqual(['of all runs', 'of the year before']);
    },
  );

  test('on a broken database sets that aside, and keeps it where the new one does not start either', async () => {
    const lines: string[] = [];
    for (const _ of [1, 2]) await startSaying('database disk image is malformed (11)', lines);
    expect(lines).toEqual([expect.stringContaining(`it is kept as ${database}.broken`)]);
    expect(kept()).toEqual([false, 'of all runs']);
  });
});
