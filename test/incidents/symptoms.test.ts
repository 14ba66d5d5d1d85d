import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Desk, deskSchema } from '../../src/desk/schema.js';
import { acknowledgeIncident, resolveIncident } from '../../src/operations/incidents/answer-incident.js';
import { fingerprintOf } from '../../src/operations/incidents/incident-start.js';
import { listIncidents, readIncident } from '../../src/operations/incidents/list-incidents.js';
import { openIncident } from '../../src/operations/incidents/open-incident.js';
import { reportIncident } from '../../src/operations/incidents/report-incident.js';
import { symptomsOf } from '../../src/operations/incidents/symptoms.js';
import type { OperationContext } from '../../src/operations/operation.js';
import type { TraderStatus } from '../../src/trader/protocol.js';
import { crashOf, incidentsOfTrader } from '../../src/worker/incidents-of-trader.js';
import { scriptedStatus } from '../support/scripted-trader.js';
import { type Bench, type BenchDesk, DECISION_KEY, openBench } from '../workflows/support/desk-bench.js';
import { until } from '../workflows/support/until.js';
import { strategy } from './incident-bench.js';

const deskFile = fileURLToPath(new URL('../../desks/crypto-bot.yaml', import.meta.url));
const cryptoBot = deskSchema.parse(parse(readFileSync(deskFile, 'utf8'))) as Desk;

function halted(
  cause: TraderStatus['halts'][number]['cause'],
  more: Partial<TraderStatus> = {},
): TraderStatus {
  const halt = {
    haltId: randomBytes(16).toString('hex'),
    mode: 'HALTED',
    scope: { kind: 'desk' },
    cause,
    by: 'fermata',
    reason: `because of ${cause}`,
    resume: 'auto',
    atWallMs: 0,
    atMarketMs: 0,
  } as const;
  return scriptedStatus({ mode: 'HALTED', halts: [halt], haltId: halt.haltId, ...more });
}

const kinds = (status: TraderStatus) =>
  symptomsOf(cryptoBot, status).map(({ kind, subject }) => [kind, subject]);
const risk = (daily: string, drawdown: string) => [
  { limit: 'daily-loss', value: '3 %', now: `${daily} %` },
  { limit: 'drawdown', value: '15 %', now: `${drawdown} %` },
];

