import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { freePort } from '../../src/supervisor/free-port.js';
import { type PostgresServer, startPostgres } from '../../src/supervisor/start-postgres.js';
import { databaseFileFor, markReady, setAside } from '../../src/supervisor/temporal/start-temporal.js';
import { endServerWithThisProcess } from '../support/end-with-this-process.js';

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

async function start(port: number): Promise<PostgresServer> {
  const directory = join(folder, 'postgres');
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
  await expect(start(await freePort())).rejects.toThrow(/still runs on .* Stop it with: kill -INT \d+/);
  expect(await query(port, 'select 1 as one')).toEqual([{ one: 1 }]);
  await first.stop();
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
    await markReady(file);
    expect(readFileSync(await setAside(file), 'utf8')).toBe(content);
    expect(existsSync(file)).toBe(false);
  }
});
