import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { joinPeople } from '../../src/home/sign-in-standing.js';
import { createSignInToken } from '../../src/store/sign-in-means.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { rowMaker } from '../support/row-makers.js';
import { PASSWORD, startWebUnderTest, type Tokens, type WebUnderTest } from './web-under-test.js';

let database: TestDatabase;
let web: WebUnderTest;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  web = await startWebUnderTest(database.pool);
});
afterEach(() => web.stop());

const login = (username: string, password: string): Promise<Response> =>
  web.call('POST', '/api/auth/login', { body: { username, password } });
const refresh = (refreshToken: string): Promise<Response> =>
  web.call('POST', '/api/auth/refresh', { body: { refreshToken } });

describe('signing in with a password', () => {
  it('gives an access token for 15 minutes and a refresh token', async () => {
    const tokens = await web.signIn();
    expect(tokens).toMatchObject({
      ...{ expiresIn: 900, tokenType: 'Bearer', person: 'operator', roles: ['operator', 'approver'] },
      refreshToken: expect.stringMatching(/^[0-9a-f]{24}\.[\w-]{43}$/),
    });
    const [header, claims] = tokens.accessToken
      .split('.', 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
    expect(header).toMatchObject({ alg: 'HS256' });
    expect(claims).toMatchObject({
      sub: 'operator',
      iss: 'fermata',
      aud: 'crypto-bot',
      exp: claims.iat + 900,
    });
    // It is the person's own: nobody gets another one's roles.
    const vera = await web.signIn('vera');
    expect(vera).toMatchObject({ person: 'vera', roles: ['viewer'] });
    const stop = await web.call('POST', '/api/emergency/stop', { token: vera.accessToken, body: {} });
    expect([stop.status, await stop.json()]).toMatchObject([
      403,
      { detail: expect.stringMatching(/^vera may not do this/) },
    ]);
    const read = async () => (await web.call('GET', '/api/status', { token: tokens.accessToken })).status;
    expect(await read()).toBe(200);
    web.clock.aheadMs = 14 * 60_000;
    expect(await read()).toBe(200);
    web.clock.aheadMs = 15 * 60_000;
    expect(await read()).toBe(401);
  });

  it('says the same about a wrong password and an unknown user', async () => {
    const wrong = await login('operator', 'not it');
    const unknown = await login('somebody', PASSWORD);
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    const said = await wrong.text();
    expect(said).toBe(await unknown.text());
    expect(JSON.parse(said)).toMatchObject({
      type: 'urn:fermata:problem:wrong-password',
      doThis: expect.stringContaining('fermata link` signs in without a password'),
    });
  });

  it('is of no use to a person without a role at this desk, who alone is told so', async () => {
    const without = await login('nemo', PASSWORD);
    expect([without.status, await without.json()]).toMatchObject([
      401,
      { type: 'urn:fermata:problem:no-role', detail: 'nemo has no role at this desk.' },
    ]);
    expect(await (await login('nemo', 'not it')).text()).toBe(await (await login('vera', 'not it')).text());
  });

  it('by cookie is for the page of this address alone', async () => {
    const body = { username: 'operator', password: PASSWORD, transport: 'cookie' };
    for (const headers of [{}, { origin: 'http://127.0.0.1:1' }]) {
      const refused = await web.call('POST', '/api/auth/login', { body, headers });
      expect([refused.status, refused.headers.get('set-cookie')]).toEqual([403, null]);
    }
  });

  it('gives a token for this desk alone, whoever else has the same key', async () => {
    const { accessToken } = await web.signIn();
    const { runtime, secrets, sessions } = web.shared;
    const same = { secrets, sessions };
    const here = await startWebUnderTest(null, same);
    const elsewhere = await startWebUnderTest(null, {
      ...same,
      runtime: { ...runtime, desk: 'another-desk' },
    });
    try {
      const at = async (desk: WebUnderTest) =>
        (await desk.call('GET', '/api/status', { token: accessToken })).status;
      expect([await at(here), await at(elsewhere)]).toEqual([200, 401]);
    } finally {
      await Promise.all([here.stop(), elsewhere.stop()]);
    }
  });

  it('refuses after ten wrong passwords, the right one too, and says how long to wait', async () => {
    for (let count = 0; count < 10; count += 1) expect((await login('operator', 'no')).status).toBe(401);
    const refused = await login('operator', PASSWORD);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    web.clock.aheadMs = 16 * 60_000;
    expect((await login('operator', PASSWORD)).status).toBe(200);
  });

  it('does not let twenty tries at once past the limit', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => login('operator', 'no')));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
  });

  it('counts the tries at desks that share their people together, also after a restart', async () => {
    const first = mkdtempSync(join(tmpdir(), 'tries-'));
    const second = join(first, 'desk-homes', 'second');
    joinPeople(second);
    const desks = await Promise.all(
      [first, second].map((home) => startWebUnderTest(database.pool, { runtime: { home } })),
    );
    const at = async (desk: WebUnderTest | undefined, password = 'no'): Promise<number | undefined> =>
      (await desk?.call('POST', '/api/auth/login', { body: { username: 'operator', password } }))?.status;
    try {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, place) => at(desks[place % 2])));
      expect(answers.filter((status) => status === 401)).toHaveLength(10);
      desks.push(await startWebUnderTest(database.pool, { runtime: { home: second } }));
      for (const desk of desks) expect(await at(desk, PASSWORD)).toBe(429);
      // What was counted is of no use any more, and is removed.
      for (const desk of desks) desk.clock.aheadMs = 31 * 60_000;
      expect(await at(desks[0])).toBe(401);
      expect(await at(desks[1], PASSWORD)).toBe(200);
      for (let count = 0; count < 10; count += 1) expect(await at(desks[1])).toBe(401);
      expect(await at(desks[0])).toBe(429);
      const files = readdirSync(join(first, 'web')).filter((name) => name.startsWith('password-tries-'));
      expect(files).toHaveLength(1);
    } finally {
      await Promise.all(desks.map((desk) => desk.stop()));
      rmSync(first, { recursive: true, force: true });
    }
  });

  it('counts by itself where the count can’t be written', async () => {
    const home = mkdtempSync(join(tmpdir(), 'tries-'));
    writeFileSync(join(home, 'web'), '');
    const desk = await startWebUnderTest(database.pool, { runtime: { home } });
    const tried = (): Promise<Response> =>
      desk.call('POST', '/api/auth/login', { body: { username: 'operator', password: 'no' } });
    const answers = await Promise.all(Array.from({ length: 12 }, tried));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
    await desk.stop();
    rmSync(home, { recursive: true, force: true });
  });

  it('locks out nobody but the user whose password was tried', async () => {
    for (const user of ['vera', 'made-up', 'otto'])
      await Promise.all(Array.from({ length: 12 }, () => login(user, 'no')));
    expect((await login('operator', PASSWORD)).status).toBe(200);
  });

  it('signs nobody else out, however often one person signs in', async () => {
    const { accessToken: token } = await web.signIn('operator');
    for (let count = 0; count < 101; count += 1) web.sessions.begin('vera');
    expect((await web.call('GET', '/api/status', { token })).status).toBe(200);
  });

  it('keeps nobody from signing in or staying so, however much is asked by who is not signed in', async () => {
    const { refreshToken } = await web.signIn();
    const floods = ['/health', '/', '/api/status'];
    for (let round = 0; round < 13; round += 1)
      await Promise.all(Array.from({ length: 100 }, (_, at) => web.call('GET', floods[at % 3] ?? '/')));
    expect((await refresh(refreshToken)).status).toBe(200);
    expect((await login('vera', PASSWORD)).status).not.toBe(429);
    expect((await login('operator', PASSWORD)).status).toBe(200);
    expect((await web.call('GET', '/')).status).toBe(200);
  });

  it('lets who is signed in ask 1,200 times a minute, and counts it against nobody else', async () => {
    const { accessToken: token } = await web.signIn();
    const { accessToken: other } = await web.signIn();
    const answers: number[] = [];
    for (let round = 0; round < 13; round += 1)
      answers.push(
        ...(await Promise.all(
          Array.from({ length: 100 }, async () => (await web.call('GET', '/api/status', { token })).status),
        )),
      );
    expect(answers.filter((status) => status !== 429)).toHaveLength(1_200);
    expect((await web.call('GET', '/api/status', { token: other })).status).not.toBe(429);
    // No number of requests stands before a stop.
    const stop = await web.call('POST', '/api/emergency/stop', { token, body: { reason: 'a look' } });
    expect(stop.status).not.toBe(429);
  });

  it('writes neither the password nor a token into its log', async () => {
    const tokens = await web.signIn();
    await login('operator', 'a-wrong-secret');
    const log = web.logged.join('');
    for (const secret of [PASSWORD, 'a-wrong-secret', tokens.accessToken, tokens.refreshToken]) {
      expect(log).not.toContain(secret);
    }
    expect(log).toContain('sign-in refused');
  });
});