describe('what is an incident', () => {
  it('nothing while the desk trades, and no start, end or stop of a person', () => {
    expect(kinds(scriptedStatus())).toEqual([]);
    for (const cause of ['startup', 'shutdown', 'person', 'kill', 'recording-ended'] as const)
      expect(kinds(halted(cause))).toEqual([]);
  });

  it('S2-065 an outage of the exchange, by its halt, by stale live prices, or by the API breaker', () => {
    expect(kinds(halted('venue'))).toEqual([['exchange-down', '']]);
    const live = { ...scriptedStatus().marketData, kind: 'live' } as const;
    expect(kinds(halted('stale-data', { marketData: live }))).toEqual([['exchange-down', '']]);
    expect(kinds(halted('stale-data'))).toEqual([['trading-halted', 'stale-data']]);
    const venueBreaker = { state: 'open', sinceWallMs: 7, detail: '5 failures' } as const;
    expect(kinds(scriptedStatus({ venueBreaker }))).toEqual([['exchange-down', '']]);
  });

  it('S2-072 a large drawdown, by a daily loss or drawdown near its limit, or at it', () => {
    expect(kinds(scriptedStatus({ risk: risk('2.39', '1') }))).toEqual([]);
    expect(kinds(scriptedStatus({ risk: risk('2.40', '1') }))).toEqual([['large-drawdown', '']]);
    expect(kinds(scriptedStatus({ risk: risk('0', '12') }))).toEqual([['large-drawdown', '']]);
    expect(kinds(halted('daily-loss', { risk: risk('3.1', '3.1') }))).toEqual([['large-drawdown', '']]);
    expect(kinds(halted('drawdown'))).toEqual([['large-drawdown', '']]);
  });

  it('S2-079 an unexpected end of a process, and each end is one of its own', () => {
    const process = { name: 'trader', state: 'running', pid: 1, restarts: 1 } as const;
    expect(crashOf({ ...process, lastDeath: null })).toEqual([]);
    const [first] = crashOf({ ...process, lastDeath: { how: 'SIGKILL', atMs: 5 } });
    expect(first).toMatchObject({ kind: 'crash-and-restart', subject: 'trader', key: 'death:5' });
    expect(first?.detail).toContain('SIGKILL');
    expect(crashOf({ ...process, state: 'down', lastDeath: { how: 'x', atMs: 5 } })[0]?.detail).toContain(
      'stays down',
    );
  });

  it('S2-085 a strategy that was switched off by itself, or keeps losing; not one that a person switched off', () => {
    const off = { automatic: true, by: 'fermata', reason: '5 losses', atMarketMs: 9, nextReviewMarketMs: 10 };
    const of = (...strategies: TraderStatus['strategies']) => kinds(scriptedStatus({ strategies }));
    expect(of(strategy('a', { enabled: false, off }))).toEqual([['strategy-underperforming', 'a']]);
    expect(of(strategy('a', { enabled: false, off: { ...off, automatic: false } }))).toEqual([]);
    expect(of(strategy('a', { trades: 20, wins: 5 }))).toEqual([['strategy-underperforming', 'a']]);
    expect(of(strategy('a', { trades: 19, wins: 5 }))).toEqual([]);
    expect(of(strategy('a', { trades: 20, wins: 6 }))).toEqual([]);
    expect(of(strategy('a', { trades: 20, wins: 5, realised: '0.01' }))).toEqual([]);
    const both = [
      strategy('a', { trades: 10, wins: 2 }),
      strategy('a', { trades: 10, wins: 3, symbol: 'ETH/USDT' }),
    ];
    expect(of(...both)).toEqual([['strategy-underperforming', 'a']]);
  });
});

