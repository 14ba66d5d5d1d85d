/** Signing in with a passkey, over the API: what is taken, and what is refused. */
import { request as ask } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RolesNeeded } from '../../src/domain/people-roles.js';
import type { ForgedRow } from '../../src/store/access-rows.js';
import { PASSKEYS_OF_A_PERSON_MAX, PasskeyTable } from '../../src/store/sign-in-means.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { rowMaker } from '../support/row-makers.js';
import { type Meddled, SoftwareAuthenticator, type UsedAt } from '../support/software-authenticator.js';
import { DESK, PASSWORD, startWebUnderTest, type Tokens, type WebUnderTest } from './web-under-test.js';

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what is tested
  readonly body: any;
}

const RP = 'localhost';
const roles = new Map<string, RolesNeeded>();
/** Credential ids that the command line has ended. */
const ended = new Set<string>();
const forged: ForgedRow[] = [];
const ROLES: RolesNeeded = ['operator', 'approver'];

let database: TestDatabase;
let web: WebUnderTest;
let here: UsedAt;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  roles.clear();
  ended.clear();
  forged.length = 0;
  web = await startWebUnderTest(database.pool, {
    rolesOf: (person) => roles.get(person) ?? ROLES,
    passkeys: new PasskeyTable(
      database.pool,
      DESK,
      rowMaker,
      (id) => ended.has(id),
      (row) => forged.push(row),
    ),
  });
  here = { origin: `http://localhost:${new URL(web.origin).port}`, rpId: RP };
});
afterEach(async () => {
  await web.stop();
  await database.pool.query('delete from passkey');
});

