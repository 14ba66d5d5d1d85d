/** Two desks in one FERMATA_HOME, as a person has them: started in two shells, stopped, killed, ended, restored alone. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askSupervisor } from '../../src/home/supervisor-protocol.js';
import { runtimeOf } from '../support/desk-store.js';
import { type DeskUnderTest, deskUnderTest, repository } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';

const first = deskUnderTest();
let second: DeskUnderTest;

beforeAll(async () => {
  const folder = join(first.home, 'desks', 'second');
  mkdirSync(folder, { recursive: true });
  const text = readFileSync(join(repository, 'desks/crypto-bot/desk.yaml'), 'utf8');
  writeFileSync(join(folder, 'desk.yaml'), text.replace(/^desk: .*$/m, 'desk: second'));
  await first.up('--market', 'simulated');
  second = deskUnderTest('second', {}, first);
  await second.up('--market', 'simulated', '--desk', 'second', '--seed', '8');
});

afterAll(async () => {
  await second?.dispose();
  await first.dispose();
});

const active = (desk: DeskUnderTest) =>
  until(`${desk.desk} trades`, async () => (await desk.status()).mode === 'ACTIVE');

/** Its page and its operations: which processes they run in, once they do. */
const waiting = (desk: DeskUnderTest): Promise<readonly (number | null)[]> =>
  until(`page and operations of ${desk.desk}`, async () => {
    const all = await askSupervisor(desk.home, 'processes', {});
    const found = ['operations-worker', 'web'].map((name) => all.find((one) => one.name === name));
    return found.every((one) => one?.state === 'running') && found.map((one) => one?.pid ?? null);
  });

