/** A phone's way in: a proxy that speaks TLS under the desk's public name and passes everything on, as Caddy does. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deskObject } from '../../src/desk/schema.js';
import { runAddress } from '../../src/home/started-desks.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { makeCertificates } from '../support/guarded-temporal.js';
import { missing } from './opened-page.js';
import { expectDeskAt, launchPhone, NAME, startPublicDesk } from './public-desk.js';
import { PASSWORD, type WebUnderTest } from './web-under-test.js';

const folder = mkdtempSync(join(tmpdir(), 'public-url-'));
let publicUrl: string;
let web: WebUnderTest;
let proxy: Server;
const open = new Set<TLSSocket>();

beforeAll(async () => {
  const port = await freePort();
  publicUrl = `https://${NAME}:${port}`;
  web = await startPublicDesk(publicUrl);
  const { serverKey, serverCert } = makeCertificates(folder);
  const tls = { key: readFileSync(serverKey), cert: readFileSync(serverCert) };
  proxy = createServer(tls, (socket) => {
    open.add(socket);
    const behind = connect(Number(web.host.split(':')[1]), '127.0.0.1');
    for (const end of [socket, behind]) end.on('error', () => behind.destroy());
    socket.on('close', () => open.delete(socket));
    socket.pipe(behind).pipe(socket);
  });
  await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
});
afterAll(async () => {
  for (const socket of open) socket.destroy();
  proxy?.close();
  await web?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const asked = (headers: Record<string, string>, who: object = {}) =>
  web.app.inject({
    method: 'POST',
    url: '/api/auth/login',
    headers: { 'content-type': 'application/json', ...headers },
    payload: { username: 'operator', password: PASSWORD, transport: 'cookie', ...who },
  });

describe('a desk with a public address', () => {
  it('answers to its name, with Secure cookies to its own page alone', async () => {
    const host = new URL(publicUrl).host;
    const answer = await asked({ host, origin: publicUrl });
    expect(answer.statusCode).toBe(200);
    const [cookie] = answer.cookies as unknown as { secure?: boolean; httpOnly?: boolean }[];
    expect(cookie).toMatchObject({ secure: true, httpOnly: true });
    for (const origin of [`http://${host}`, 'https://evil.example', `https://${NAME}`, web.origin]) {
      expect((await asked({ host, origin })).statusCode, origin).toBe(403);
    }
  });

  it.each(['evil.example', NAME, `${NAME}.evil.example`, `x${NAME}`])('refuses the name %s', async (host) => {
    expect((await asked({ host, origin: `https://${host}` })).statusCode).toBe(421);
  });

  it('leaves its loopback names as they are', async () => {
    const answer = await web.call('POST', '/api/auth/login', {
      body: { username: 'operator', password: PASSWORD, transport: 'cookie' },
      headers: { origin: web.origin },
    });
    expect(answer.headers.get('set-cookie')).toMatch(/^fermata_refresh_/);
    expect(answer.headers.get('set-cookie')).not.toMatch(/Secure/);
    const foreign = await web.call('POST', '/api/auth/login', { headers: { origin: publicUrl } });
    expect(foreign.status).toBe(403);
  });

  it('gives links that lead there', () => {
    const runtime = {
      web: { host: '127.0.0.1', port: 8000, publicUrl },
      temporal: { kind: 'managed', address: 'x', namespace: 'x', uiAddress: 'http://x' },
    } as const;
    expect(runAddress(runtime, 'stop:1')).toBe(`${publicUrl}/#run=stop%3A1`);
  });

  it.each([
    ['http://desk.example', 'begins with https'],
    ['https://desk.example/', 'without a path'],
    ['https://desk.example/desk', 'without a path'],
    ['https://Desk.example', 'small letters'],
    ['https://u:p@desk.example', 'an origin'],
    ['desk.example', 'begins with https'],
    ['https://desk.example:443', 'https://desk.example without :443, which browsers leave out'],
    ['https://desk.example:08443', 'as browsers send it: https://desk.example:8443'],
    ['https://desk.example:70000', 'port up to 65535'],
    ['https://localhost:8000', 'loopback names are taken by themselves'],
    ['https://desk.localhost', 'loopback names'],
    ['https://127.0.0.1:8000', 'loopback names'],
    ['https://2130706433', 'loopback names'],
  ])('refuses %s in the desk file: %s', (given, why) => {
    const { error } = deskObject.shape.api.safeParse({ publicUrl: given });
    expect(error?.issues[0]?.message).toContain(why);
  });

  it.each(['https://desk.example', 'https://desk.example:8443', 'https://10.0.0.7'])('takes %s', (given) => {
    expect(deskObject.shape.api.safeParse({ publicUrl: given }).success).toBe(true);
  });

  it('keeps nobody out on this machine where strangers tried ten passwords at the public address', async () => {
    const host = new URL(publicUrl).host;
    const there = async (password: string) =>
      (await asked({ host, origin: publicUrl }, { username: 'vera', password })).statusCode;
    const here = () =>
      web.call('POST', '/api/auth/login', { body: { username: 'vera', password: PASSWORD } });
    for (let count = 0; count < 10; count += 1) expect(await there('no')).toBe(401);
    expect(await there(PASSWORD)).toBe(429);
    expect((await here()).status).toBe(200);
    // Nor do strangers begin anew because somebody signed in here.
    expect(await there('no')).toBe(429);
  });
});

describe.skipIf(missing.length > 0)('a phone at the public address', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchPhone();
  });
  afterAll(() => browser?.close());

  it('signs in, is shown the desk live, and is still signed in after a reload', () =>
    expectDeskAt(browser, publicUrl));

  it('is told by the link of a run that Temporal’s UI is not reached from there, and stays at the desk', async () => {
    const page = await browser.newPage({ viewport: { width: 390, height: 844 }, ignoreHTTPSErrors: true });
    await page.goto(`${publicUrl}/#run=incident%3Acrypto-bot`);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    const told = page.getByTestId('temporal-elsewhere');
    await expect.poll(() => told.innerText()).toMatch(/no public address.*ssh -L 8234:127\.0\.0\.1:8234/s);
    expect(page.url()).toBe(`${publicUrl}/`);
    await told.getByRole('button', { name: 'Dismiss' }).click();
    await expect.poll(() => told.count()).toBe(0);
    await page.getByRole('button', { name: 'Temporal UI' }).click();
    await told.waitFor();
    await page.close();
  });
});
