/** A lost phone: the operator sees somebody's passkeys and takes one away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { passkeysOf, removePasskey } from '../../src/cli/person-passkeys.js';
import { endPasskeys, isEndedPasskey, signInMark } from '../../src/home/ended-sign-ins.js';
import { passkeyMaker } from '../../src/home/row-makers.js';
import type { Runtime } from '../../src/home/runtime.js';
import { PasskeyTable } from '../../src/store/passkeys.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { neverForged } from '../support/row-makers.js';
import { webRuntime } from '../support/web-runtime.js';

let database: TestDatabase;
let home: string;
let runtime: Runtime;

beforeAll(async () => {
  database = await createTestDatabase();
  home = mkdtempSync(join(tmpdir(), 'passkeys-'));
  runtime = await webRuntime(home, database);
});
afterAll(async () => {
  await database?.drop();
  rmSync(home, { recursive: true, force: true });
});

it('takes one away for good, an audited act, and signs the person out; the others stay until the person goes', async () => {
  const { pool } = database;
  const table = new PasskeyTable(
    pool,
    runtime.desk,
    passkeyMaker(home),
    (id) => isEndedPasskey(home, id),
    neverForged,
  );
  const passkey = {
    ...{ person: 'anna', algorithm: -7, publicKey: 'AA', rpId: 'localhost', counter: 0, createdMs: 5 },
  };
  await table.add({ ...passkey, id: 'lostphone-1', name: 'Phone' });
  await table.add({ ...passkey, id: 'laptop-2', name: 'Laptop' });
  const { rows } = await pool.query(`select * from passkey where credential_id = 'lostphone-1'`);
  const mark = signInMark(home, 'anna');

  await expect(removePasskey(runtime, 'anna', 'l')).rejects.toThrow('no passkey of anna');
  await expect(removePasskey(runtime, 'otto', 'lostphone')).rejects.toThrow('no passkey of otto');
  expect(await removePasskey(runtime, 'anna', 'lostphone')).toMatchObject({ name: 'Phone' });
  expect(signInMark(home, 'anna')).not.toBe(mark);
  const audit = await pool.query(`select person, via, parameters from audit where action = 'passkey.remove'`);
  expect(audit.rows).toMatchObject([
    { person: 'operator', via: 'cli', parameters: { id: 'lostphone-1', person: 'anna' } },
  ]);

  // As a restored backup has it, or whoever writes Postgres puts it back.
  await pool.query('insert into passkey select * from json_populate_record(null::passkey, $1)', [
    JSON.stringify(rows[0]),
  ]);
  const names = async () => (await passkeysOf(runtime, 'anna')).map(({ name }) => name);
  expect(await names()).toEqual(['Laptop']);
  // A sign-in that found it before it was taken away, and comes to its end after.
  expect(await table.used('lostphone-1', 1, 6)).toBe(false);
  expect(await table.used('laptop-2', 1, 6)).toBe(true);
  await pool.query('update passkey set name = $1 where credential_id = $2', ['\u001b[2JLaptop', 'laptop-2']);
  expect(await names()).toEqual(['\ufffd[2JLaptop']);
  endPasskeys(home, 'anna');
  expect(await names()).toEqual([]);
});
