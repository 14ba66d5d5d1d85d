/** Incidents are opened, counted and answered through the operations that people and programs use. */

import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IncidentShown } from '../../src/contracts/published.js';
import { incidentId } from '../../src/notify/button-notices.js';
import {
  acknowledgeIncident,
  listIncidents,
  openIncident,
  readIncident,
  resolveIncident,
} from '../../src/operations/handle-incidents.js';
import type { OperationContext } from '../../src/operations/operation.js';
import { TemporalUnavailable } from '../../src/temporal/open-temporal.js';
import { fingerprintOf, reportIncident, reportSymptom } from '../../src/temporal/report-incident.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { incidentsOfTrader } from '../../src/worker/incidents-of-trader.js';
import { until } from '../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { operationsOf } from './incident-bench.js';

const deskFile = fileURLToPath(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url));
const cryptoBot = loadDesk(deskFile).desk;

/** Holds an incident where it is over and its run has not ended. */
const lastWords = {
  held: false,
  waitFor: null as string | null,
  release: () => {},
  hold(id: string) {
    this.held = false;
    this.waitFor = id;
  },
  afterActivity: async (name: string, [told]: readonly unknown[]) => {
    if (name !== 'announceIncident' || lastWords.held) return;
    const { incident, key } = told as { incident: { workflowId: string; firstRunId: string }; key: string };
    if (key !== 'resolved' || incidentId(incident) !== lastWords.waitFor) return;
    lastWords.held = true;
    await new Promise<void>((resolve) => {
      lastWords.release = resolve;
    });
  },
};

