/** What is recorded as CSV over HTTP: to whom, how it is kept, and what becomes of it where something is in the way. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { FilledWeb } from './filled-web.js';
import { startWebUnderTest, type WebUnderTest } from './web-under-test.js';

const TRADES = '/api/export/trades.csv';
let filled: FilledWeb;
beforeAll(async () => {
  filled = await FilledWeb.open();
});
afterAll(() => filled?.close());

const auditOf = async (person: string) => {
  const { rows } = await filled.database.ownerPool.query(
    `select action, via, parameters, outcome from audit where action = 'export' and person = $1 order by id`,
    [person],
  );
  return rows;
};

describe('an export', () => {
  it('goes to every signed-in person as a file with a name, and is in the audit trail', async () => {
    expect((await filled.call('GET', TRADES, null)).status).toBe(401);
    const answer = await filled.call('GET', TRADES, 'vera');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="crypto-bot-trades.csv"');
    const [header, ...rows] = (await answer.text()).trimEnd().split('\n');
    expect(header).toMatch(/^market_time,wall_time,symbol,side,quantity,price,/);
    expect(rows).toHaveLength(6);
    expect(await auditOf('vera')).toEqual([
      {
        ...{ action: 'export', via: 'web', outcome: 'sent as CSV' },
        parameters: { what: 'trades', from: null, to: null },
      },
    ]);
  });

  it('is what lies between two times', async () => {
    const asked = `${TRADES}?from=2026-01-05T10:02:00Z&to=2026-01-05T10:04:00Z`;
    const [, ...rows] = (await (await filled.call('GET', asked, 'otto')).text()).trimEnd().split('\n');
    expect(rows.map((row) => row.slice(0, 24))).toEqual([
      '2026-01-05T10:02:00.000Z',
      '2026-01-05T10:03:00.000Z',
    ]);
    const [kept] = await auditOf('otto');
    expect(kept.parameters).toMatchObject({
      from: '2026-01-05T10:02:00.000Z',
      to: '2026-01-05T10:04:00.000Z',
    });
    for (const wrong of ['from=yesterday', 'from=2026-01-06&to=2026-01-05', 'days=3'])
      expect((await filled.call('GET', `${TRADES}?${wrong}`, 'otto')).status, wrong).toBe(400);
  });

  it('of the audit trail is what its filters leave', async () => {
    await filled.database.ownerPool.query(
      `insert into audit (desk, person, via, action, parameters, outcome, wall)
       values ('crypto-bot', 'uma', 'cli', 'stop', '{}', 'one', now()), ('crypto-bot', 'uma', 'web', 'stop', '{}', 'two', now()),
         ('crypto-bot', 'uma', 'cli', 'resume', '{}', 'three', now()), ('crypto-bot', 'ben', 'cli', 'stop', '{}', 'four', now())`,
    );
    const outcomes = async (query: string) => {
      const text = await (await filled.call('GET', `/api/export/audit.csv?${query}`, 'otto')).text();
      return text
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((row) => row.split(',').at(-1));
    };
    expect(await outcomes('person=uma')).toEqual(['one', 'two', 'three']);
    expect(await outcomes('person=uma&action=stop&via=cli')).toEqual(['one']);
    expect((await auditOf('otto')).at(-1).parameters).toMatchObject({
      person: 'uma',
      action: 'stop',
      via: 'cli',
    });
    expect((await filled.call('GET', `${TRADES}?person=uma`, 'otto')).status).toBe(400);
  });

  it('carries no formula into a spreadsheet', async () => {
    await filled.database.ownerPool.query(
      `insert into audit (desk, person, via, action, parameters, outcome, wall)
       values ('crypto-bot', 'anna', 'web', 'note', '{}', '=1+1', now())`,
    );
    const text = await (await filled.call('GET', '/api/export/audit.csv', 'anna')).text();
    expect(text).toContain(",note,{},'=1+1\n");
  });

  it('is refused as a problem while the database is down', async () => {
    const web = await started(null);
    const answer = await get(web);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ type: 'urn:fermata:problem:database-unavailable' });
    // One that failed stands in nobody's way.
    expect((await get(web)).status).toBe(503);
  });
});

describe('one export after another', () => {
  it('goes to each person, and to others meanwhile', async () => {
    const held = gate();
    const web = await started(async function* () {
      yield 'header\n';
      await held.opened;
      yield 'row\n';
    });
    const first = await get(web, 'vera');
    const second = await get(web, 'vera');
    expect(second.status).toBe(429);
    expect(await second.json()).toMatchObject({ type: 'urn:fermata:problem:export-running' });
    const other = await get(web, 'otto');
    expect(other.status).toBe(200);
    held.open();
    expect(await first.text()).toBe('header\nrow\n');
    await other.text();
    await expect.poll(async () => (await get(web, 'vera')).status).toBe(200);
  });

  it('is possible again once the reader has gone', async () => {
    let read = 0;
    const web = await started(async function* () {
      read += 1;
      if (read > 1) return;
      // More than lies between two processes unread.
      for (;;) yield 'a row like many others\n'.repeat(1_000);
    });
    const leaving = new AbortController();
    const { accessToken } = await web.signIn('vera');
    const headers = { authorization: `Bearer ${accessToken}` };
    const first = await fetch(`${web.origin}${TRADES}`, { headers, signal: leaving.signal });
    expect(first.status).toBe(200);
    expect((await get(web, 'vera')).status).toBe(429);
    leaving.abort();
    await expect.poll(async () => (await get(web, 'vera')).status).toBe(200);
  });

  it('breaks off where reading fails on the way, so that nobody takes it for whole', async () => {
    const web = await started(async function* () {
      yield 'header\n';
      throw new Error('terminating connection');
    });
    const answer = await get(web);
    await expect(answer.text()).rejects.toThrow();
  });
});

/** `pieces`: null for a database that is down. */
async function started(pieces: (() => AsyncGenerator<string>) | null): Promise<WebUnderTest> {
  const web = await startWebUnderTest(null, {}, pieces === null ? {} : { exportRecords: pieces });
  onTestFinished(() => web.stop());
  return web;
}

async function get(web: WebUnderTest, person = 'vera'): Promise<Response> {
  return web.call('GET', TRADES, { token: (await web.signIn(person)).accessToken });
}

function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
