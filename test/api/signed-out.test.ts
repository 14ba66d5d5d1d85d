/** Who is taken off is out at once: the web role as it starts, and the real command line beside it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { startWeb } from '../../src/api/start-web.js';
import { beginCliSession } from '../../src/home/cli-session.js';
import { setPassword } from '../../src/home/people-passwords.js';
import { homePaths, type Role, type Runtime } from '../../src/home/runtime.js';
import { standingOf } from '../../src/home/sign-in-standing.js';
import { supervisorSocketPath } from '../../src/home/supervisor-protocol.js';
import { signInMaker, telegramMaker } from '../../src/store/access-rows.js';
import { createLinkCode, linkByCode, readPersonLinks } from '../../src/store/people.js';
import { createSignInToken } from '../../src/store/sign-in-means.js';
import { openSupervisorSocket } from '../../src/supervisor/supervisor-socket.js';
import { commandsInOneProcess } from '../cli/run-command.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { readAudit } from '../support/read-audit.js';
import { neverForged } from '../support/row-makers.js';
import { SHIPPED_DESK, webRuntime } from '../support/web-runtime.js';
import type { Tokens } from './web-under-test.js';

const runCommand = commandsInOneProcess();

const PASSWORD = 'correct horse battery staple';
const DESK = 'crypto-bot';
const ACCOUNT = { telegramUserId: '501', chatId: '501' };

let database: TestDatabase;
let home: string;
let runtime: Runtime;
let role: Role;

beforeAll(async () => {
  database = await createTestDatabase();
  home = mkdtempSync(join(tmpdir(), 'signed-out-'));
  runtime = await webRuntime(home, database, deskFile('[approver]'));
  for (const person of ['anna', 'vera']) await setPassword(home, person, PASSWORD);
  mkdirSync(homePaths(home).run, { recursive: true });
  writeFileSync(join(homePaths(home).run, 'runtime.json'), JSON.stringify(runtime));
  role = await startWeb(runtime);
});
afterAll(async () => {
  await role?.stop();
  await database?.drop();
  rmSync(home, { recursive: true, force: true });
});

/** anna and ben decide, vera has what is given. */
function deskFile(rolesOfVera: string): string {
  const people = `  - { name: anna, roles: [approver] }\n  - { name: ben, roles: [approver] }\n  - { name: vera, roles: ${rolesOfVera} }\n`;
  const file = join(home, 'desk.yaml');
  writeFileSync(
    file,
    readFileSync(SHIPPED_DESK, 'utf8').replace(/^people:.*\n/m, (line) => line + people),
  );
  return file;
}

const post = (path: string, body: object): Promise<Response> =>
  fetch(`http://127.0.0.1:${runtime.web.port}/api/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const signIn = async (username: string): Promise<Tokens> =>
  (await (await post('login', { username, password: PASSWORD })).json()) as Tokens;
const signInByLink = async (person: string): Promise<Tokens> =>
  (await (
    await post('link', { token: await createSignInToken(database.pool, signInMaker(home), person) })
  ).json()) as Tokens;
/** 200 where the token still opens something. Not by `fetch`, which may write to a spare connection that it opened to a server that has ended meanwhile. */
const tryToken = ({ accessToken }: Tokens): Promise<number | undefined> =>
  new Promise((settle, fail) => {
    const headers = { authorization: `Bearer ${accessToken}` };
    const url = `http://127.0.0.1:${runtime.web.port}/api/openapi.json`;
    get(url, { agent: false, headers }, (answer) => {
      answer.resume();
      settle(answer.statusCode);
    }).on('error', fail);
  });
const removePerson = (name: string) =>
  runCommand(home, ['person', 'remove', name, '--json'], { FERMATA_HOME: home });

function watch({ accessToken: token }: Tokens): {
  readonly welcomed: Promise<void>;
  readonly closed: Promise<number>;
} {
  const socket = new WebSocket(`ws://127.0.0.1:${runtime.web.port}/api/ws`);
  socket.on('open', () => socket.send(JSON.stringify({ type: 'auth', token })));
  socket.on('error', () => undefined);
  return {
    welcomed: new Promise((settle) => socket.once('message', () => settle())),
    closed: new Promise((settle) => socket.once('close', settle)),
  };
}

