import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { codecOrigins } from '../../src/api/temporal-ui/codec-routes.js';
import { TemporalTickets } from '../../src/api/temporal-ui/entrance.js';
import { makeTemporalUiProxy } from '../../src/api/temporal-ui/proxy.js';
import { CODEC_PATH, parsePayloadKeys } from '../../src/home/payload-keys.js';
import { createPayloadCodec } from '../../src/temporal/payload-codec.js';
import { startWebUnderTest, type WebUnderTest } from './web-under-test.js';

const codec = createPayloadCodec(parsePayloadKeys('ab'.repeat(32)));
const NAMED = 'https://temporal.example';
let web: WebUnderTest;
let ui: Server;
let proxy: FastifyInstance;
let origin: string;
let seen: IncomingMessage[] = [];

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
const uiOrigin = (): string => `http://127.0.0.1:${(ui.address() as AddressInfo).port}`;
const end = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });

beforeAll(async () => {
  web = await startWebUnderTest(null);
  ui = createServer((request, response) => {
    seen.push(request);
    response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': '_csrf=abc; Path=/' });
    response.end(`the UI at ${request.url}`);
  });
  await listen(ui);
});
afterAll(async () => {
  await Promise.all([web.stop(), end(ui)]);
});
beforeEach(async () => {
  seen = [];
  // As the runtime file has it.
  await begin(uiOrigin());
});
afterEach(() => proxy.close());

async function begin(uiAddress: string | null): Promise<void> {
  const isActive = (family: string): boolean => web.sessions.isActive(family);
  proxy = await makeTemporalUiProxy({
    ...{ desk: 'crypto-bot', uiAddress, namespace: 'fermata', tickets: web.tickets, isActive, codec },
    isToken: (token) => typeof web.app.readAccess(token) !== 'string',
    codecOrigins: [NAMED],
  });
  origin = await proxy.listen({ host: '127.0.0.1', port: 0 });
}

interface Signed {
  readonly cookie: string;
  readonly accessToken: string;
  readonly ticketUrl: string;
}

