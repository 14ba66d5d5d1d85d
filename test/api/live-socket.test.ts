import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { liveMessageSchema } from '../../src/api/schemas/records.js';
import { PeopleFileUnusable } from '../../src/home/people-folder.js';
import { scriptedStatus } from '../support/trader-status.js';
import { startWebUnderTest, type WebUnderTest } from './web-under-test.js';

let web: WebUnderTest;
let token: string;
const open: WebSocket[] = [];

beforeEach(async () => {
  web = await startWebUnderTest(null);
  token = (await web.signIn()).accessToken;
});
afterEach(async () => {
  for (const socket of open.splice(0)) socket.terminate();
  await web.stop();
});

interface Message {
  readonly type: string;
  readonly status?: { readonly mode: string; readonly sequence: number };
  readonly trader?: { readonly reachable: boolean };
  readonly alerts?: readonly { readonly why: string | null }[];
  readonly processes?: readonly { readonly name: string; readonly state: string }[];
}

interface Opened {
  readonly socket: WebSocket;
  readonly messages: Message[];
  readonly closed: Promise<number>;
}

function connect(firstMessage: unknown, headers: Record<string, string> = {}): Opened {
  const socket = new WebSocket(`${web.origin.replace('http', 'ws')}/api/ws`, { headers });
  open.push(socket);
  const messages: Message[] = [];
  socket.on('message', (data) => messages.push(JSON.parse(String(data)) as Message));
  if (firstMessage !== null) socket.on('open', () => socket.send(JSON.stringify(firstMessage)));
  const closed = new Promise<number>((resolve) => {
    socket.on('close', (code) => resolve(code));
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('error', () => undefined);
  });
  return { socket, messages, closed };
}

/** What the description has no word for, or has another shape for. */
const strict = (message: Message): unknown => {
  const read = liveMessageSchema.safeParse(message);
  return read.success ? (isDeepStrictEqual(read.data, message) ? undefined : 'it says more') : read.error;
};

const states = ({ messages }: Opened): Message[] => messages.filter(({ type }) => type === 'state');

