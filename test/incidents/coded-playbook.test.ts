/** A playbook that is code of the desk's folder, on a queue of its own, on the real Temporal server. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { IncidentInput } from '../../src/contracts/incident.js';
import { packsQueue } from '../../src/contracts/queues.js';
import type { StepParameters } from '../../src/desk/step-parts.js';
import { closeTask, readTasks } from '../../src/store/tasks.js';
import { reset } from '../support/kill-matrix/buttons.js';
import { vote } from '../workflows/support/decisions.js';
import type { Bench, BenchDesk } from '../workflows/support/desk-bench.js';
import { keepHistory } from '../workflows/support/keep-history.js';
import { type ServedQueue, serveQueue } from '../workflows/support/serve-queue.js';
import { until } from '../workflows/support/until.js';
import { openIncident, type RunningIncident, timelineOf, toldOf } from './incident-bench.js';
import { calm, openPlaybookBench, type PlaybookBench, stepOf } from './playbook-bench.js';

let bench: Bench;
let desk: BenchDesk;
let playbooks: PlaybookBench;
let packs: ServedQueue;
const servePacks = (): Promise<ServedQueue> =>
  serveQueue(bench.connection, bench.address.namespace, null, {
    taskQueue: packsQueue(desk.name),
    activities: {},
    bundle: 'packs',
  });
beforeAll(async () => {
  playbooks = await openPlaybookBench();
  ({ bench, desk } = playbooks);
  packs = await servePacks();
});
afterAll(async () => {
  await packs?.end();
  await playbooks?.close();
});
beforeEach(() => {
  calm(desk);
  desk.checks.clear();
});

const codeOf = (given: StepParameters = {}): IncidentInput['code'] => ({
  name: 'late-bank',
  with: given,
  haltRule: 'person',
  backupsKept: 14,
});

const open = (given?: StepParameters): Promise<RunningIncident> =>
  openIncident(bench, desk, { kind: 'late-bank', code: codeOf(given) });

/** The run of its code: the newest one of it. */
async function runOf({ workflowId }: RunningIncident) {
  const fingerprint = workflowId.replace(/^incident:/, '');
  return until('the run of its code', async () => {
    for await (const { workflowId: id } of bench.client.workflow.list({ query: `WorkflowType = "playbook"` }))
      if (id.startsWith(`playbook:${fingerprint}:`)) return bench.client.workflow.getHandle(id);
    return undefined;
  });
}

const taskOf = (incident: RunningIncident) =>
  until('the task', async () =>
    (await readTasks(bench.database.pool, desk.name)).find(
      ({ state, origin }) => state === 'open' && origin?.workflowId === incident.workflowId,
    ),
  );

async function call(incident: RunningIncident): Promise<void> {
  const { id } = await taskOf(incident);
  const done = { state: 'done', by: 'anna', note: 'on Tuesday' } as const;
  await closeTask(bench.database.pool, { desk: desk.name, id, ...done });
}

