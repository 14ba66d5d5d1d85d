import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Decision } from '../../src/domain/decision.js';
import { parseAcknowledgeButton } from '../../src/notify/button-notices.js';
import { readIncident } from '../../src/operations/handle-incidents.js';
import { readTasks } from '../../src/store/task-rows.js';
import { until } from '../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { refusalOf } from '../workflows/support/refusal.js';
import { openIncident, timelineOf, toldOf } from './incident-bench.js';

let bench: Bench;
let desk: BenchDesk;
beforeAll(async () => {
  bench = await openBench();
  desk = await bench.desk({ serve: ['operations'] });
});
afterAll(() => bench?.close());

const ESCALATION = { respondMs: 200, escalateMs: [500, 900] };

describe('an incident', () => {
  it('tells people at once, with a button, and again to more of them until somebody has answered', async () => {
    const incident = await openIncident(bench, desk, {
      kind: 'reported',
      title: 'Odd prices',
      timing: ESCALATION,
    });
    await until('every escalation', async () => (await incident.progress()).escalations === 3);
    const told = await until('all notices', async () => {
      const all = await toldOf(bench, incident);
      return all.length === 4 ? all : null;
    });
    // Nothing waits for a notice: on a busy machine a later rung may be written before the one below it.
    expect(told.map(({ title, audience }) => [title, audience]).sort()).toEqual([
      ['Incident: Odd prices', []],
      ['Nobody has answered: Odd prices', ['operator']],
      ['Still nobody has answered (2): Odd prices', ['operator', 'approver']],
      ['Still nobody has answered (3): Odd prices', ['operator', 'approver']],
    ]);
    expect(told.map(({ buttons }) => parseAcknowledgeButton(buttons[0]?.data ?? ''))).toEqual(
      Array(4).fill(incident.id),
    );
    await incident.end();
  });

  it('stops telling once a person has acknowledged it, and keeps who did', async () => {
    const timing = { respondMs: 100, escalateMs: [1_500, 1_600] };
    const incident = await openIncident(bench, desk, { kind: 'reported', timing });
    await until('the reminder', async () => (await incident.progress()).escalations > 0);
    const { escalations } = await incident.answer('acknowledge');
    const row = await until('the row', async () => {
      const found = await readIncident(
        { pool: bench.database.pool, desk: { desk: desk.name } as never },
        incident.id,
      );
      return found?.state === 'acknowledged' ? found : null;
    });
    expect(row).toMatchObject({ acknowledgedBy: 'anna', escalations, resolvedMs: null });
    await sleep(timing.escalateMs[1]);
    expect(await incident.progress()).toMatchObject({ state: 'acknowledged', escalations });
    expect(await refusalOf(incident.answer('acknowledge', { person: 'bert' }))).toContain(
      'anna has acknowledged it',
    );
    await incident.end();
  });

  it('is acknowledged once where two people press the button at the same moment', async () => {
    const verified = new Set<unknown>();
    const served = await bench.desk({
      serve: ['operations'],
      afterActivity: async (name, args) => {
        if (name !== 'verifyDecision') return;
        verified.add((args[0] as Decision).decisionId);
        // Who comes later is refused: both have to be past that.
        await until('both to be verified', () => verified.size > 1);
      },
    });
    const incident = await openIncident(bench, served, { kind: 'reported' });
    const answers = await Promise.all(
      ['anna', 'bert'].map((person) => incident.answer('acknowledge', { person })),
    );
    const [first, second] = answers.map(({ acknowledgedBy }) => acknowledgedBy);
    expect(first).toBe(second);
    await incident.answer('resolve');
    await incident.result();
    const taken = (await timelineOf(bench, incident)).filter(({ name }) => name === 'Acknowledged');
    expect(taken.map(({ person }) => person)).toEqual([first]);
    const told = (await toldOf(bench, incident)).filter(({ title }) => title.startsWith('Somebody has it'));
    expect(told).toHaveLength(1);
  });

  it.each([
    ['made with another key', { mac: '00'.repeat(32) }, 'authentication code'],
    ['about another incident', { subject: 'other' }, 'another incident'],
    ['of another desk', { desk: 'other' }, 'this is the desk'],
    ['with another choice', { choice: 'approve' as const }, 'expected the choice'],
    ['that has expired', { expiresWallMs: 1 }, 'has expired'],
  ])('does not take an answer %s', async (_what, change, why) => {
    const incident = await openIncident(bench, desk, { kind: 'reported' });
    expect(await refusalOf(incident.answer('acknowledge', change))).toContain(why);
    expect(await incident.progress()).toMatchObject({ state: 'open', acknowledgedBy: null });
    await incident.end();
  });

  it('is one run for one fingerprint: what is seen again belongs to it, the same twice counts once', async () => {
    const first = await openIncident(bench, desk, { kind: 'reported', subject: 'one', key: 'a' });
    const second = await openIncident(bench, desk, { kind: 'reported', subject: 'one', key: 'b' });
    expect(second.firstRunId).toBe(first.firstRunId);
    expect((await first.report('b')).reports).toBe(2);
    const other = await openIncident(bench, desk, { kind: 'reported', subject: 'other', key: 'a' });
    expect(other.firstRunId).not.toBe(first.firstRunId);
    await Promise.all([first.end(), other.end()]);
  });

  it('asks for the review by its title where nobody said more', async () => {
    const incident = await openIncident(bench, desk, {
      ...{ kind: 'reported', subject: 'bare', title: 'Odd fills', detail: '' },
    });
    await incident.answer('resolve');
    await incident.result();
    const tasks = await readTasks(bench.database.pool, desk.name);
    const task = tasks.find(({ origin }) => origin?.firstRunId === incident.firstRunId);
    expect(task?.detail).toMatch(/^Odd fills\. It ended: anna declared it over/);
  });

  it('ends when a person declares it over, keeps its timeline, and asks a person for the review', async () => {
    const incident = await openIncident(bench, desk, {
      kind: 'reported',
      title: 'Odd prices',
      detail: 'ETH jumped',
    });
    await incident.answer('acknowledge');
    await incident.answer('resolve');
    expect(await incident.result()).toMatchObject({
      state: 'resolved',
      outcome: 'anna declared it over: seen',
    });
    expect((await timelineOf(bench, incident)).map(({ name, person }) => [name, person])).toEqual([
      ['Opened', null],
      ['Acknowledged', 'anna'],
      ['Declared over', 'anna'],
      ['Over', 'anna'],
    ]);
    const tasks = await readTasks(bench.database.pool, desk.name);
    const task = tasks.find(({ origin }) => origin?.firstRunId === incident.firstRunId);
    expect(task).toMatchObject({ title: 'Post-incident review: Odd prices', state: 'open' });
    expect(task?.detail).toContain('ETH jumped');
    expect(task?.origin).toMatchObject({ workflowId: incident.workflowId, firstRunId: incident.firstRunId });
    const shown = await readIncident(
      { pool: bench.database.pool, desk: { desk: desk.name } as never },
      incident.id,
    );
    expect(shown).toMatchObject({ state: 'resolved', resolvedBy: 'anna' });
    expect(shown?.timeline.map(({ name }) => name)).toEqual([
      'Opened',
      'Acknowledged',
      'Declared over',
      'Over',
    ]);
  });

  it('opens anew after it was over, with a run and a review of its own', async () => {
    const first = await openIncident(bench, desk, { kind: 'reported', subject: 'anew' });
    await first.answer('resolve');
    await first.result();
    const second = await openIncident(bench, desk, { kind: 'reported', subject: 'anew' });
    expect(second.firstRunId).not.toBe(first.firstRunId);
    await second.answer('resolve');
    await second.result();
    const tasks = await readTasks(bench.database.pool, desk.name);
    const reviewed = tasks.map(({ origin }) => origin?.firstRunId);
    expect(reviewed).toEqual(expect.arrayContaining([first.firstRunId, second.firstRunId]));
  });
});