describe('access', () => {
  it('needs a bearer token everywhere but health, sign-in and the page', async () => {
    for (const path of [
      'status',
      'positions',
      'orders',
      'trades',
      'equity',
      'routines',
      'emergency',
      'openapi.json',
    ]) {
      expect((await web.call('GET', `/api/${path}`)).status, path).toBe(401);
    }
    for (const path of ['stop', 'close-all', 'resume']) {
      expect((await web.call('POST', `/api/emergency/${path}`, { body: { reason: 'x' } })).status, path).toBe(
        401,
      );
    }
    expect(web.trader.calls).toEqual([]);
    expect((await web.call('GET', '/health')).status).toBe(200);
  });

  it('ends with the access token, and a forged one never begins it', async () => {
    const { accessToken } = await web.signIn();
    web.clock.aheadMs = 15 * 60_000 + 1000;
    const late = await web.call('GET', '/api/status', { token: accessToken });
    expect(late.status).toBe(401);
    expect(await late.json()).toMatchObject({
      type: 'urn:fermata:problem:not-signed-in',
      doThis: expect.any(String),
    });
    const [head = '', body = '', signature = ''] = (await web.signIn()).accessToken.split('.');
    const [, others = ''] = (await web.signIn('vera')).accessToken.split('.');
    const refused = [accessToken, `${head}.${others}.${signature}`, `${head}.${body}.`, 'x'];
    for (const token of refused) {
      for (const path of ['status', 'portfolio', 'emergency'])
        expect((await web.call('GET', `/api/${path}`, { token })).status, `${path} ${token}`).toBe(401);
      for (const path of ['stop', 'close-all', 'resume']) {
        const pressed = await web.call('POST', `/api/emergency/${path}`, { token, body: {} });
        expect(pressed.status, `${path} ${token}`).toBe(401);
      }
    }
    expect(web.trader.calls).toEqual([]);
  });

  it('ends at once when the person signs out', async () => {
    const { accessToken, refreshToken } = await web.signIn();
    expect((await web.call('POST', '/api/auth/logout', { token: accessToken })).status).toBe(204);
    expect((await web.call('GET', '/api/status', { token: accessToken })).status).toBe(401);
    expect((await refresh(refreshToken)).status).toBe(401);
  });
});