describe('opening and answering', () => {
  let bench: Bench;
  let desk: BenchDesk;
  let context: OperationContext;
  beforeAll(async () => {
    bench = await openBench();
    desk = await bench.desk({ serve: ['operations', 'engine'], afterActivity: lastWords.afterActivity });
    context = operationsOf(bench, desk, cryptoBot);
  });
  afterAll(() => bench?.close());

  const operator = { person: 'operator', via: 'telegram' } as const;
  const timelineOfTwo = async (id: string) => {
    const timeline = (await readIncident(context, id))?.timeline ?? [];
    return timeline.length >= 2 ? timeline : null;
  };
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
    expect(await reportSymptom(context, symptom('a'))).toMatchObject({ opened: true });
    await until('its row', async () => (await listIncidents(context)).length === 1);
    for (const key of ['a', 'b', 'b', 'b']) await reportSymptom(context, symptom(key));
    expect(await counts('x')).toEqual([
      { key: 'a', times: 2, settled: true },
      { key: 'b', times: 3, settled: false },
    ]);
    const [incident] = await listIncidents(context);
    const progress = await bench.client.workflow.getHandle(incident?.workflowId ?? '').query('incident');
    expect(progress).toMatchObject({ reports: 1 });
    expect(await resolveIncident(context, operator, { incident: 'Slow', note: 'done' })).toMatchObject({
      ok: false,
      reason: 'unknown',
      detail: 'There is no incident "Slow": the list of incidents names each one.',
    });
    await resolveIncident(context, operator, { incident: incident?.id ?? '', note: 'done' });
    await until('what came meanwhile to be settled', async () =>
      (await counts('x')).every(({ settled }) => settled),
    );
    expect(await reportSymptom(context, symptom('b'))).toMatchObject({ opened: false });
    expect(await reportSymptom(context, symptom('c'))).toMatchObject({ opened: true });
  });

  it('is one run for what is seen by several at the same moment', async () => {
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const reported = await Promise.all(keys.map((key) => reportIncident(context, symptom(key, 'at-once'))));
    expect(reported.filter(({ opened }) => opened)).toHaveLength(1);
    const workflowId = reported[0]?.workflowId ?? '';
    expect(await bench.client.workflow.getHandle(workflowId).query('incident')).toMatchObject({ reports: 5 });
    expect((await counts('at-once')).every(({ settled }) => settled)).toBe(true);
    const runs: string[] = [];
    for await (const { runId } of bench.client.workflow.list({ query: `WorkflowId = "${workflowId}"` }))
      runs.push(runId);
    expect(new Set(runs).size).toBeLessThanOrEqual(1);
  });

  it('takes what a person adds into its timeline, and the next one what came after its end', async () => {
    const say = (detail: string) => openIncident(context, operator, { title: 'Slow fills', detail });
    expect(await say('one took 9 s')).toMatchObject({ detail: 'The incident "Slow fills" is open.' });
    expect(await say('another too')).toMatchObject({ detail: expect.stringContaining('Added to') });
    const fingerprint = `${desk.name}:reported:slow-fills`;
    const first = await until('its row', () => readIncident(context, fingerprint));
    expect((await until('both', () => timelineOfTwo(first.id))).map(({ observed }) => observed)).toEqual([
      'one took 9 s',
      'operator (telegram): another too',
    ]);
    lastWords.hold(first.id);
    await resolveIncident(context, operator, { incident: first.id, note: 'the exchange was slow' });
    await until('its end', () => lastWords.held);
    // It is over, and still has its last evidence to write.
    const late = say('and again');
    await sleep(500);
    lastWords.release();
    expect(await late).toMatchObject({ ok: true, detail: 'The incident "Slow fills" is open.' });
    const second = await until('the next one', async () => {
      const found = await readIncident(context, fingerprint);
      return found && found.id !== first.id && found.timeline.length > 0 ? found : null;
    });
    expect(second.timeline[0]).toMatchObject({ name: 'Opened', observed: 'and again' });
  });

  it('shows what was seen while it lasted, and not what the one before or after it saw', async () => {
    const fingerprint = fingerprintOf(desk.name, { kind: 'step-failed', subject: 'in-a-row' });
    const opened = async (key: string) => {
      await reportSymptom(context, symptom(key, 'in-a-row'));
      const isNew = (shown: IncidentShown | null) => (shown?.state === 'resolved' ? null : shown);
      return until('its row', async () => isNew(await readIncident(context, fingerprint)));
    };
    const seen = async (id: string) =>
      (await readIncident(context, id))?.alerts.map(({ key }) => key).sort() ?? [];
    const first = await opened('a');
    await resolveIncident(context, operator, { incident: first.id, note: 'it was mended' });
    await until('its end', async () => (await readIncident(context, first.id))?.state === 'resolved');
    const second = await opened('b');
    expect(second.id).not.toBe(first.id);
    expect([await seen(first.id), await seen(second.id)]).toEqual([['a'], ['b']]);
    // What the first had seen is seen again while the second lasts.
    await reportSymptom(context, symptom('a', 'in-a-row'));
    expect([await seen(first.id), await seen(second.id)]).toEqual([['a'], ['a', 'b']]);
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
    // Every desk has an operator, whether or not its file names one.
    expect(await acknowledgeIncident(viewer, operator, answer)).toMatchObject({ ok: true });
    expect(await acknowledgeIncident(context, operator, { incident: 'nothing', note: '' })).toMatchObject({
      ok: false,
    });
    const audit = await bench.database.pool.query('select outcome from audit where action = $1 order by id', [
      'incident:acknowledge',
    ]);
    expect(audit.rows.map(({ outcome }) => outcome)).toEqual([expect.stringContaining('may not'), 'done']);
  });

  it('says of an answer only what is known: of one that Temporal may have taken, and of one after its run has ended', async () => {
    await reportIncident(context, symptom('a', 'not-known'));
    const incident = await until('its row', async () =>
      (await listIncidents(context)).find(({ subject }) => subject === 'not-known'),
    );
    const answer = { incident: incident.id, note: '' };
    const late = { ...context.temporal, within: () => Promise.reject(new TemporalUnavailable('no answer')) };
    const answered = (temporal: typeof context.temporal) =>
      acknowledgeIncident({ ...context, temporal }, operator, answer);
    expect(await answered(late)).toMatchObject({
      ok: false,
      detail: 'Whether the answer counts is not known: no answer. Answer again later.',
    });
    await bench.client.workflow.getHandle(incident.workflowId).terminate('the test ends its run');
    expect(await answered(context.temporal)).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/^Its run has ended, so nobody waits for an answer/),
    });
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
    await openIncident(context, operator, { title: 'Only a title', detail: '' });
    const bare = await until('the timeline of one without more words', async () => {
      const found = await readIncident(context, `${desk.name}:reported:only-a-title`);
      return found && found.timeline.length > 0 ? found : null;
    });
    expect(bare.timeline[0]).toMatchObject({ name: 'Opened', observed: 'Only a title' });
  });

  it('the follower of the trader opens what its status shows, once, also after it was started again', async () => {
    const status = { ...desk.trader.status(), risk: [{ limit: 'daily-loss', value: '3 %', now: '2.9 %' }] };
    const watched = {
      temporal: bench.temporal,
      desk: context.desk,
      trader: desk.trader.client,
      pool: context.pool,
      seen: { incarnation: null },
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

  it('the follower of the trader opens what else it sees while one that is over can’t end, and sees its cause again', async () => {
    const watched = { ...context, trader: desk.trader.client, seen: { incarnation: null }, log: {} as never };
    const follow = incidentsOfTrader(watched);
    const seen = (sinceWallMs: number, halts = desk.trader.status().halts) => ({
      ...desk.trader.status(),
      halts,
      venueBreaker: { ...desk.trader.status().venueBreaker, state: 'open' as const, sinceWallMs },
    });
    const found = async (kind: string, subject = '') =>
      (await listIncidents(context, { state: 'open' })).find(
        (one) => one.kind === kind && one.subject === subject,
      ) ?? null;
    await follow(seen(1, []));
    const first = await until('its row', () => found('exchange-down'));
    lastWords.hold(first.id);
    await resolveIncident(context, operator, { incident: first.id, note: 'it is back' });
    await until('its end', () => lastWords.held);
    desk.trader.halt('check-failed', 'person');
    await expect(follow(seen(2))).rejects.toThrow();
    await until('the other one', () => found('trading-halted', 'check-failed'));
    lastWords.release();
    await until('the next one', async () => {
      await follow(seen(2)).catch(() => undefined);
      return found('exchange-down');
    });
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