describe('a playbook in code', () => {
  it('does what it says, each step once and as evidence, and its incident is over with its answer', async () => {
    desk.checks.set('database', () => ({ verdict: 'fail', observed: 'a page is torn', expected: 'fine' }));
    const incident = await open();
    await call(incident);
    expect((await incident.result()).outcome).toBe('the bank was called by anna');
    expect((await timelineOf(bench, incident)).map(({ name, verdict }) => [name, verdict])).toEqual([
      ['Opened', 'fail'],
      ['database', 'fail'],
      ['database: a page is torn', 'pass'],
      ['The bank was called', 'pass'],
      ['What the bank said', 'pass'],
      ['playbooks/late-bank', 'pass'],
      ['Over', 'pass'],
    ]);
    expect(desk.trader.sent('halt')).toMatchObject([{ by: 'incident late-bank', cause: 'check-failed' }]);
    expect((await toldOf(bench, incident)).map(({ body }) => body).join('\n')).toContain(
      'The desk has halted, since the check database failed.',
    );
    await keepHistory(bench, 'incident-coded-playbook', incident.workflowId);
    await keepHistory(bench, 'playbook', (await runOf(incident)).workflowId);
  });

  it('asks one person, and acts only once they agree', async () => {
    const incident = await open({ flatten: true });
    await call(incident);
    await vote(bench, desk.name, { idEnds: ':code-3' });
    expect((await incident.result()).outcome).toBe('the bank was called by anna');
    expect(desk.trader.sent('stop')).toMatchObject([{ reason: 'anna agreed to trade no more today' }]);
    expect(await stepOf(bench, incident, 'Trade no more today')).toMatchObject({
      verdict: 'pass',
      person: 'anna',
    });
    await keepHistory(bench, 'incident-coded-playbook-agreed', incident.workflowId);
    await keepHistory(bench, 'playbook-agreed', (await runOf(incident)).workflowId);
  });

  it('goes on with another process where its own is lost, and does nothing twice', async () => {
    let looks = 0;
    desk.checks.set('database', () => {
      looks += 1;
      return { verdict: 'pass', observed: 'it answers', expected: 'fine' };
    });
    const incident = await open();
    await taskOf(incident);
    await packs.end();
    await call(incident);
    packs = await servePacks();
    expect((await incident.result()).outcome).toBe('the bank was called by anna');
    expect(looks).toBe(1);
  });

  it('cancelled, ends: people are told, the incident goes on, and one of them says that it is over', async () => {
    const incident = await open();
    await taskOf(incident);
    const run = await runOf(incident);
    await run.cancel();
    expect(await run.result()).toMatchObject({
      ended: 'cancelled',
      says: expect.stringContaining('"Cancel"'),
    });
    await until('people are told', async () =>
      (await toldOf(bench, incident)).some(({ body }) =>
        body.includes('pressed "Cancel" in Temporal. Say what'),
      ),
    );
    await incident.answer('resolve');
    expect((await incident.result()).outcome).toBe('anna declared it over: seen');
    expect(await stepOf(bench, incident, 'The bank was called')).toMatchObject({ verdict: 'not_run' });
    await keepHistory(bench, 'incident-coded-playbook-cancelled', incident.workflowId);
    await keepHistory(bench, 'playbook-cancelled', run.workflowId);
  });

  it('terminated, leaves its incident to people', async () => {
    const incident = await open();
    await taskOf(incident);
    await (await runOf(incident)).terminate();
    await until('people are told', async () =>
      (await toldOf(bench, incident)).some(({ body }) => body.includes('its run is gone')),
    );
    await incident.answer('resolve');
    expect((await incident.result()).outcome).toBe('anna declared it over: seen');
  });

  it('ends with its incident, where a person says that it is over', async () => {
    const incident = await open();
    await taskOf(incident);
    const run = await runOf(incident);
    await incident.answer('resolve');
    expect((await incident.result()).outcome).toBe('anna declared it over: seen');
    expect(await run.result()).toMatchObject({ ended: 'cancelled' });
  });

  it('finds out that its incident is gone where that was terminated', async () => {
    const incident = await open();
    await taskOf(incident);
    const run = await runOf(incident);
    await incident.end();
    const again = await openIncident(bench, desk, {
      kind: 'late-bank',
      subject: incident.workflowId.split(':').at(-1) ?? '',
      code: codeOf(),
    });
    // Asked by one that is not its own, an incident says so.
    await bench.client.workflow
      .getHandle(again.workflowId)
      .signal('playbookAsks', { playbook: run.workflowId, id: 9, wish: null });
    expect(await run.result()).toEqual({ ended: 'cancelled', says: 'its incident goes on without it' });
    await again.end();
  });

  it('that throws, or is given what it does not take, is told to people with its own words', async () => {
    const incident = await open({ waitMinutes: -1 });
    await until('people are told', async () =>
      (await toldOf(bench, incident)).some(({ body }) => body.includes('playbooks.late-bank.waitMinutes')),
    );
    expect(await stepOf(bench, incident, 'playbooks/late-bank')).toMatchObject({ verdict: 'fail' });
    await incident.answer('resolve');
    await incident.result();
    await keepHistory(bench, 'playbook-failed', (await runOf(incident)).workflowId);
  });

  it('restores no database of a desk that was not stopped, and asks for no more than a step takes', async () => {
    const code = { name: 'asks-too-much', with: {}, haltRule: 'person', backupsKept: 14 } as const;
    const incident = await openIncident(bench, desk, { kind: 'asks-too-much', code });
    expect(await stepOf(bench, incident, 'playbooks/asks-too-much')).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/^check database: with\.text: /),
    });
    expect(await stepOf(bench, incident, 'restore-database')).toMatchObject({
      verdict: 'not_run',
      observed: 'not run: nothing has stopped the desk',
    });
    await incident.answer('resolve');
    await incident.result();
  });

  it('is begun by an incident alone', async () => {
    const run = bench.client.workflow.execute('playbook', {
      taskQueue: packsQueue(desk.name),
      workflowId: `by-hand:${desk.name}`,
      args: [{ desk: desk.name, name: 'late-bank', with: {}, incident: {} }],
    });
    await expect(run).rejects.toMatchObject({
      cause: { message: expect.stringContaining('begun by its incident') },
    });
  });

  it('goes on with an incident that was reset while it waited', async () => {
    const incident = await open();
    await taskOf(incident);
    await reset(bench, incident.workflowId);
    await call(incident);
    expect(await bench.client.workflow.result(incident.workflowId)).toMatchObject({
      outcome: 'the bank was called by anna',
    });
  });
});
