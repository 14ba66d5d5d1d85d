import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { answerWaitMs, fetchUnlessSilent } from '../../dashboard/src/connection/session.js';

const waitMs = (path: string): number => answerWaitMs(`http://127.0.0.1:8700${path}`);

it('the page waits for the proof of a close-all for longer than the longest that a desk file allows', () => {
  const { properties } = JSON.parse(readFileSync('desks/schema.json', 'utf8'));
  const { maximum } = properties.closeAll.properties.deadlineSeconds;
  expect(waitMs('/api/emergency/close-all')).toBeGreaterThan(maximum * 1_000 + 5_000);
});
it('the page waits for a resume as long as its checks and the trader may take, for anything else a minute', () => {
  expect(waitMs('/api/emergency/resume')).toBeGreaterThan(65_000);
  expect(waitMs('/api/emergency/stop')).toBe(60_000);
  expect(waitMs('/api/status')).toBe(60_000);
});

describe('the wait for an answer', () => {
  const WAIT_MS = 3_000;
  const server = createServer();
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** A request that the server has received, and what it answers with. */
  async function asked() {
    const received = once(server, 'request');
    const { port } = server.address() as AddressInfo;
    const answer = fetchUnlessSilent(`http://127.0.0.1:${port}/api/export/orders.csv`, {}, WAIT_MS);
    const [, reply] = (await received) as [unknown, ServerResponse];
    return { answer, reply };
  }

  it('is one for each piece of it: an export that takes longer arrives whole', async () => {
    const { answer, reply } = await asked();
    const begunMs = performance.now();
    reply.writeHead(200, { 'content-type': 'text/csv' }).write('client_id\n');
    const { status, headers, body } = await answer;
    expect([status, headers.get('content-type')]).toEqual([200, 'text/csv']);
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
    expect(await reader.read()).toEqual({ done: false, value: 'client_id\n' });
    while (performance.now() < begunMs + 1.2 * WAIT_MS) {
      await sleep(WAIT_MS / 30);
      reply.write('f1\n');
      expect(await reader.read()).toEqual({ done: false, value: 'f1\n' });
    }
    reply.end();
    expect((await reader.read()).done).toBe(true);
  });

  it('ends where the server says nothing, before its answer or in the midst of it', async () => {
    const [silent, cut] = [await asked(), await asked()];
    cut.reply.writeHead(200).write('client_id\n');
    await Promise.all([
      expect(silent.answer).rejects.toThrow('aborted'),
      expect(cut.answer.then((response) => response.text())).rejects.toThrow('aborted'),
    ]);
  });

  it('is over with an answer that has no content', async () => {
    const { answer, reply } = await asked();
    reply.writeHead(204).end();
    expect(await (await answer).text()).toBe('');
  });

  it('takes an answer without content as it is where the browser gives it an empty body', async () => {
    const empty = { status: 204, body: new ReadableStream() };
    vi.stubGlobal('fetch', async () => empty);
    try {
      expect(await fetchUnlessSilent('http://127.0.0.1/api/passkeys/1', {}, WAIT_MS)).toBe(empty);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