/** Of the page itself, by its own port. */
async function pageOf(desk: DeskUnderTest): Promise<string | undefined> {
  const { web } = runtimeOf(desk);
  const page = await (await fetch(`http://127.0.0.1:${web.port}/`)).text();
  return /name="command-line" content="[^"]*--desk ([^"]*)"/.exec(page)?.[1];
}

/** At the page of a desk, with the cookie of the browser: who is signed in, and the cookie from then on. */
async function at(desk: DeskUnderTest, path: string, body: object, cookie = '') {
  const origin = `http://127.0.0.1:${runtimeOf(desk).web.port}`;
  const headers = { 'content-type': 'application/json', origin, cookie };
  const answer = await until(`the page of ${desk.desk}`, () =>
    fetch(`${origin}/api/auth/${path}`, { method: 'POST', headers, body: JSON.stringify(body) }).catch(
      () => null,
    ),
  );
  const set = answer.headers.get('set-cookie')?.split(';')[0] ?? cookie;
  const { accessToken: token = '', person } = (await answer.json()) as {
    accessToken?: string;
    person?: string;
  };
  return { status: answer.status, person, cookie: set, token };
}

describe('two desks in one FERMATA_HOME', () => {
  it('trade at the same time, and no command guesses which one is meant', async () => {
    await Promise.all([active(first), active(second)]);
    const { code, stderr } = await first.ask('close-all');
    expect(code).toBe(1);
    expect(stderr).toContain('with --desk crypto-bot, or with --desk second');
    expect((await first.status()).mode).toBe('ACTIVE');
    const { desks } = JSON.parse((await first.ask('desks', '--json')).stdout);
    const running = desks.filter(({ runs }: { runs: boolean }) => runs);
    expect(running).toMatchObject([
      { name: 'crypto-bot', mode: 'ACTIVE' },
      { name: 'second', mode: 'ACTIVE' },
    ]);
    const pages: string[] = running.map(({ page }: { page: string }) => page);
    expect(new Set(pages).size).toBe(2);
    // What a page says is to be typed is about its own desk.
    const texts = await Promise.all(pages.map(async (page) => (await fetch(page)).text()));
    expect(texts.map((text) => /name="command-line" content="([^"]*)"/.exec(text)?.[1])).toEqual([
      expect.stringMatching(/fermata --desk crypto-bot$/),
      expect.stringMatching(/fermata --desk second$/),
    ]);
  });

  it('have the same people: who signs in at one page is signed in at the other, and is signed out at both', async () => {
    const password = readFileSync(join(first.home, 'secrets', 'operator-password'), 'utf8').trim();
    const login = { username: 'operator', password, transport: 'cookie' };
    const one = await at(first, 'login', login);
    expect(one.status).toBe(200);
    const other = await at(second, 'refresh', {}, one.cookie);
    expect(other).toMatchObject({ status: 200, person: 'operator' });
    const status = ({ token }: { token: string }, desk: DeskUnderTest) =>
      fetch(`http://127.0.0.1:${runtimeOf(desk).web.port}/api/openapi.json`, {
        headers: { authorization: `Bearer ${token}` },
      }).then((answer) => answer.status);
    // The token of a page is good for its own desk alone.
    expect(await Promise.all([status(other, second), status(other, first), status(one, first)])).toEqual([
      200, 401, 200,
    ]);
    const out = await fetch(`http://127.0.0.1:${runtimeOf(second).web.port}/api/auth/logout`, {
      ...{ method: 'POST', headers: { authorization: `Bearer ${other.token}` } },
    });
    expect(out.status).toBe(204);
    expect(await Promise.all([status(other, second), status(one, first)])).toEqual([401, 401]);
    expect((await at(first, 'refresh', {}, other.cookie)).status).toBe(401);
  });

  it('a stop is one desk’s, and so is the death of a trader', async () => {
    const before = first.pids().get('trader');
    const stop = await first.ask('stop', '--desk', 'second', '--reason', 'only this one');
    expect(stop.stdout).toContain('✓ stop: proven');
    expect(stop.code).toBe(0);
    const killed = await second.pidOf('trader');
    process.kill(killed, 'SIGKILL');
    await until('its trader again', async () => second.pids().get('trader') !== killed && second.status());
    expect((await second.status()).mode).toBe('HALTED');
    expect((await first.status()).mode).toBe('ACTIVE');
    expect(first.pids().get('trader')).toBe(before);
  });

  it('share the processes of page and operations, and have their own again where one is killed', async () => {
    const [ofFirst, ofSecond] = await Promise.all([waiting(first), waiting(second)]);
    expect(ofFirst).toEqual(ofSecond);
    const traders = [first, second].map((desk) => desk.pids().get('trader'));
    for (const pid of ofFirst) process.kill(pid ?? 0, 'SIGKILL');
    await until('processes of their own', async () => {
      const [one, other] = await Promise.all([waiting(first), waiting(second)]);
      return new Set([...one, ...other, ...ofFirst]).size === 6;
    });
    expect([first, second].map((desk) => desk.pids().get('trader'))).toEqual(traders);
    expect(await Promise.all([pageOf(first), pageOf(second)])).toEqual(['crypto-bot', 'second']);
    for (const desk of [first, second])
      await until(
        `a routine of ${desk.desk}`,
        async () => (await desk.ask('run', 'pre-market', '--desk', desk.desk)).code === 0,
        90_000,
      );
  });

  it('share them again once a person restarts them, and the one goes on where the other has ended', async () => {
    for (const name of ['operations-worker', 'web'])
      expect((await second.ask('restart', name, '--desk', 'second')).code).toBe(0);
    expect(await waiting(second)).toEqual(await waiting(first));
    for (const { workerMetrics } of [runtimeOf(first), runtimeOf(second)]) {
      const figures = await fetch(`http://${workerMetrics?.['operations-worker']}/metrics`);
      expect(await figures.text()).toContain('task_queue="operations:second"');
    }
    expect(await Promise.all([pageOf(first), pageOf(second)])).toEqual(['crypto-bot', 'second']);
  });

  it('one that ends leaves the other its servers, and is restored alone', async () => {
    const backup = await first.ask('backup', '--desk', 'crypto-bot', '--json');
    expect(JSON.parse(backup.stdout)).toMatchObject({ ok: true, proven: true });
    const trader = second.pids().get('trader');
    expect(await first.interrupt()).toBe(0);
    expect(await waiting(second)).not.toContain(null);
    expect(await pageOf(second)).toBe('second');
    // Only one runs: no name is needed.
    const other = await until('a backup of the other', async () => {
      const { stdout, code } = await first.ask('backup', '--json');
      return code === 0 && JSON.parse(stdout);
    });
    expect(other).toMatchObject({ ok: true, workflowId: 'backup:second' });
    const restore = ['restore', '--latest', '--desk', 'crypto-bot', '--confirm', 'crypto-bot'];
    const restored = await first.run(...restore);
    expect(restored.stdout + restored.stderr).toContain('✓ crypto-bot is what the backup holds');
    expect((await second.status()).mode).toBe('HALTED');
    expect(second.pids().get('trader')).toBe(trader);
    expect((await first.ask('evidence', 'verify', '--desk', 'second')).code).toBe(0);
  });
});