describe('refreshing', () => {
  it('exchanges a refresh token once; using it again ends the whole sign-in', async () => {
    const first = await web.signIn();
    const second = (await (await refresh(first.refreshToken)).json()) as Tokens;
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect((await web.call('GET', '/api/status', { token: second.accessToken })).status).toBe(200);
    expect((await refresh(first.refreshToken)).status).toBe(401);
    expect((await refresh(second.refreshToken)).status).toBe(401);
    expect((await web.call('GET', '/api/status', { token: second.accessToken })).status).toBe(401);
  });

  it('ends after 7 days', async () => {
    const { refreshToken } = await web.signIn();
    web.clock.aheadMs = 7 * 24 * 3_600_000 + 1000;
    const late = await refresh(refreshToken);
    expect([late.status, await late.json()]).toMatchObject([
      401,
      { detail: 'This sign-in is older than 7 days.' },
    ]);
  });

  it('is possible until then, and begins the 7 days anew', async () => {
    const first = await web.signIn();
    web.clock.aheadMs = 7 * 24 * 3_600_000 - 60_000;
    const second = (await (await refresh(first.refreshToken)).json()) as Tokens;
    expect(second).toMatchObject({ expiresIn: 900, person: 'operator' });
    web.clock.aheadMs *= 2;
    expect((await refresh(second.refreshToken)).status).toBe(200);
  });

  it('is over once the password is another one, or the person has no role', async () => {
    const [changed, removed] = [await web.signIn('otto'), await web.signIn('anna')];
    web.standings.set('otto', 'another password');
    const ended = await refresh(changed.refreshToken);
    expect([ended.status, await ended.json()]).toMatchObject([401, { detail: 'This sign-in has ended.' }]);
    web.without.add('anna');
    const refused = await refresh(removed.refreshToken);
    expect([refused.status, await refused.json()]).toMatchObject([
      401,
      { type: 'urn:fermata:problem:no-role' },
    ]);
    // The sign-in itself goes on, at the desks where there is a role.
    web.without.delete('anna');
    expect((await refresh(removed.refreshToken)).status).toBe(200);
  });

  it('goes on after a restart, from what is on the disk', async () => {
    const { refreshToken } = await web.signIn();
    const exchanged = (await (await refresh(refreshToken)).json()) as Tokens;
    const anew = await startWebUnderTest(null, { sessions: web.sessionsAnew(), secrets: web.shared.secrets });
    try {
      const at = (token: string) => anew.call('POST', '/api/auth/refresh', { body: { refreshToken: token } });
      const next = await at(exchanged.refreshToken);
      expect(next.status).toBe(200);
      // What was exchanged before the restart is known to be old.
      expect((await at(refreshToken)).status).toBe(401);
      expect((await at(((await next.json()) as Tokens).refreshToken)).status).toBe(401);
    } finally {
      await anew.stop();
    }
  });

  it('gives the page a cookie that no script reads, and takes it only from the page itself', async () => {
    const answer = await web.call('POST', '/api/auth/login', {
      body: { username: 'operator', password: PASSWORD, transport: 'cookie' },
      headers: { origin: web.origin },
    });
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect(cookie).toMatch(/Path=\/api\/auth/);
    expect(await answer.json()).not.toHaveProperty('refreshToken');
    const sent = { cookie: cookie.split(';')[0] ?? '' };
    const withOrigin = (origin?: string): Promise<Response> =>
      web.call('POST', '/api/auth/refresh', { body: {}, headers: origin ? { ...sent, origin } : sent });
    expect((await withOrigin()).status).toBe(403);
    expect((await withOrigin('http://127.0.0.1:1')).status).toBe(403);
    expect((await withOrigin(web.origin)).status).toBe(200);
    expect((await web.call('GET', '/api/status', { headers: sent })).status).toBe(401);
  });

  it('is that of its installation alone: a browser sends the cookies of every port of this machine', async () => {
    const other = await startWebUnderTest(null);
    try {
      const cookieOf = async (of: WebUnderTest): Promise<string> => {
        const { headers } = await of.call('POST', '/api/auth/login', {
          body: { username: 'operator', password: PASSWORD, transport: 'cookie' },
          headers: { origin: of.origin },
        });
        return (headers.get('set-cookie') ?? '').split(';')[0] ?? '';
      };
      const cookies = [await cookieOf(web), await cookieOf(other)];
      const [name, otherName] = cookies.map((cookie) => cookie.split('=')[0]);
      expect(name).not.toBe(otherName);
      const renewed = (of: WebUnderTest, cookie: string): Promise<Response> =>
        of.call('POST', '/api/auth/refresh', { body: {}, headers: { origin: of.origin, cookie } });
      for (const of of [web, other]) expect((await renewed(of, cookies.join('; '))).status).toBe(200);

      // One that is not known here may be known elsewhere, as in a copy of this installation.
      const unknown = await renewed(web, `${name}=made.up`);
      expect([unknown.status, unknown.headers.get('set-cookie')]).toEqual([401, null]);
      // Pages of desks that share their people may present it at once: the browser has its successor already.
      const again = await renewed(web, cookies[0] ?? '');
      expect([again.status, again.headers.get('set-cookie')]).toEqual([200, null]);
      web.clock.aheadMs = 31_000;
      const used = await renewed(web, cookies[0] ?? '');
      expect([used.status, used.headers.get('set-cookie')]).toEqual([
        401,
        expect.stringMatching(`^${name}=; Max-Age=0`),
      ]);
    } finally {
      await other.stop();
    }
  });
});

