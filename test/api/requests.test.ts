import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWebUnderTest, type WebUnderTest } from './web-under-test.js';

let web: WebUnderTest;
let token: string;

beforeAll(async () => {
  web = await startWebUnderTest(null);
  token = (await web.signIn()).accessToken;
});
afterAll(() => web.stop());

/** With headers that `fetch` would set by itself. */
function raw(
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: string; allow: string | undefined }> {
  return new Promise((resolve, reject) => {
    const [host = '', port = ''] = web.host.split(':');
    httpRequest({ host, port, method, path, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body, allow: response.headers.allow }),
      );
    })
      .on('error', reject)
      .end();
  });
}

describe('names and origins', () => {
  it('answers to its loopback names only', async () => {
    const port = web.host.split(':')[1] ?? '';
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`]) {
      expect((await raw('GET', '/health', { host })).status, host).toBe(200);
    }
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1:1',
      `127.0.0.1.evil.example:${port}`,
    ]) {
      expect((await raw('GET', '/health', { host })).status, host).toBeGreaterThanOrEqual(400);
    }
    expect((await raw('GET', '/', { host: `evil.example:${port}` })).status).toBe(421);
  });

  it('refuses calls from pages of other origins', async () => {
    for (const origin of [
      'http://evil.example',
      'null',
      'http://127.0.0.1:9',
      web.origin.replace('http', 'https'),
    ]) {
      const answer = await web.call('POST', '/api/emergency/stop', { token, body: {}, headers: { origin } });
      expect(answer.status, origin).toBe(403);
    }
    expect(web.trader.calls).toEqual([]);
  });
});

describe('errors', () => {
  it('are problems with what was kept safe and what to do, whatever went wrong', async () => {
    const answers = await Promise.all([
      web.call('GET', '/nowhere'),
      web.call('GET', '/api/trades', { token }),
      web.call('GET', '/api/status'),
      web.call('DELETE', '/api/status', { token }),
      web.call('POST', '/api/auth/login', { body: '{"username":' }),
      web.call('POST', '/api/auth/login', { body: { username: 'operator' } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 503, 401, 405, 400, 400]);
    for (const answer of answers) {
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(await answer.json()).toEqual(
        expect.objectContaining({
          type: expect.stringMatching(/^urn:fermata:problem:/),
          title: expect.any(String),
          status: answer.status,
          detail: expect.any(String),
          keptSafe: expect.any(String),
          doThis: expect.any(String),
        }),
      );
    }
  });

  it('are 405 with Allow for a known address, for unusual methods too', async () => {
    const host = { host: web.host, authorization: `Bearer ${token}` };
    for (const method of ['DELETE', 'PUT', 'PATCH', 'TRACE', 'OPTIONS', 'QUERY', 'PROPFIND']) {
      const { status, allow } = await raw(method, '/api/status', host);
      expect([method, status, allow]).toEqual([method, 405, 'GET, HEAD']);
    }
    expect(await raw('GET', '/api/emergency/stop', host)).toMatchObject({ status: 405, allow: 'POST' });
  });

  it('are 414 for a part of an address that is longer than any id, whatever the method', async () => {
    const host = { host: web.host, authorization: `Bearer ${token}` };
    for (const [method, path] of [
      ['GET', '/api/incidents/'],
      ['DELETE', '/api/passkeys/'],
    ] as const) {
      const { status, body } = await raw(method, path + 'x'.repeat(1401), host);
      expect([status, JSON.parse(body).detail]).toEqual([
        414,
        'A part of the address has more than 1400 characters.',
      ]);
      expect((await raw(method, path + 'x'.repeat(1400), host)).status).not.toBe(414);
    }
  });

  it('say that the trader is away, and the health is unhealthy', async () => {
    const alone = await startWebUnderTest(null);
    try {
      const { accessToken } = await alone.signIn();
      await alone.trader.stop();
      for (const path of ['status', 'positions', 'orders', 'emergency']) {
        const answer = await alone.call('GET', `/api/${path}`, { token: accessToken });
        expect(answer.status).toBe(503);
        expect(await answer.json()).toMatchObject({ type: 'urn:fermata:problem:trader-unavailable' });
      }
      await expect.poll(async () => (await alone.call('GET', '/health')).status).toBe(503);
    } finally {
      await alone.stop();
    }
  });
});

describe('bad input', () => {
  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    web.call('POST', path, { token, body, headers });

  it('is refused by name: unknown members, wrong types, too long', async () => {
    const bodies = [
      { reason: 'x', extra: 1 },
      { symbol: 'BTC/USDT' },
      [],
      'null',
      '"text"',
      '{"reason":"x","__proto__":{"a":1}}',
    ];
    for (const body of bodies) {
      expect((await post('/api/emergency/close-all', body)).status, JSON.stringify(body)).toBe(400);
    }
    expect(web.trader.calls).toEqual([]);
  });

  it('is refused in the query and in headers', async () => {
    const get = async (path: string): Promise<number> => (await web.call('GET', path, { token })).status;
    for (const query of [
      'limit=0',
      'limit=201',
      'limit=1e1',
      'limit=1&limit=2',
      'limit=',
      'before=%00',
      'before=abc',
      'symbol=%00',
      'more=1',
    ]) {
      expect(await get(`/api/trades?${query}`), query).toBe(400);
    }
    expect(await get('/api/bars')).toBe(400);
    expect(await get('/api/bars?symbol=NO/SUCH')).toBe(404);
    expect((await post('/api/emergency/resume', {}, { 'idempotency-key': 'x'.repeat(201) })).status).toBe(
      400,
    );
  });

  it('is refused where it is too large or not JSON', async () => {
    expect((await post('/api/auth/login', JSON.stringify({ username: 'x'.repeat(70_000) }))).status).toBe(
      413,
    );
    expect((await post('/api/auth/login', 'a=b', { 'content-type': 'text/plain' })).status).toBe(415);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const refused = await post('/api/emergency/close-all', 'a=b', form);
    expect([refused.status, await refused.json()]).toMatchObject([
      415,
      {
        detail: '`content-type`: expected application/json, found application/x-www-form-urlencoded.',
        doThis: expect.stringMatching(/^Send the body as JSON, with content-type: application\/json/),
      },
    ]);
    expect((await post('/api/incidents/x/acknowledge', 'note=mine', form)).status).toBe(415);
    expect((await post('/api/incidents/x/acknowledge', '', form)).status).toBe(200);
    expect((await post('/api/golive/revoke', 'reason=enough', form)).status).toBe(200);
    expect((await web.call('GET', '/%00')).status).toBeLessThan(500);
    expect((await web.call('GET', '/%ff')).headers.get('content-type')).toContain('problem+json');
    expect((await web.call('GET', '/..%2f..%2fpackage.json')).status).toBeLessThan(500);
  });
});

describe('headers', () => {
  it('carry a strict policy: nothing inline, nothing from other hosts, no frames', async () => {
    const policy = (await web.call('GET', '/')).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  it('keep answers of the API out of caches', async () => {
    const answer = await web.call('GET', '/api/status', { token });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('text that can’t be kept', () => {
  const unfit = ['\\ud83d', '\\u0000', '\\u001b[31m', '\\u202e'];

  it('is refused with the field’s name, and so is JSON without end', async () => {
    for (const text of unfit) {
      const body = `{"title":"x${text}"}`;
      const answer = await web.call('POST', '/api/incidents', { token, body });
      expect([text, answer.status]).toEqual([text, 400]);
      expect(await answer.text()).toContain('title');
    }
    const deep = `{"title":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    expect((await web.call('POST', '/api/incidents', { token, body: deep })).status).toBe(400);
    expect((await web.call('GET', '/api/trades?symbol=%00', { token })).status).toBe(400);
    expect(
      (await web.call('POST', '/api/auth/login', { body: '{"username":"a\\u0000","password":"b"}' })).status,
    ).toBe(400);
  });

  it('does not keep a stop from being carried out: it is made plain', async () => {
    for (const text of unfit) {
      const answer = await web.call('POST', '/api/emergency/stop', {
        token,
        body: `{"reason":"now${text}"}`,
      });
      expect([text, answer.status]).toEqual([text, 200]);
    }
    const reasons = web.trader.calls.filter(({ method }) => method === 'stop').map(({ params }) => params);
    expect(JSON.stringify(reasons)).toContain('now\ufffd');
  });
});
