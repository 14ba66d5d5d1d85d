/** A database whose files somebody overwrites on the disk, on a server of its own. */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { CheckContext } from '../../src/checks/check.js';
import { databaseIntact } from '../../src/checks/database-intact.js';
import { homePaths } from '../../src/home/runtime.js';
import { ensureSecrets, readSecret } from '../../src/home/secrets.js';
import { withClient } from '../../src/store/migrate.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { type PostgresServer, startPostgres } from '../../src/supervisor/start-postgres.js';
import { endServerWithThisProcess } from '../support/end-with-this-process.js';

const PAGE_BYTES = 8192;
const home = mkdtempSync(join(tmpdir(), 'fermata-damage-'));
const directory = join(home, 'postgres');
let port = 0;
let server: PostgresServer | null = null;

const start = async (): Promise<void> => {
  const password = readSecret(home, 'postgresPassword');
  const logFile = join(home, 'postgres.log');
  server = await startPostgres({
    directory,
    port,
    user: 'fermata',
    password,
    logFile,
    settings: ['fsync=off'],
    onSpawned: endServerWithThisProcess,
  });
};
const owner = () => ({
  ...{ host: '127.0.0.1', port, user: 'fermata', password: readSecret(home, 'postgresPassword') },
});
const look = (stepMs?: number) => {
  const runtime = { home, postgres: { host: '127.0.0.1', port, database: 'postgres' } };
  return databaseIntact({ runtime, stepMs } as unknown as CheckContext, {});
};

beforeAll(async () => {
  mkdirSync(homePaths(home).home, { recursive: true });
  await ensureSecrets(home);
  port = await freePort();
  await start();
  await withClient(owner(), 'postgres', async (client) => {
    await client.query('create table kept (id int primary key, text text)');
    await client.query(`insert into kept select n, repeat('x', 100) from generate_series(1, 2000) n`);
  });
});
afterAll(async () => {
  await server?.stop();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(async () => {
  if (server === null) await start();
});

/** While the server is away: its own copy of a page in memory is good. */
async function overwrite(relation: string, page: number): Promise<void> {
  const path = await withClient(owner(), 'postgres', async (client) => {
    const { rows } = await client.query<{ path: string }>(
      'select pg_relation_filepath($1::regclass) as path',
      [relation],
    );
    return rows[0]?.path ?? '';
  });
  await server?.stop();
  const file = join(directory, path);
  expect(statSync(file).size).toBeGreaterThan((page + 1) * PAGE_BYTES);
  const open = openSync(file, 'r+');
  writeSync(open, Buffer.alloc(16, 0x5a), 0, 16, page * PAGE_BYTES + 4_000);
  closeSync(open);
  await start();
}

it('a database that is whole passes, and nothing is left in it', async () => {
  expect(await look()).toMatchObject({ verdict: 'pass', observed: expect.stringMatching(/^\d+ tables and/) });
  const extensions = await withClient(owner(), 'postgres', (client) =>
    client.query(`select 1 from pg_extension where extname = 'amcheck'`),
  );
  expect(extensions.rowCount).toBe(0);
});

it('a server that is just being started is waited for: nobody is to be asked for a restore', async () => {
  await server?.stop();
  const looked = look(60_000);
  await start();
  expect(await looked).toMatchObject({ verdict: 'pass' });
});

it('rows that can not be as they are, on a page that reads well, are found, with table and page', async () => {
  const asked = (text: string) => withClient(owner(), 'postgres', (client) => client.query(text));
  await asked('create table torn as select n from generate_series(1, 3) n');
  // From here on no row of it may be older than this moment, and all three are.
  await asked(`update pg_class set relfrozenxid = pg_current_xact_id()::xid where relname = 'torn'`);
  const { verdict, observed } = await look().finally(() => asked('drop table torn'));
  expect([verdict, observed]).toEqual(['fail', expect.stringMatching(/^torn, page 0: xmin \d+ precedes/)]);
});

it('bytes that were overwritten on the disk are found, with the table', async () => {
  await overwrite('kept', 3);
  const { verdict, observed } = await look();
  expect(verdict).toBe('fail');
  expect(observed).toMatch(/kept: invalid page in block 3 of relation/);
});

it('bytes of an index are found, too, with the index', async () => {
  await overwrite('kept_pkey', 2);
  expect((await look()).observed).toMatch(/kept_pkey: .*invalid page in block 2/);
});

it('a server that does not answer is not looked at, and not called damaged', async () => {
  await server?.stop();
  server = null;
  expect(await look()).toMatchObject({ verdict: 'not_run' });
});
