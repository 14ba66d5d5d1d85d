/** Who can write our Postgres, as the roles can and as its owner can, makes nobody a person of the web role. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWeb } from '../../src/api/start-web.js';
import { endSignIns } from '../../src/home/people-folder.js';
import { setPassword } from '../../src/home/people-passwords.js';
import type { Role, Runtime } from '../../src/home/runtime.js';
import { newToken, signInMaker, tokenHash } from '../../src/store/access-rows.js';
import { createSignInToken } from '../../src/store/sign-in-means.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { SHIPPED_DESK, webRuntime } from '../support/web-runtime.js';

const DESK = 'crypto-bot';
const PASSWORD = 'correct horse battery staple';

let database: TestDatabase;
let home: string;
let runtime: Runtime;
let role: Role;

beforeAll(async () => {
  database = await createTestDatabase();
  home = mkdtempSync(join(tmpdir(), 'forged-'));
  const file = join(home, 'desk.yaml');
  const people = '  - { name: anna, roles: [approver] }\n  - { name: vera, roles: [viewer] }\n';
  writeFileSync(
    file,
    readFileSync(SHIPPED_DESK, 'utf8').replace(/^people:.*\n/m, (line) => line + people),
  );
  runtime = await webRuntime(home, database, file);
  await setPassword(home, 'vera', PASSWORD);
  role = await startWeb(runtime);
});
afterAll(async () => {
  await role?.stop();
  await database?.drop();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(() => database.pool.query('delete from sign_in_token'));

const post = (path: string, body: object): Promise<Response> =>
  fetch(`http://127.0.0.1:${runtime.web.port}/api/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const useLink = (token: string): Promise<Response> => post('link', { token });

/** What was said of links of `person` that were used since then: of an earlier one it may be said only now. */
async function told(person: string, since: Date): Promise<{ evidence: number; notices: number }> {
  const evidence = await database.pool.query<{ reference: string }>(
    `select reference from evidence where desk = $1 and name = 'Forged sign-in link' and verdict = 'fail' and observed like $2
     and started >= $3`,
    [DESK, `%${person}%`, since],
  );
  const notices = await database.pool.query(
    `select 1 from notice where desk = $1 and severity = 'critical' and fingerprint = any($2) and title like $3`,
    [DESK, evidence.rows.map(({ reference }) => `forged-row:${reference}`), `%${person}%`],
  );
  return { evidence: evidence.rowCount ?? 0, notices: notices.rowCount ?? 0 };
}

describe.each([
  ['the roles’ own account', () => database.pool],
  ['the owner of the tables', () => database.ownerPool],
])('who writes Postgres as %s', (_who, pool) => {
  it('and inserts a sign-in link of an approver signs nobody in, and people are told', async () => {
    const since = new Date();
    const token = newToken();
    await pool().query(
      `insert into sign_in_token (token_hash, person, expires) values ($1, 'anna', now() + interval '15 minutes')`,
      [tokenHash(token)],
    );
    expect((await useLink(token)).status).toBe(401);
    await eventually(async () => expect(await told('anna', since)).toEqual({ evidence: 1, notices: 1 }));
  });

  it('and makes a link of one person another’s, or an old one new, signs nobody in', async () => {
    const another = await createSignInToken(database.pool, signInMaker(home), 'vera');
    await pool().query(`update sign_in_token set person = 'anna' where token_hash = $1`, [
      tokenHash(another),
    ]);
    expect((await useLink(another)).status).toBe(401);

    const late = await createSignInToken(database.pool, signInMaker(home), 'anna', 0);
    await pool().query(`update sign_in_token set expires = now() + interval '1 hour' where token_hash = $1`, [
      tokenHash(late),
    ]);
    expect((await useLink(late)).status).toBe(401);
    expect((await useLink(await createSignInToken(database.pool, signInMaker(home), 'anna'))).status).toBe(
      200,
    );
  });

  it('and puts back a link of somebody who was taken off signs nobody in', async () => {
    const token = await createSignInToken(database.pool, signInMaker(home), 'anna');
    const row = await pool().query('delete from sign_in_token where token_hash = $1 returning *', [
      tokenHash(token),
    ]);
    const { token_hash: hash, person, expires, mac } = row.rows[0];
    endSignIns(home, 'anna');
    await pool().query(
      'insert into sign_in_token (token_hash, person, expires, mac) values ($1, $2, $3, $4)',
      [hash, person, expires, mac],
    );
    expect((await useLink(token)).status).toBe(401);
  });

  it('and writes a desk file with other roles into the settings changes nobody’s role', async () => {
    const content = readFileSync(runtime.deskFile, 'utf8').replace(
      'vera, roles: [viewer]',
      'vera, roles: [approver]',
    );
    expect(content).toContain('vera, roles: [approver]');
    const version = 100 + Math.floor(Math.random() * 1_000_000);
    await pool().query(
      `insert into settings_version (desk, version, config_hash, content, by_whom, reason)
       values ($1, $2, $3, $4, 'anna', 'forged')`,
      [DESK, version, runtime.configHash, content],
    );
    const answer = await post('login', { username: 'vera', password: PASSWORD });
    expect(await answer.json()).toMatchObject({ person: 'vera', roles: ['viewer'] });
  });
});

it('keeps sign-ins where nobody reaches them through Postgres: no table has any', async () => {
  const columns = await database.ownerPool.query<{ place: string }>(
    `select table_name || '.' || column_name as place from information_schema.columns
      where table_schema = 'public' and column_name ~ '(session|refresh|password|role|token)' order by 1`,
  );
  expect(columns.rows.map(({ place }) => place)).toEqual([
    'approval.roles',
    'approval.token',
    'sign_in_token.token_hash',
  ]);
});