/** As a browser asks that reached the page by its name; `fetch` lets nobody choose the host. */
function call(
  method: string,
  path: string,
  body?: unknown,
  token?: string,
  host = new URL(here.origin).host,
) {
  return new Promise<Answer>((resolve, reject) => {
    const headers = {
      host,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const { port } = new URL(`http://${host}`);
    const sent = ask({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      let text = '';
      answer.on('data', (part: Buffer) => {
        text += part.toString();
      });
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, body: text === '' ? null : JSON.parse(text) }),
      );
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function register(
  person = 'anna',
  device = new SoftwareAuthenticator(),
  meddled: Meddled = {},
): Promise<{ device: SoftwareAuthenticator; answer: Answer; token: string }> {
  const { accessToken: token } = await web.signIn(person);
  const asked = await call('POST', '/api/passkeys/challenge', { password: PASSWORD }, token);
  expect(asked.status).toBe(200);
  const made = { name: 'Phone', ...device.make(asked.body.challenge, here, meddled) };
  return { device, answer: await call('POST', '/api/passkeys', made, token), token };
}

const challenge = async (): Promise<string> =>
  (await call('POST', '/api/auth/passkey/challenge')).body.challenge;
const present = (used: object): Promise<Answer> => call('POST', '/api/auth/passkey', used);

async function signIn(
  device: SoftwareAuthenticator,
  meddled: Meddled = {},
  at: UsedAt = here,
): Promise<Answer> {
  return present(device.use(await challenge(), at, meddled));
}

const why = (): string => web.logged.filter((line) => line.includes('passkey refused')).at(-1) ?? '';

describe('a passkey', () => {
  it.each([-7, -257] as const)(
    'of algorithm %i signs its owner in, as a password does',
    async (algorithm) => {
      const { device, answer } = await register('anna', new SoftwareAuthenticator(algorithm));
      expect(answer).toMatchObject({ status: 200, body: { name: 'Phone', rpId: RP, usedMs: null } });
      const { status, body } = await signIn(device);
      expect(status).toBe(200);
      expect(body).toMatchObject({ person: 'anna', expiresIn: 900 });
      const { accessToken, refreshToken } = body as Tokens;
      expect((await call('GET', '/api/passkeys', undefined, accessToken)).body).toMatchObject({
        possible: true,
        passkeys: [{ id: device.id, usedMs: expect.any(Number) }],
      });
      expect((await call('POST', '/api/auth/refresh', { refreshToken })).status).toBe(200);
    },
  );

  it('is refused on another page, for another challenge, without a person, or for another purpose', async () => {
    const { device } = await register();
    const refusals: readonly [string, Promise<Answer>][] = [
      ['made on another page', signIn(device, {}, { origin: 'http://localhost:1', rpId: RP })],
      ['belongs to another name', signIn(device, {}, { ...here, rpId: 'elsewhere' })],
      ['made inside of another page', signIn(device, { crossOrigin: true })],
      ['did not ask who it is', signIn(device, { flags: 0x01 })],
      ['nobody touched', signIn(device, { flags: 0x04 })],
      ['made for webauthn.create', signIn(device, { type: 'webauthn.create' })],
      ['not one of ours', present(device.use('bm90IG91cnM', here))],
    ];
    for (const [words, refusal] of refusals) {
      expect((await refusal).status, words).toBe(401);
      expect(web.logged.join(''), words).toContain(words);
    }
  });

  it('signs in once with each signature, and never with a changed one', async () => {
    const { device } = await register();
    const used = device.use(await challenge(), here);
    const other = device.use(await challenge(), here);
    expect((await present({ ...used, clientDataJSON: other.clientDataJSON })).status).toBe(401);
    expect(why()).toContain('its signature is wrong');
    expect((await present(used)).status).toBe(200);
    expect((await present(used)).status).toBe(401);
    expect(why()).toContain('answered before');
    const late = device.use(await challenge(), here);
    web.clock.aheadMs = 2 * 60_000 + 1;
    expect((await present(late)).status).toBe(401);
    expect(why()).toContain('has ended');
  });

  it('whose counter stands still or goes back is taken for a copy; one that never counts is not', async () => {
    const { device } = await register();
    expect((await signIn(device)).status).toBe(200);
    for (const counter of [1, 0]) {
      expect((await signIn(device, { counter })).status).toBe(401);
      expect(why()).toContain('somebody may have a copy');
    }
    const { device: never } = await register('otto');
    for (let time = 0; time < 2; time += 1) expect((await signIn(never, { counter: 0 })).status).toBe(200);
  });

  it('of one person signs nobody else in, whatever id is named with it', async () => {
    const { device: annas } = await register('anna');
    const { device: ottos } = await register('otto');
    expect((await present({ ...ottos.use(await challenge(), here), id: annas.id })).status).toBe(401);
    expect((await signIn(ottos)).body).toMatchObject({ person: 'otto' });
  });

  it('has an id of any length that devices make, and is removed by it', async () => {
    const { device, token } = await register('anna', new SoftwareAuthenticator(-7, 1023));
    expect((await signIn(device)).status).toBe(200);
    expect((await call('DELETE', `/api/passkeys/${device.id}`, undefined, token)).status).toBe(204);
    expect((await signIn(device)).status).toBe(401);
  });

  it('counts no more once it is removed, its owner has no role, or it was tried in vain ten times', async () => {
    const { device, token } = await register();
    const { body } = await signIn(device);
    expect(
      (await call('DELETE', `/api/passkeys/${device.id}`, undefined, (await web.signIn('otto')).accessToken))
        .status,
    ).toBe(404);
    expect((await call('DELETE', `/api/passkeys/${device.id}`, undefined, token)).status).toBe(204);
    expect((await signIn(device)).status).toBe(401);
    // What was signed in with it ends; what the password began goes on.
    expect((await call('GET', '/api/passkeys', undefined, body.accessToken)).status).toBe(401);
    expect((await call('GET', '/api/passkeys', undefined, token)).status).toBe(200);

    const { device: ottos } = await register('otto');
    roles.set('otto', []);
    expect((await signIn(ottos)).status).toBe(401);
    expect(why()).toContain('no role');
    roles.delete('otto');
    for (let time = 0; time < 9; time += 1) await signIn(ottos, { flags: 0 });
    expect((await signIn(ottos)).status).toBe(429);
    expect((await web.signIn('otto')).accessToken).toEqual(expect.any(String));
  });
});

describe('registering', () => {
  it('takes the password again, and counts wrong ones with those of signing in', async () => {
    const { accessToken: token } = await web.signIn('anna');
    const again = (password: string) => call('POST', '/api/passkeys/challenge', { password }, token);
    // Not 401: whoever asked is signed in, and a client that renews at a 401 would ask, and be counted, again.
    for (let time = 0; time < 10; time += 1)
      expect(await again('wrong')).toMatchObject({
        status: 403,
        body: { type: 'urn:fermata:problem:wrong-password', detail: 'This is not your password.' },
      });
    expect((await again(PASSWORD)).status).toBe(429);
    expect(
      (await web.call('POST', '/api/auth/login', { body: { username: 'anna', password: PASSWORD } })).status,
    ).toBe(429);
  });

  it('refuses what was made for another person, another key, or is registered already', async () => {
    const device = new SoftwareAuthenticator();
    const { accessToken: annas } = await web.signIn('anna');
    const { accessToken: ottos } = await web.signIn('otto');
    const asked = async () =>
      (await call('POST', '/api/passkeys/challenge', { password: PASSWORD }, annas)).body;
    const made = { name: 'Phone', ...device.make((await asked()).challenge, here) };
    expect((await call('POST', '/api/passkeys', made, ottos)).body.detail).toContain(
      'made for something else',
    );
    const { publicKey } = new SoftwareAuthenticator(-257);
    expect((await call('POST', '/api/passkeys', { ...made, publicKey }, annas)).body.detail).toContain(
      'public key',
    );
    expect((await call('POST', '/api/passkeys', { ...made, id: 'b3RoZXI' }, annas)).body.detail).toContain(
      'its id',
    );
    expect((await call('POST', '/api/passkeys', made, annas)).status).toBe(200);
    expect((await call('POST', '/api/passkeys', made, annas)).body.detail).toContain('answered before');
    const next = { name: 'Again', ...device.make((await asked()).challenge, here) };
    expect((await call('POST', '/api/passkeys', next, annas)).body.detail).toContain('registered already');
    const { body } = await call('GET', '/api/audit', undefined, annas);
    expect(body.entries[0]).toMatchObject({
      ...{ person: 'anna', via: 'web', action: 'passkey.add' },
      parameters: { id: device.id },
    });
  });

  it('ends with the twentieth: no challenge for one more', async () => {
    const table = new PasskeyTable(
      database.pool,
      DESK,
      rowMaker,
      () => false,
      (row) => forged.push(row),
    );
    const add = (place: number): Promise<boolean> =>
      table.add({
        ...{ id: `k${place}`, person: 'anna', name: 'Phone', algorithm: -7, publicKey: 'cHVibGlj', rpId: RP },
        ...{ counter: 0, createdMs: Date.now() },
      });
    for (let place = 1; place < PASSKEYS_OF_A_PERSON_MAX; place += 1) await add(place);
    const { accessToken: token } = await web.signIn('anna');
    const asked = () => call('POST', '/api/passkeys/challenge', { password: PASSWORD }, token);
    expect((await asked()).status).toBe(200);
    await add(PASSKEYS_OF_A_PERSON_MAX);
    expect(await asked()).toMatchObject({
      status: 409,
      body: { detail: 'You have 20 passkeys, and no more are kept.' },
    });
  });

  it('says on a page that was reached by a number that there are none, and where there are', async () => {
    const { accessToken } = await web.signIn('anna');
    const answer = await web.call('POST', '/api/passkeys/challenge', {
      token: accessToken,
      body: { password: PASSWORD },
    });
    expect(await answer.json()).toMatchObject({
      status: 409,
      detail: 'Browsers bind a passkey to a host’s name, and this page was reached by a number.',
      doThis: expect.stringContaining(here.origin),
    });
    expect((await web.call('POST', '/api/auth/passkey/challenge')).status).toBe(409);
  });

  it('writes neither keys, signatures nor challenges into the log, and names the database where it is down', async () => {
    const { device } = await register();
    const used = device.use(await challenge(), here);
    await present(used);
    const log = web.logged.join('');
    for (const part of [used.signature, used.clientDataJSON, device.publicKey])
      expect(log).not.toContain(part);
    expect(log).toContain('signed in by passkey');
    const without = await startWebUnderTest(null);
    try {
      const host = `localhost:${new URL(without.origin).port}`;
      expect(await call('POST', '/api/auth/passkey', used, undefined, host)).toMatchObject({
        status: 503,
        body: { title: 'Database does not answer' },
      });
    } finally {
      await without.stop();
    }
  });
});

it('in a row that none of our processes made counts as absent and is told; an ended one is absent too', async () => {
  const { device } = await register('anna');
  const foreign = new SoftwareAuthenticator();
  await database.pool.query(
    `insert into passkey
       select desk, $1, person, name, algorithm, $2, rp_id, counter, mac, created from passkey`,
    [foreign.id, foreign.publicKey],
  );
  expect((await signIn(foreign)).status).toBe(401);
  await database.pool.query('update passkey set person = $1 where credential_id = $2', ['otto', device.id]);
  expect((await signIn(device)).status).toBe(401);
  expect(forged).toMatchObject([
    { what: 'passkey', person: 'anna' },
    { what: 'passkey', person: 'otto' },
  ]);
  await database.pool.query('update passkey set person = $1 where credential_id = $2', ['anna', device.id]);
  ended.add(device.id);
  expect((await signIn(device)).status).toBe(401);
  ended.delete(device.id);
  expect((await signIn(device)).status).toBe(200);
});