describe('signing in with a link', () => {
  const useLink = (token: string): Promise<Response> =>
    web.call('POST', '/api/auth/link', { body: { token } });

  it('works once', async () => {
    const token = await createSignInToken(database.pool, rowMaker, 'operator');
    const first = await useLink(token);
    expect(first.status).toBe(200);
    expect(await first.json()).toMatchObject({ accessToken: expect.any(String) });
    expect((await useLink(token)).status).toBe(401);
  });

  it('counts no tries: 256 bits need none, and nobody is kept out by who guesses', async () => {
    const token = await createSignInToken(database.pool, rowMaker, 'operator');
    const guesses = await Promise.all(
      Array.from({ length: 120 }, (_, at) => useLink(`${at}`.padEnd(token.length, 'x'))),
    );
    expect(new Set(guesses.map(({ status }) => status))).toEqual(new Set([401]));
    expect((await useLink(token)).status).toBe(200);
  });

  it('says that the database is needed where it is down, and the password still works', async () => {
    const without = await startWebUnderTest(null);
    try {
      const answer = await without.call('POST', '/api/auth/link', { body: { token: 'x' } });
      expect(answer.status).toBe(503);
      expect(await without.signIn()).toHaveProperty('accessToken');
    } finally {
      await without.stop();
    }
  });
});