describe('the live connection', () => {
  it('shows nothing before a valid token came, and ends with a wrong one', async () => {
    const wrong = connect({ type: 'auth', token: 'x' });
    expect(await wrong.closed).toBe(4401);
    expect(wrong.messages).toEqual([]);
    expect(await connect({ type: 'hello' }).closed).toBe(4401);
  });

  it('pushes every change, and nothing where nothing changed', async () => {
    const live = connect({ type: 'auth', token });
    await expect.poll(() => states(live).at(-1)?.status?.mode).toBe('ACTIVE');
    web.trader.status = scriptedStatus({ rssBytes: 1 });
    // Of a price alone: nothing is recorded of it.
    web.trader.status = scriptedStatus({ equity: '10050.00' });
    await expect
      .poll(() => states(live).at(-1)?.status)
      .toMatchObject({ mode: 'ACTIVE', equity: '10050.00' });
    web.trader.status = scriptedStatus({ mode: 'HALTED', sequence: 900 });
    await expect.poll(() => states(live).at(-1)?.status).toMatchObject({ mode: 'HALTED', sequence: 900 });
    const count = states(live).length;
    const beside = connect({ type: 'auth', token });
    await expect.poll(() => states(beside).length).toBe(1);
    web.trader.status = scriptedStatus({ mode: 'HALTED', sequence: 900, rssBytes: 2 });
    await expect.poll(() => live.messages.at(-1)?.type).toBe('alive');
    expect(states(live)).toHaveLength(count);
    web.trader.status = scriptedStatus({ sequence: 901 });
    for (const page of [live, beside])
      await expect.poll(() => states(page).at(-1)?.status).toMatchObject({ mode: 'ACTIVE', sequence: 901 });
  });

  it('goes on telling of processes, and that it is alive, when the clock is set back', async () => {
    const live = connect({ type: 'auth', token });
    await expect.poll(() => states(live).length).toBeGreaterThan(0);
    web.clock.aheadMs -= 3_600_000;
    // A change would be told by the new time, and hide that nothing else is.
    const count = live.messages.length;
    const lives = () => live.messages.slice(count).some(({ type }) => type === 'alive');
    await expect.poll(lives).toBe(true);
    const silent = { channel: 'mail', state: 'silent', sinceMs: 1, waiting: 0, refused: 0 } as const;
    web.alerts.push({ ...silent, why: 'no server', problem: 'no server' });
    const alerts = () => states(live).at(-1)?.alerts;
    await expect.poll(alerts).toMatchObject([{ why: 'no server' }]);
    web.alerts.length = 0;
    web.clock.aheadMs = 0;
  });

  it('pushes what becomes of a process while the trader says the same', async () => {
    await web.stop();
    let state: 'running' | 'down' = 'running';
    web = await startWebUnderTest(null, {
      readProcesses: async () => [{ name: 'ledger', state, pid: 4242, restarts: 0 }],
    });
    const live = connect({ type: 'auth', token: (await web.signIn()).accessToken });
    const seen = () => states(live).at(-1)?.processes;
    await expect.poll(seen).toMatchObject([{ name: 'ledger', state: 'running' }]);
    state = 'down';
    await expect.poll(seen).toMatchObject([{ name: 'ledger', state: 'down' }]);
  });

  it('says nothing that the description does not say', async () => {
    const live = connect({ type: 'auth', token });
    await expect
      .poll(() => live.messages.map(({ type }) => type))
      .toEqual(expect.arrayContaining(['welcome', 'state', 'alive']));
    for (const message of live.messages) expect(strict(message), message.type).toBeUndefined();
  });

  it('tells when the trader is gone', async () => {
    const live = connect({ type: 'auth', token });
    await expect.poll(() => states(live).length).toBeGreaterThan(0);
    await web.trader.stop();
    await expect.poll(() => states(live).at(-1)?.trader?.reachable).toBe(false);
  });

  it('ends when the person is taken off, though the token has not run out', async () => {
    const live = connect({ type: 'auth', token });
    await expect.poll(() => states(live).length).toBeGreaterThan(0);
    web.standings.set('operator', 'removed');
    expect(await live.closed).toBe(4401);
    expect(await connect({ type: 'auth', token }).closed).toBe(4401);
  });

  it('ends where a file about people is damaged, and the page goes on once it is whole', async () => {
    const live = connect({ type: 'auth', token });
    await expect.poll(() => states(live).length).toBeGreaterThan(0);
    const { get } = web.standings;
    web.standings.get = () => {
      throw new PeopleFileUnusable('ended-sign-ins.json', 'is damaged', 'Put an intact copy in its place.');
    };
    expect(await live.closed).toBe(4401);
    web.standings.get = get;
    const again = connect({ type: 'auth', token });
    await expect.poll(() => states(again).length).toBeGreaterThan(0);
  });

  it('ends when the person signs out elsewhere', async () => {
    const live = connect({ type: 'auth', token });
    await expect.poll(() => states(live).length).toBeGreaterThan(0);
    await web.call('POST', '/api/auth/logout', { token });
    expect(await live.closed).toBe(4401);
  });

  it('drops a client that does not read, and goes on with the others', async () => {
    const slow = connect({ type: 'auth', token });
    await expect.poll(() => states(slow).length).toBeGreaterThan(0);
    slow.socket.pause();
    const text = 'x'.repeat(6_000);
    let round = 0;
    const flood = setInterval(() => {
      round += 1;
      const activity = Array.from({ length: 50 }, () => ({ wallMs: round, marketMs: round, text }));
      web.trader.status = scriptedStatus({ sequence: round, activity });
    }, 20);
    try {
      const fast = connect({ type: 'auth', token });
      await expect.poll(() => states(fast).length).toBeGreaterThan(3);
      await expect.poll(() => socketsOfServer()).toBe(1);
    } finally {
      clearInterval(flood);
      slow.socket.resume();
    }
  });

  it('keeps no old states for a client that has not taken the last one: the newest comes after it', async () => {
    const slow = connect({ type: 'auth', token });
    await expect.poll(() => states(slow).length).toBe(1);
    const fast = connect({ type: 'auth', token });
    await expect.poll(() => states(fast).length).toBe(1);
    slow.socket.pause();
    for (const sequence of [1, 2, 3, 4, 5, 6, 7, 8]) {
      web.trader.status = scriptedStatus({ mode: sequence === 8 ? 'HALTED' : 'ACTIVE', sequence });
      await expect.poll(() => states(fast).at(-1)?.status?.sequence).toBe(sequence);
    }
    slow.socket.resume();
    await expect.poll(() => states(slow).at(-1)?.status?.mode).toBe('HALTED');
    // One may have been on its way when it stopped reading.
    expect(states(slow).length).toBeLessThanOrEqual(3);
  });

  it('lets a person in while 40 connections say nothing, and while another person has many pages open', async () => {
    const silent = Array.from({ length: 40 }, () => connect(null));
    expect(await silent[0]?.closed).toBe(4429);
    const viewer = (await web.signIn('vera')).accessToken;
    const pages = Array.from({ length: 20 }, () => connect({ type: 'auth', token: viewer }));
    expect(await Promise.any(pages.map(({ closed }) => closed))).toBe(4429);
    const live = connect({ type: 'auth', token });
    await expect.poll(() => states(live).length).toBeGreaterThan(0);
  });

  it('refuses pages of other origins', async () => {
    expect(await connect(null, { origin: 'http://evil.example' }).closed).toBe(403);
    expect(await connect(null, { host: 'evil.example' }).closed).toBe(421);
  });

  it('says to a plain request what it is', async () => {
    expect((await web.call('GET', '/api/ws')).status).toBe(426);
  });
});

const socketsOfServer = (): number => web.app.websocketServer.clients.size;