describe('opening and answering', () => {
  let bench: Bench;
  let desk: BenchDesk;
  let context: OperationContext;
  beforeAll(async () => {
    bench = await openBench();
    desk = await bench.desk({ serve: ['operations', 'engine'] });
    context = {
      desk: { ...cryptoBot, desk: desk.name },
      pool: bench.database.pool,
      temporal: bench.temporal,
      trader: desk.trader.client,
      decisionKey: () => DECISION_KEY,
      newId: () => randomBytes(8).toString('hex'),
      nowMs: Date.now,
      runtime: { desk: desk.name } as never,
    };
  });
  afterAll(() => bench?.close());

  const operator = { person: 'operator', via: 'telegram' } as const;
  const symptom = (key: string, subject = 'x') =>
    ({ kind: 'step-failed', subject, key, source: 'trader', title: 'Failed', detail: 'why' }) as const;
  const counts = async (subject: string) => {
    const found = await bench.database.pool.query<{ key: string; times: number; settled: boolean }>(
      'select key, times, settled from incident_alert where fingerprint = $1 order by key',
      [fingerprintOf(desk.name, { kind: 'step-failed', subject })],
    );
    return found.rows;
  };

  it('opens one incident, counts what is seen while it lasts in Postgres, and tells the workflow once', async () => {
    desk.trader.halt('clock-jump', 'person');
    expect(await reportIncident(context, symptom('a'))).toMatchObject({ opened: true });
    await until('its row', async () => (await listIncidents(context)).length === 1);
    for (const key of ['a', 'b', 'b', 'b']) await reportIncident(context, symptom(key));
    expect(await counts('x')).toEqual([
      { key: 'a', times: 2, settled: true },
      { key: 'b', times: 3, settled: false },
    ]);
    const [incident] = await listIncidents(context);
    const progress = await bench.client.workflow.getHandle(incident?.workflowId ?? '').query('incident');
    expect(progress).toMatchObject({ reports: 1 });
    await resolveIncident(context, operator, { incident: incident?.id ?? '', note: 'done' });
    await until('what came meanwhile to be settled', async () =>
      (await counts('x')).every(({ settled }) => settled),
    );
    expect(await reportIncident(context, symptom('b'))).toMatchObject({ opened: false });
    // While the first one writes its last evidence it takes nothing more: whoever saw something says it again.
    const again = () => reportIncident(context, symptom('c')).catch(() => null);
    expect(await until('the next one', again)).toMatchObject({ opened: true });
  });

  it('is acknowledged by the button of the chat, which is in the audit, and not by a viewer', async () => {
    await reportIncident(context, symptom('a', 'ack'));
    const incident = await until('its row', async () =>
      (await listIncidents(context)).find(({ subject }) => subject === 'ack'),
    );
    const viewer = {
      ...context,
      desk: { ...context.desk, people: [{ name: 'vera', roles: ['viewer' as const] }] },
    };
    const answer = { incident: incident.id, note: '' };
    expect(await acknowledgeIncident(viewer, { person: 'vera', via: 'telegram' }, answer)).toMatchObject({
      ok: false,
    });
    expect(await acknowledgeIncident(context, operator, answer)).toMatchObject({ ok: true });
    expect(await acknowledgeIncident(context, operator, { incident: 'nothing', note: '' })).toMatchObject({
      ok: false,
    });
    const audit = await bench.database.pool.query('select outcome from audit where action = $1 order by id', [
      'incident:acknowledge',
    ]);
    expect(audit.rows.map(({ outcome }) => outcome)).toEqual([expect.stringContaining('may not'), 'done']);
  });

  it('a person can open one, with its timeline to read', async () => {
    const opened = await openIncident(context, operator, {
      title: 'Odd prices on ETH!',
      detail: 'wicks of 5 %',
    });
    expect(opened).toMatchObject({ ok: true, detail: 'The incident "Odd prices on ETH!" is open.' });
    const shown = await until('its timeline', async () => {
      const found = await readIncident(context, `${desk.name}:reported:odd-prices-on-eth`);
      return found && found.timeline.length > 0 ? found : null;
    });
    expect(shown).toMatchObject({ kind: 'reported', severity: 'medium', state: 'open' });
    expect(shown.timeline[0]).toMatchObject({ name: 'Opened', observed: 'wicks of 5 %' });
    expect(await openIncident(context, operator, { title: '!', detail: '' })).toMatchObject({ ok: false });
  });

  it('the follower of the trader opens what its status shows, once, also after it was started again', async () => {
    const status = { ...desk.trader.status(), risk: risk('2.9', '3') };
    const watched = {
      temporal: bench.temporal,
      desk: context.desk,
      trader: desk.trader.client,
      pool: context.pool,
    };
    const follower = () => incidentsOfTrader({ ...watched, log: {} as never });
    const first = follower();
    await first(status);
    await first(status);
    await follower()(status);
    const mine = await until('its row', async () => {
      const found = (await listIncidents(context)).filter(({ kind }) => kind === 'large-drawdown');
      return found.length > 0 ? found : null;
    });
    expect(mine).toHaveLength(1);
    expect(mine[0]?.severity).toBe('critical');
  });

  it('opens one without Postgres, and says nothing was opened without Temporal', async () => {
    const down = { query: () => Promise.reject(new Error('Postgres is down')) } as never;
    expect(await reportIncident({ ...context, pool: down }, symptom('a', 'no-postgres'))).toMatchObject({
      opened: true,
    });
    const away = { ...bench.temporal, within: () => Promise.reject(new Error('Temporal is down')) };
    await expect(
      reportIncident({ ...context, temporal: away as never }, symptom('a', 'later')),
    ).rejects.toThrow();
    expect(await reportIncident(context, symptom('a', 'later'))).toMatchObject({ opened: true });
  });
});
