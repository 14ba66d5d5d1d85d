/** The endpoints through which people decide and look back: settings, votes, incidents, checks, the audit trail. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditSchema } from '../../src/api/schemas/records.js';
import { settingsSchema } from '../../src/operations/settings/change-settings.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { FilledWeb, START } from './filled-web.js';
import { INCIDENT } from './scripted-people.js';
import { DESK, startWebUnderTest } from './web-under-test.js';

let filled: FilledWeb;
beforeAll(async () => {
  filled = await FilledWeb.open();
});
afterAll(() => filled?.close());

describe('settings', () => {
  it('are read by anybody signed in: what is in force, as in the desk file, and what needs a restart', async () => {
    expect((await filled.call('GET', '/api/settings', null)).status).toBe(401);
    const shown = settingsSchema.parse(await filled.read('/api/settings'));
    expect(shown).toMatchObject({ version: 4, configHash: 'c0ffee', fileConfigHash: 'f11e', problems: [] });
    const size = shown.settings.find(({ key }) => key === 'risk.maxPositionSizePct');
    expect(size).toMatchObject({ value: 3, fileValue: 3, tighter: 'lower' });
    const { risk, strategies, ...file } = JSON.parse(JSON.stringify(cryptoDesk()));
    expect(shown.restartOnly).toEqual({
      ...file,
      risk: { stopOverrunSeconds: risk.stopOverrunSeconds },
      strategies: [{ ...strategies[0], parameters: {} }],
    });
    expect(shown.settings.map(({ key }) => key.split('.').at(-1)).sort()).toEqual(
      [...Object.keys(risk), ...Object.keys(strategies[0].parameters)]
        .filter((key) => key !== 'stopOverrunSeconds')
        .sort(),
    );
  });

  it('that are in force answer 200, those that wait 202, those refused 409', async () => {
    const body = { values: { 'risk.stopLossPct': 4 }, reason: ' calmer ' };
    expect((await filled.call('PUT', '/api/settings', 'otto', body)).status).toBe(200);
    expect(filled.asked).toEqual([{ values: body.values, reason: 'calmer', person: 'otto', via: 'web' }]);
    filled.settingsEnd = { state: 'waiting', approvalId: 'settings:desk:1:abc' };
    expect((await filled.call('PUT', '/api/settings', 'otto', body)).status).toBe(202);
    filled.settingsEnd = { state: 'refused', detail: 'venue.name can’t change while the desk runs.' };
    const refused = await filled.call('PUT', '/api/settings', 'otto', body);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({
      detail: filled.settingsEnd.detail,
      doThis: expect.stringMatching(/^GET \/api\/settings shows what can be changed, its bounds/),
      result: { state: 'refused' },
    });
    filled.settingsEnd = { state: 'refused', detail: 'Not that.', doThis: 'Change the desk file.' };
    const other = await filled.call('PUT', '/api/settings', 'otto', body);
    expect(await other.json()).toMatchObject({ doThis: 'Change the desk file.' });
    filled.settingsEnd = {};
  });

  it('need a reason and numbers', async () => {
    for (const body of [
      {},
      { values: { 'risk.stopLossPct': 4 } },
      { values: { 'risk.stopLossPct': 4 }, reason: '' },
      { values: [4], reason: 'x' },
      { values: {}, reason: 'x', more: 1 },
    ])
      expect((await filled.call('PUT', '/api/settings', 'otto', body)).status, JSON.stringify(body)).toBe(
        400,
      );
  });
});

describe('approvals', () => {
  it('take a vote with its reason in the name of the person', async () => {
    const vote = { choice: 'approve', parametersHash: 'deadbeef', reason: 'looked at it' };
    const answer = await filled.call('POST', '/api/approvals/settings:desk:1:abc/vote', 'anna', vote);
    expect(await answer.json()).toMatchObject({ ok: true, detail: 'anna voted' });
    for (const bad of [{ ...vote, choice: 'maybe' }, { ...vote, reason: '' }, { choice: 'approve' }])
      expect((await filled.call('POST', '/api/approvals/x/vote', 'anna', bad)).status).toBe(400);
  });
});

describe('incidents', () => {
  it('that nobody knows are 404, and an answer needs a note', async () => {
    expect((await filled.call('GET', '/api/incidents/nothing', 'vera')).status).toBe(404);
    const refused = { ok: false, detail: 'of this test' } as const;
    let answered: typeof refused & { readonly reason?: 'unknown' } = { ...refused, reason: 'unknown' };
    const said = async () => answered;
    const other = await startWebUnderTest(
      filled.database.pool,
      {},
      {
        ...{ acknowledgeIncident: said, resolveIncident: said },
        castVote: async () => ({ ...answered, approvalId: null }),
      },
    );
    try {
      const token = (await other.signIn('anna')).accessToken;
      const statuses = async () => [
        (await other.call('POST', '/api/incidents/x/acknowledge', { token, body: {} })).status,
        (await other.call('POST', '/api/incidents/x/resolve', { token, body: {} })).status,
        (
          await other.call('POST', '/api/approvals/x/vote', {
            token,
            body: { choice: 'approve', parametersHash: 'deadbeef', reason: 'r' },
          })
        ).status,
      ];
      expect(await statuses()).toEqual([404, 404, 404]);
      answered = refused;
      expect(await statuses()).toEqual([409, 409, 409]);
    } finally {
      await other.stop();
    }
    expect((await filled.call('POST', '/api/incidents/x/acknowledge', 'otto', { note: 7 })).status).toBe(400);
    expect((await filled.call('POST', '/api/incidents', 'otto', { title: '' })).status).toBe(400);
    expect((await filled.call('GET', '/api/incidents?state=odd', 'vera')).status).toBe(400);
  });
});

it('each incident names its section of what to do, also where its kind is gone', async () => {
  const kinds = ['large-drawdown', 'late-bank', 'a-kind-of-an-earlier-desk-file'];
  const listIncidents = async () => kinds.map((kind) => ({ ...INCIDENT, kind }));
  const other = await startWebUnderTest(filled.database.pool, {}, { listIncidents });
  try {
    const token = (await other.signIn('vera')).accessToken;
    const answer = await other.call('GET', '/api/incidents', { token });
    const { incidents } = (await answer.json()) as { incidents: { about: string }[] };
    expect(incidents.map(({ about }) => about)).toEqual(['large-drawdown', 'own-incident', 'own-incident']);
  } finally {
    await other.stop();
  }
});

describe('the pre-flight checks', () => {
  it('are made once for everybody who asks at the same time, and anew later', async () => {
    let made = 0;
    const preflight = async () => {
      made += 1;
      if (made === 3) throw new Error('the exchange is away');
      return { desk: DESK, configHash: '', endpoint: '', verdict: 'pass' as const, results: [], atMs: 0 };
    };
    const other = await startWebUnderTest(filled.database.pool, {}, { preflight });
    try {
      const token = (await other.signIn('vera')).accessToken;
      const look = () => other.call('GET', '/api/preflight', { token });
      await Promise.all([look(), look(), look()]);
      expect(made).toBe(1);
      other.clock.aheadMs = 16_000;
      expect((await look()).status).toBe(200);
      expect(made).toBe(2);
      other.clock.aheadMs = 32_000;
      expect((await look()).status).toBe(503);
      expect((await look()).status).toBe(200);
      // A clock that is set back makes them no newer.
      other.clock.aheadMs = 0;
      expect((await look()).status).toBe(200);
      expect(made).toBe(5);
    } finally {
      await other.stop();
    }
  });
});

describe('the audit trail', () => {
  interface Page {
    readonly entries: readonly { readonly id: number; readonly person: string; readonly wallMs: number }[];
    readonly nextCursor: string | null;
  }

  it('comes in pages, newest first, each entry once', async () => {
    const seen: number[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: Page = await filled.read(`/api/audit?limit=8${cursor === null ? '' : `&before=${cursor}`}`);
      pages += 1;
      auditSchema.parse(page);
      seen.push(...page.entries.map(({ id }) => id));
      expect(page.entries.every(({ wallMs }) => Number.isInteger(wallMs))).toBe(true);
      cursor = page.nextCursor;
    } while (cursor !== null);
    // The third one is full, and the last one.
    expect([seen.length, pages]).toEqual([24, 3]);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => b - a));
    // Those of a page that nobody says the length of.
    expect((await filled.read<Page>('/api/audit')).entries.map(({ id }) => id)).toEqual(seen);
  });

  it('says who asked for what, when, how, and with what outcome', async () => {
    const [entry] = (await filled.read<Page>('/api/audit?person=otto&via=telegram&limit=1')).entries;
    expect(entry).toEqual({
      ...{ id: expect.any(Number), wallMs: Date.parse(START) + 24 * 3_600_000 },
      ...{ person: 'otto', via: 'telegram', action: 'stop', actionWords: 'stop' },
      ...{ parameters: { reason: 'r' }, outcome: 'proven' },
    });
  });

  it.each([
    ['person=otto', [24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2]],
    ['action=stop', [24, 20, 16, 12, 8, 4]],
    ['via=telegram', [24, 21, 18, 15, 12, 9, 6, 3]],
    ['person=otto&action=stop&via=telegram', [24, 12]],
    [`from=${START.replace('10:', '20:')}`, [24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10]],
    [`to=${START.replace('10:', '20:')}`, [9, 8, 7, 6, 5, 4, 3, 2, 1]],
    [`from=${Date.parse(START) + 2 * 3_600_000}&to=${Date.parse(START) + 4 * 3_600_000}`, [3, 2]],
    ['person=nobody', []],
  ])('is filtered by %s', async (query, numbers) => {
    const { entries } = await filled.read<Page>(`/api/audit?${query}`);
    // Of the hours after the start, newest first; what each was is in `fill` of the filled web.
    const shown = entries.map(({ wallMs }) => (wallMs - Date.parse(START)) / 3_600_000);
    expect(shown).toEqual(numbers);
  });

  it('has an entry of the very moment from which on it is asked for, and none of that up to which', async () => {
    const atMs = Date.parse(START) + 30 * 3_600_000;
    await filled.database.pool.query(
      `insert into audit (desk, person, via, action, parameters, outcome, wall)
       select desk, 'pia', via, action, parameters, outcome, $1 from audit where person = 'otto' limit 1`,
      [new Date(atMs)],
    );
    const found = async (span: string) =>
      (await filled.read<Page>(`/api/audit?person=pia&${span}`)).entries.map(({ wallMs }) => wallMs);
    expect(await found(`from=${atMs}`)).toEqual([atMs]);
    expect(await found(`from=${atMs + 1}`)).toEqual([]);
    expect(await found(`to=${atMs}`)).toEqual([]);
    expect(await found(`to=${atMs + 1}`)).toEqual([atMs]);
  });

  it.each(['from=yesterday', 'via=mail', 'limit=0', 'limit=201', 'before=x', 'nothing=1'])(
    'refuses %s, by its name',
    async (query) => {
      const refused = await filled.call('GET', `/api/audit?${query}`, 'vera');
      expect([refused.status, await refused.json()]).toMatchObject([
        400,
        { detail: expect.stringContaining(query.split('=')[0] ?? '') },
      ]);
    },
  );
});

describe('a person whom the desk file no longer names', () => {
  it('is signed out', async () => {
    const roles: Record<string, readonly ['viewer'] | readonly []> = { vera: ['viewer'] };
    const other = await startWebUnderTest(filled.database.pool, { rolesOf: (person) => roles[person] ?? [] });
    try {
      const token = (await other.signIn('vera')).accessToken;
      expect((await other.call('GET', '/api/status', { token })).status).toBe(200);
      roles.vera = [];
      expect((await other.call('GET', '/api/status', { token })).status).toBe(401);
    } finally {
      await other.stop();
    }
  });
});