/** The way that the dashboard goes: a ticket for a bearer token, a cookie for the ticket. */
async function enter(): Promise<Signed> {
  const { accessToken } = await web.signIn();
  const answer = await web.call('POST', '/api/temporal-ui/ticket', { token: accessToken });
  const ticket = new URL(((await answer.json()) as { url: string }).url);
  const ticketUrl = origin + ticket.pathname + ticket.search;
  const entered = await fetch(ticketUrl, { redirect: 'manual' });
  expect(entered.status).toBe(200);
  expect(await entered.text()).toContain(
    '/namespaces/fermata/workflows?query=FermataDesk%3D%22crypto-bot%22',
  );
  return { cookie: (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '', accessToken, ticketUrl };
}

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(origin + path, { headers });

describe('Temporal’s UI', () => {
  it('is refused without a session, and asks nothing of the server behind', async () => {
    expect((await get('/')).status).toBe(401);
    expect((await get('/', { cookie: 'fermata_temporal_ui=made-up' })).status).toBe(401);
    expect((await get('/fermata/enter?ticket=made-up')).status).toBe(401);
    expect(seen).toHaveLength(0);
  });

  it('opens with a ticket that works once, and never sees our cookies', async () => {
    const { cookie, ticketUrl } = await enter();
    const answer = await get('/namespaces?x=1', { cookie: `${cookie}; fermata_refresh=secret; _csrf=abc` });
    expect(await answer.text()).toBe('the UI at /namespaces?x=1');
    expect(answer.headers.get('x-frame-options')).toBe('SAMEORIGIN');
    expect(seen[0]?.headers.cookie).toBe('_csrf=abc');
    // With a scheme in it the UI's server would refuse the request.
    expect(seen[0]?.headers.host).toBe(`127.0.0.1:${(ui.address() as AddressInfo).port}`);
    expect((await fetch(ticketUrl, { redirect: 'manual' })).status).toBe(401);
  });

  it('is asked for a ticket only by a signed-in person', async () => {
    expect((await web.call('POST', '/api/temporal-ui/ticket')).status).toBe(401);
  });

  it('changes nothing for pages of other origins, nor for requests without one', async () => {
    const { cookie } = await enter();
    const post = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${origin}/api/v1/signal`, { method: 'POST', body: '{}', headers: { cookie, ...headers } });
    expect((await post({})).status).toBe(403);
    expect((await post({ origin: web.origin })).status).toBe(403);
    expect((await post({ origin })).status).toBe(200);
    expect(seen[0]?.headers.origin).toBe(`http://${seen[0]?.headers.host}`);
  });

  it('answers to its loopback names only', async () => {
    const { cookie } = await enter();
    const { hostname, port } = new URL(origin);
    const status = await new Promise((resolve) => {
      httpRequest(
        { hostname, port, path: '/', headers: { host: `evil.example:${port}`, cookie } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      ).end();
    });
    expect(status).toBe(421);
    expect(seen).toHaveLength(0);
  });

  it('opens sealed payloads for whoever is signed in there, and seals nothing', async () => {
    const { cookie } = await enter();
    const wire = ({ metadata, data }: Payload) => ({
      metadata: Object.fromEntries(
        Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
      ),
      data: Buffer.from(data ?? []).toString('base64'),
    });
    const plain = defaultPayloadConverter.toPayload('halted by anna');
    const [sealed] = await codec.encode([plain]);
    const ask = (path: string, payloads: object[], headers: Record<string, string>): Promise<Response> =>
      fetch(`${origin}${CODEC_PATH}/${path}`, {
        method: 'POST',
        body: JSON.stringify({ payloads }),
        headers: { 'content-type': 'application/json', ...headers },
      });
    const mixed = [wire(sealed!), wire(plain)];
    expect((await ask('decode', mixed, { origin })).status).toBe(401);
    expect((await ask('decode', mixed, { origin: web.origin, cookie })).status).toBe(403);
    const opened = await ask('decode', mixed, { origin, cookie });
    expect(await opened.json()).toEqual({ payloads: [wire(plain), wire(plain)] });
    const written = await ask('encode', [wire(plain)], { origin, cookie });
    expect(await written.json()).toEqual({ payloads: [wire(plain)] });
    expect((await ask('decode', [{ data: 7 }], { origin, cookie })).status).toBe(400);
    const [foreign] = await createPayloadCodec(parsePayloadKeys('cd'.repeat(32))).encode([plain]);
    expect((await ask('decode', [wire(foreign!)], { origin, cookie })).status).toBe(422);
    expect(seen).toHaveLength(0);
  });

  it('answers a page of a named origin with the headers that its browser asks for, and no other page', async () => {
    const { cookie, accessToken } = await enter();
    const ask = (method: string, headers: Record<string, string>): Promise<Response> =>
      fetch(`${origin}${CODEC_PATH}/decode`, {
        method,
        headers: { 'x-namespace': 'fermata', ...headers },
        ...(method === 'POST' ? { body: '{"payloads":[]}' } : {}),
      });
    const mayAsk = await ask('OPTIONS', { origin: NAMED, 'access-control-request-method': 'POST' });
    expect(mayAsk.status).toBe(204);
    expect(Object.fromEntries(mayAsk.headers)).toMatchObject({
      'access-control-allow-origin': NAMED,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization, content-type, x-namespace',
    });
    expect((await ask('OPTIONS', { origin: 'https://evil.example' })).status).toBe(403);
    const opened = await ask('POST', { origin: NAMED, cookie });
    expect([opened.status, opened.headers.get('access-control-allow-origin')]).toEqual([200, NAMED]);
    expect((await ask('POST', { origin: 'https://evil.example', cookie })).status).toBe(403);
    expect((await ask('POST', { origin: NAMED })).status).toBe(401);
    // A program has no origin, and no cookie counts for it.
    expect((await ask('POST', { cookie })).status).toBe(401);
    const authorization = `Bearer ${accessToken}`;
    expect((await ask('POST', { authorization })).status).toBe(200);
    await web.call('POST', '/api/auth/logout', { token: accessToken });
    expect((await ask('POST', { authorization })).status).toBe(401);
  });

  it('may be of an origin that is one', () => {
    const read = (given: string) => codecOrigins({ FERMATA_CODEC_ORIGINS: given });
    expect(read(`${NAMED}, http://127.0.0.1:8080`)).toEqual([NAMED, 'http://127.0.0.1:8080']);
    expect(read('')).toEqual([]);
    expect(() => read(`${NAMED}/`)).toThrow('found "https://temporal.example/"');
  });

  it('closes with the sign-in that opened it', async () => {
    const { cookie, accessToken } = await enter();
    expect((await get('/', { cookie })).status).toBe(200);
    await web.call('POST', '/api/auth/logout', { token: accessToken });
    expect((await get('/', { cookie })).status).toBe(401);
  });

  it('forgets tickets and sessions that have ended, whosever they were, with the next ones', () => {
    let nowMs = 0;
    const tickets = new TemporalTickets(() => nowMs);
    const [unused, used] = [tickets.issue('anna'), tickets.issue('anna')];
    const session = tickets.redeem(used)!;
    nowMs = 13 * 3_600_000;
    tickets.redeem(tickets.issue('otto'));
    // They would hold again by a clock that is set back.
    nowMs = 0;
    expect([tickets.redeem(unused), tickets.familyOf(session)]).toEqual([null, null]);
  });

  it('lives on after an address that no parser takes, signed in or not', async () => {
    const { cookie } = await enter();
    const { hostname, port } = new URL(origin);
    const first = (address: string, headers: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect(Number(port), hostname, () =>
          socket.write(
            `GET ${address} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n${headers}connection: close\r\n\r\n`,
          ),
        );
        socket.once('data', (chunk) => resolve(String(chunk).split('\r\n', 1)[0] ?? ''));
        socket.once('error', reject);
      });
    for (const address of ['//', '///', 'http://[', '//evil.example/', '/%zz', '*']) {
      expect(await first(address, ''), address).toMatch(/^HTTP\/1.1 4\d\d/);
      expect(await first(address, `cookie: ${cookie}\r\n`), address).toMatch(/^HTTP\/1.1 [24]\d\d/);
    }
    expect((await get('/', { cookie })).status).toBe(200);
    expect(seen.every(({ headers }) => headers.host === new URL(uiOrigin()).host)).toBe(true);
  });

  it('lives on after an upgrade whose caller resets the connection, refused or not', async () => {
    const { cookie } = await enter();
    const { hostname, port } = new URL(origin);
    for (const headers of ['', `origin: ${origin}\r\ncookie: ${cookie}\r\n`]) {
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), hostname, () =>
          socket.write(
            `GET /api HTTP/1.1\r\nhost: ${hostname}:${port}\r\nconnection: upgrade\r\nupgrade: websocket\r\n${headers}\r\n`,
            () => setTimeout(() => socket.resetAndDestroy(), 20),
          ),
        );
        socket.on('error', () => undefined);
        socket.once('close', () => resolve());
      });
    }
    expect((await get('/', { cookie })).status).toBe(200);
  });

  it('is reached through a Unix socket where its server has a network of its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fermata-ui-socket-'));
    const path = join(folder, 'ui.sock');
    const inside = createServer(({ url, headers }, response) => response.end(`${url} for ${headers.host}`));
    await new Promise<void>((resolve) => inside.listen(path, resolve));
    await proxy.close();
    await begin(`unix+http://${encodeURIComponent(path)}`);
    const { cookie } = await enter();
    expect(await (await get('/namespaces?x=1', { cookie })).text()).toBe('/namespaces?x=1 for localhost');
    await end(inside);
    rmSync(folder, { recursive: true, force: true });
  });

  it('says plainly where there is no UI, or where it does not answer', async () => {
    const { cookie } = await enter();
    await proxy.close();
    await begin(null);
    expect((await get('/', { cookie })).status).toBe(404);
    await proxy.close();
    await begin('127.0.0.1:1');
    const down = await get('/', { cookie });
    expect(down.status).toBe(502);
    expect(await down.text()).toContain('Stop do not depend on it');
  });
});
