import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeOpenApi } from '../../src/api/open-api.js';
import { EXPECTED } from '../../src/api/schemas/answers.js';
import { startWebUnderTest, type WebUnderTest } from './web-under-test.js';

interface Asked {
  readonly parameters?: unknown;
  readonly requestBody?: unknown;
}

/** Every schema with a pattern in it. */
function formed(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.values(value).flatMap(formed);
  return 'pattern' in value ? [{ ...value }, ...inside] : inside;
}

let web: WebUnderTest;
let token: string;

beforeAll(async () => {
  web = await startWebUnderTest(null);
  token = (await web.signIn()).accessToken;
});
afterAll(() => web.stop());

async function detailOf(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<string> {
  const answer = await web.call(method, path, { token, ...(body === undefined ? {} : { body }) });
  expect(answer.status).toBe(400);
  return ((await answer.json()) as { detail: string }).detail;
}

describe('what a request got wrong', () => {
  it.each([
    ['/api/trades?limit=0', '`limit`: expected a whole number from 1 to 200, found 0.'],
    ['/api/trades?limit=many', '`limit`: expected a whole number from 1 to 200, found "many".'],
    ['/api/trades?page=2', '`page` is not known in the query; known: limit, before, symbol.'],
    ['/api/audit?via=pigeon', '`via`: expected one of web, cli, telegram, found "pigeon".'],
    ['/api/bars', '`symbol` is missing from the query: expected BASE/QUOTE, for example BTC/USDT.'],
    ['/api/bars?symbol=btc', '`symbol`: expected BASE/QUOTE, for example BTC/USDT, found "btc".'],
    [
      '/api/signing?coins=BTC/USDT&owner=desk&cost=1e3',
      '`cost`: expected a decimal number as text, for example "61250.00", found "1e3".',
    ],
    ['/api/setups/a.b', '`id`: expected the id of a setup, as GET /api/setups has it, found "a.b".'],
    ['/api/audit?from=2026-01-02&to=2026-01-01', '`from` must be before `to`.'],
    [
      '/api/audit?from=2026-01-02T10:00',
      '`from`: expected a time with its zone (2026-01-05T10:00:00Z), a day in UTC (2026-01-05) or milliseconds since 1970, found "2026-01-02T10:00".',
    ],
    [
      '/api/export/trades.csv?to=Jan%202%202026',
      '`to`: expected a time with its zone (2026-01-05T10:00:00Z), a day in UTC (2026-01-05) or milliseconds since 1970, found "Jan 2 2026".',
    ],
  ])('in the query is named, with what was expected: %s', async (path, words) => {
    expect(await detailOf('GET', path)).toBe(words);
  });

  it('in the body is named down to the member', async () => {
    const settings = { values: { 'risk.maxPositionSizePct': ['2'] }, reason: 'x' };
    expect(await detailOf('PUT', '/api/settings', settings)).toBe(
      '`values.risk.maxPositionSizePct`: expected a number, or text of 0 to 200 characters, or true or false, found ["2"].',
    );
    expect(await detailOf('POST', '/api/golive', {})).toMatch(
      /^`reason` is missing from the body: expected one line of text, /,
    );
    expect(await detailOf('POST', '/api/emergency/close-all', [])).toBe(
      'the body: expected an object, found [].',
    );
  });

  it.each([
    [
      '/api/strategies/1a/toggle',
      {},
      '`name`: expected 1 to 40 lower case letters, digits and dashes, a letter first, found "1a".',
    ],
    [
      '/api/tasks/x/done',
      { note: 'n' },
      '`id`: expected the number of a task, as GET /api/tasks has it, found "x".',
    ],
    ['/api/journal/notes', { text: ' ' }, '`text`: expected some words, of 1 to 2000 characters, found " ".'],
    [
      '/api/journal/notes',
      { text: 'n', date: '1 May' },
      '`date`: expected a day, for example 2026-07-15 (One of the desk’s days that has begun; left out: today’s), found "1 May".',
    ],
    [
      '/api/golive',
      { reason: 'a\tb' },
      '`reason`: expected one line of text, without control characters such as tabs, of 1 to 500 characters (Kept in the journal, the evidence and the audit trail), found "a\\tb".',
    ],
    [
      '/api/signals',
      { source: 'TV', id: '1', symbol: 'BTC/USDT', action: 'buy' },
      '`source`: expected 1 to 40 lower case letters, digits, dots, dashes and underscores, a letter or digit first (Whose signal it is), found "TV".',
    ],
    [
      '/api/signals',
      { source: 'tv', id: '1', symbol: 'BTC/USDT', action: 'buy', issuedAt: 'noon' },
      '`issuedAt`: expected a time with its zone, for example 2026-01-05T10:00:00Z (Its original time, by the market; left out: when it arrives. That of an edit is the first one’s), found "noon".',
    ],
  ])('in the address or the body is named in words, where it has a form: %s', async (path, body, words) => {
    expect(await detailOf('POST', path, body)).toBe(words);
  });

  it('is told in words, and never as a pattern, wherever a request may be wrong', async () => {
    const { paths } = await makeOpenApi();
    const asked = Object.values(paths as Record<string, Record<string, Asked>>).flatMap((methods) =>
      Object.values(methods).flatMap(({ parameters, requestBody }) => formed({ parameters, requestBody })),
    );
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((schema) => typeof schema[EXPECTED] !== 'string')).toEqual([]);
  });

  it('never repeats a password', async () => {
    expect(
      await detailOf('POST', '/api/auth/login', { username: 'operator', password: 424_242 }),
    ).not.toContain('424242');
  });
});

describe('too many requests', () => {
  it('are refused with when to ask again, and a stop is not one of them', async () => {
    // The minute of the budget does not pass, however long a busy machine takes for the requests.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    onTestFinished(() => void vi.useRealTimers());
    let refused: Response | null = null;
    for (let sent = 0; refused === null && sent < 1_300; sent += 50) {
      const round = Array.from({ length: 50 }, () => web.call('GET', '/api/emergency', { token }));
      refused = (await Promise.all(round)).find(({ status }) => status === 429) ?? null;
    }
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused?.json()).toMatchObject({ type: 'urn:fermata:problem:too-many-requests' });
    expect((await web.call('POST', '/api/emergency/stop', { token, body: {} })).status).toBe(200);
    const other = (await web.signIn()).accessToken;
    expect((await web.call('GET', '/api/emergency', { token: other })).status).toBe(200);
  });
});
