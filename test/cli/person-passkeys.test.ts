/** A lost phone: the operator sees somebody's passkeys and takes one away. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signedVote } from '../../src/cli/desk-person.js';
import { passkeysOf, passkeyWithCode, removePasskey } from '../../src/cli/person-key.js';
import { publicHalf } from '../../src/domain/signed-vote.js';
import { groupedCode, type StatementToSign } from '../../src/domain/vote-statement.js';
import { endPasskeys, isEndedPasskey, signInMark } from '../../src/home/people-folder.js';
import { enrolPersonKey, personKeysOf } from '../../src/home/person-keys.js';
import type { Runtime } from '../../src/home/runtime.js';
import { passkeyMaker } from '../../src/store/access-rows.js';
import { PasskeyTable } from '../../src/store/sign-in-means.js';
import { ownKeyOf } from '../support/own-keys.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { neverForged } from '../support/row-makers.js';
import { SoftwareAuthenticator } from '../support/software-authenticator.js';
import { votePasskeyOf } from '../support/vote-passkeys.js';
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

const tableOfPasskeys = (): PasskeyTable =>
  new PasskeyTable(
    database.pool,
    runtime.desk,
    passkeyMaker(home),
    (id) => isEndedPasskey(home, id),
    neverForged,
  );

it('takes one away for good, an audited act, and signs the person out; the others stay until the person goes', async () => {
  const { pool } = database;
  const table = tableOfPasskeys();
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

it('votes once its own code was typed here, and no more once it is taken away, even where its row was gone', async () => {
  const device = new SoftwareAuthenticator();
  const { keyId, name, credentialId: id, rpId, algorithm, publicKey } = votePasskeyOf(device, 'localhost');
  const row = { id, person: 'bert', name, algorithm, publicKey, rpId, counter: 0, createdMs: 5 };
  await tableOfPasskeys().add(row);
  const withCode = (typed: string, person = 'bert') => passkeyWithCode(runtime, person, typed, 9);

  await expect(withCode(keyId.slice(0, 16))).rejects.toThrow('this is no whole code');
  await expect(withCode('0'.repeat(32))).rejects.toThrow('no passkey of bert has this code');
  await expect(withCode(keyId, 'anna')).rejects.toThrow('no passkey of anna has this code');
  const enrolled = await withCode(groupedCode(keyId).toUpperCase());
  expect(enrolled).toMatchObject({ kind: 'passkey', keyId, credentialId: id, publicKey, enrolledMs: 9 });

  const password = publicHalf(ownKeyOf('bert'), Buffer.alloc(16).toString('base64url'), 0);
  enrolPersonKey(home, 'bert', password);
  const file = join(home, 'people', 'keys.json');
  // As a release of before reads it.
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ bert: password });
  enrolPersonKey(home, 'bert', enrolled);
  expect(personKeysOf(home, 'bert')).toEqual([password, enrolled]);
  const before = readFileSync(file);
  expect(await passkeysOf(runtime, 'bert')).toMatchObject([{ id, signsIn: true, votes: true }]);

  await tableOfPasskeys().remove(id, 'bert', { person: 'bert', via: 'web' });
  expect(await passkeysOf(runtime, 'bert')).toMatchObject([{ id, signsIn: false, votes: true }]);
  await removePasskey(runtime, 'bert', id.slice(0, 12));
  expect(personKeysOf(home, 'bert')).toEqual([password]);
  expect(await passkeysOf(runtime, 'bert')).toEqual([]);
  // As a copy of before brings it back.
  writeFileSync(file, before);
  expect(personKeysOf(home, 'bert')).toEqual([password]);
});

it('is another passkey, and has no code of the first, where somebody changed its key in Postgres', async () => {
  const [mine, theirs] = [new SoftwareAuthenticator(), new SoftwareAuthenticator()];
  const { keyId, credentialId: id, rpId, algorithm } = votePasskeyOf(mine, 'localhost');
  // Even by who can make the row's own code, as the web role can.
  const row = { id, person: 'carl', name: 'Phone', rpId, algorithm, publicKey: theirs.publicKey };
  await tableOfPasskeys().add({ ...row, counter: 0, createdMs: 5 });
  await expect(passkeyWithCode(runtime, 'carl', keyId, 9)).rejects.toThrow(
    'no passkey of carl has this code',
  );
});

it('is not enrolled under a name that keys could not be read with: nobody else’s votes go with it', async () => {
  const device = new SoftwareAuthenticator();
  const { keyId, credentialId: id, rpId, algorithm, publicKey } = votePasskeyOf(device, 'localhost');
  const row = { id, person: 'dora', name: 'Phone', algorithm, publicKey, rpId, counter: 0, createdMs: 5 };
  await tableOfPasskeys().add(row);
  // The name is no part of the row's code.
  await database.pool.query('update passkey set name = $1 where credential_id = $2', ['x'.repeat(500), id]);
  const other = publicHalf(ownKeyOf('emma'), Buffer.alloc(16).toString('base64url'), 0);
  enrolPersonKey(home, 'emma', other);
  const passkey = await passkeyWithCode(runtime, 'dora', keyId, 9);
  expect(() => enrolPersonKey(home, 'dora', passkey)).toThrow('a name or key that is too long');
  expect(personKeysOf(home, 'emma')).toEqual([other]);
});

it('has ended before the database fails, which is said; the same again takes its row away, too', async () => {
  const row = { person: 'ines', algorithm: -7, publicKey: 'AA', rpId: 'localhost', counter: 0, createdMs: 5 };
  await tableOfPasskeys().add({ ...row, id: 'ines-phone', name: 'Phone' });
  const mark = signInMark(home, 'ines');
  await database.ownerPool.query(`
    create function fails() returns trigger language plpgsql as $$ begin raise 'no more room'; end $$;
    create trigger fails before delete on passkey execute function fails()`);
  await expect(removePasskey(runtime, 'ines', 'ines-phone')).rejects.toMatchObject({
    message: 'the passkey “Phone” of ines may still be in the database, which does not answer (no more room)',
    keptSafe: 'it signs nobody in and votes no more, and ines is signed out everywhere',
    doThis: 'fermata status shows what is down; run this again when the database is back',
  });
  expect(isEndedPasskey(home, 'ines-phone')).toBe(true);
  expect(signInMark(home, 'ines')).not.toBe(mark);
  expect(await passkeysOf(runtime, 'ines')).toEqual([]);
  await database.ownerPool.query('drop trigger fails on passkey');
  expect(await removePasskey(runtime, 'ines', 'ines-phone')).toMatchObject({ name: 'Phone' });
  const left = await database.pool.query(`select 1 from passkey where person = 'ines'`);
  const audit = await database.pool.query(
    `select 1 from audit where action = 'passkey.remove' and parameters->>'person' = 'ines'`,
  );
  expect([left.rowCount, audit.rowCount]).toEqual([0, 1]);
});

it('is not read where a file about people is damaged, which is said of that file, not of the database', async () => {
  const row = { person: 'jana', algorithm: -7, publicKey: 'AA', rpId: 'localhost', counter: 0, createdMs: 5 };
  await tableOfPasskeys().add({ ...row, id: 'jana-phone', name: 'Phone' });
  const file = join(home, 'people', 'ended-passkeys.json');
  const intact = readFileSync(file);
  writeFileSync(file, '{');
  const damaged = { message: expect.stringMatching(`^${file} is damaged`) };
  await expect(passkeysOf(runtime, 'jana')).rejects.toMatchObject(damaged);
  await expect(removePasskey(runtime, 'jana', 'jana-phone')).rejects.toMatchObject(damaged);
  writeFileSync(file, intact);
  expect(await passkeysOf(runtime, 'jana')).toMatchObject([{ name: 'Phone', signsIn: true }]);
});

it('is one of ten at most, with a signing password and without', () => {
  const enrolNext = (person: string) => {
    enrolPersonKey(home, person, votePasskeyOf(new SoftwareAuthenticator(), 'localhost'));
  };
  enrolPersonKey(home, 'hans', publicHalf(ownKeyOf('hans'), Buffer.alloc(16).toString('base64url'), 0));
  for (const person of ['gina', 'hans']) {
    for (let count = 0; count < 10; count += 1) enrolNext(person);
    expect(() => enrolNext(person)).toThrow(`${person} has 10 passkeys for votes already; remove one first`);
  }
});

it('signs on the page alone: who has no signing password is told so where a larger size is asked for', async () => {
  const statement = { subject: 'larger' } as StatementToSign;
  const operations = { statementToSign: async () => statement };
  await expect(
    signedVote(runtime, operations, 'vera', { size: { sizePct: 80 } }, undefined),
  ).rejects.toMatchObject({
    keptSafe: 'nothing was decided',
    doThis: 'fermata person key vera; or decide it on the page, where a passkey signs: fermata link',
  });
});