describe('fermata person remove', () => {
  it('ends what the person is signed in with: API, live connection, refresh token, password, links', async () => {
    const [anna, vera] = [await signIn('anna'), await signIn('vera')];
    const live = watch(anna);
    await live.welcomed;
    const unusedLink = await createSignInToken(database.pool, signInMaker(home), 'anna');
    await createLinkCode(database.pool, telegramMaker(home), DESK, 'anna', 'used-code', 5);
    await linkByCode(database.pool, telegramMaker(home), DESK, 'used-code', ACCOUNT, neverForged);
    await createLinkCode(database.pool, telegramMaker(home), DESK, 'anna', 'unused-code', 5);

    const { code, out } = await removePerson('anna');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ hadPassword: true, wasLinked: true, roles: ['approver'] });

    expect(await tryToken(anna)).toBe(401);
    expect(await live.closed).toBe(4401);
    expect((await post('refresh', { refreshToken: anna.refreshToken })).status).toBe(401);
    expect((await post('login', { username: 'anna', password: PASSWORD })).status).toBe(401);
    expect((await post('link', { token: unusedLink })).status).toBe(401);
    expect(await readPersonLinks(database.pool, telegramMaker(home), DESK, ['anna'], neverForged)).toEqual(
      [],
    );
    expect(
      await linkByCode(database.pool, telegramMaker(home), DESK, 'unused-code', ACCOUNT, neverForged),
    ).toBeNull();
    expect(await tryToken(vera)).toBe(200);
  });

  it('says that nothing was known of a name that is a slip of the pen', async () => {
    const slip = await runCommand(home, ['person', 'remove', 'veraa'], { FERMATA_HOME: home });
    expect(slip.out).toContain('! nothing of veraa was known here: is that the name?');
    expect((await removePerson('veraa')).code).toBe(0);
    expect(await tryToken(await signIn('vera'))).toBe(200);
  });

  it('ends a sign-in by link of somebody who never had a password', async () => {
    const ben = await signInByLink('ben');
    expect(await tryToken(ben)).toBe(200);
    expect(JSON.parse((await removePerson('ben')).out)).toMatchObject({ hadPassword: false });
    expect(await tryToken(ben)).toBe(401);
  });

  it('is on record by the name of who is signed in here, and else of the operator; so are links to Telegram', async () => {
    const refused = (): never => {
      throw new Error('asked for nothing else');
    };
    const supervisor = await openSupervisorSocket(supervisorSocketPath(home), {
      who: () => ({ pid: process.pid, desk: DESK, startedWallMs: 0, phase: 'running' }),
      ...{ processes: refused, stop: refused, restart: refused, startAgain: refused },
      ...{ restoreDatabase: refused, switchBuild: refused },
    });
    onTestFinished(() => supervisor.close());
    const telegram = (...args: string[]) => runCommand(home, ['telegram', ...args], { FERMATA_HOME: home });
    const known = (person: string) => ({ person, via: 'cli' });
    const byNobody = [await removePerson('ben'), await telegram('unlink', 'ben')];
    beginCliSession(home, 'vera', standingOf(home, 'vera'), Date.now());
    const byVera = [
      await removePerson('ben'),
      await telegram('unlink', 'ben'),
      await telegram('link', 'vera'),
    ];
    expect([...byNobody, ...byVera].map(({ code, err }) => [code, err])).toEqual(Array(5).fill([0, '']));
    // Her own removal ends her session, too.
    expect((await removePerson('vera')).code).toBe(0);
    await setPassword(home, 'vera', PASSWORD);
    expect((await readAudit(database.pool, DESK)).slice(0, 6).reverse()).toMatchObject([
      { ...known('operator'), action: 'person.remove', parameters: { person: 'ben' } },
      { ...known('operator'), action: 'telegram.unlink', parameters: { person: 'ben' } },
      { ...known('vera'), action: 'person.remove', parameters: { person: 'ben' } },
      { ...known('vera'), action: 'telegram.unlink', parameters: { person: 'ben' } },
      { ...known('vera'), action: 'telegram.link-code', parameters: { person: 'vera' } },
      { ...known('vera'), action: 'person.remove', parameters: { person: 'vera' } },
    ]);
  });

  it('is not for the built-in operator, who can always stop the desk', async () => {
    expect((await removePerson('operator')).code).toBe(2);
  });
});

describe('a new password', () => {
  it('ends what was begun with the old one', async () => {
    const vera = await signIn('vera');
    await setPassword(home, 'vera', PASSWORD);
    expect(await tryToken(vera)).toBe(401);
  });
});

describe('a start again', () => {
  it('keeps who is signed in, with the roles of the desk file of now', async () => {
    const [vera, operator] = [await signIn('vera'), await signInByLink('operator')];
    await role.stop();
    role = await startWeb(runtime);
    expect([await tryToken(vera), await tryToken(operator)]).toEqual([200, 200]);
    await role.stop();
    deskFile('[viewer]');
    role = await startWeb(runtime);
    expect([await tryToken(vera), await tryToken(operator)]).toEqual([200, 200]);
    const resume = await fetch(`http://127.0.0.1:${runtime.web.port}/api/emergency/resume`, {
      method: 'POST',
      headers: { authorization: `Bearer ${vera.accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'a viewer only' }),
    });
    expect(resume.status).toBe(403);
  });
});
