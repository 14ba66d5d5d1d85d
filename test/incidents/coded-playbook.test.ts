/** A playbook that is code of the desk's folder, on a queue of its own, on the real Temporal server. */

import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acrossWorkers } from '../../src/activities/worker-ends.js';
import type { IncidentInput, PlaybookRequest } from '../../src/contracts/incident.js';
import { PLAYBOOK_MESSAGES } from '../../src/contracts/playbook.js';
import { packsQueue } from '../../src/contracts/queues.js';
import type { RoutineStep, StepParameters } from '../../src/contracts/routine.js';
import { readApprovals } from '../../src/store/approval-rows.js';
import { closeTask, readTasks } from '../../src/store/task-rows.js';
import { playbookOfStep } from '../../src/temporal/report-incident.js';
import { loadDesk, readPlaybooks } from '../../src/venue/load-desk.js';
import { soon, until } from '../support/eventually.js';
import { failedTasks } from '../support/failed-tasks.js';
import { reset } from '../support/kill-matrix/buttons.js';
import { openApproval, vote } from '../workflows/support/decisions.js';
import type { Bench, BenchDesk } from '../workflows/support/desk-bench.js';
import { keepHistory } from '../workflows/support/keep-history.js';
import { startRoutine } from '../workflows/support/routines.js';
import { CODED_DESK, type ServedQueue, serveQueue } from '../workflows/support/serve-queue.js';
import { openIncident, type RunningIncident, timelineOf, toldOf } from './incident-bench.js';
import { calm, openPlaybookBench, type PlaybookBench, stepOf } from './playbook-bench.js';

const CODED = loadDesk(join(CODED_DESK, 'desk.yaml'), { playbooks: readPlaybooks }).desk;

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
  playbooks = await openPlaybookBench({ activities: (name) => ({ runPlaybook: runPlaybookOf(name) }) });
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

/** As the operations worker of a desk with this folder does it. */
const runPlaybookOf = (name: string) => (request: PlaybookRequest) =>
  acrossWorkers((ending) =>
    playbookOfStep(
      {
        desk: { ...CODED, desk: name },
        temporal: bench.temporal,
        pool: bench.database.pool,
        nowMs: Date.now,
        trader: desk.trader.client,
      },
      request,
      ending,
    ),
  );

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

/** A task of its code: an incident of the same name that is over has left a review to people. */
const taskOf = (incident: Pick<RunningIncident, 'workflowId'>) =>
  until('the task', async () =>
    (await readTasks(bench.database.pool, desk.name)).find(
      ({ state, origin }) =>
        state === 'open' && origin?.workflowId === incident.workflowId && origin.stepKey.startsWith('code-'),
    ),
  );

async function call(incident: Pick<RunningIncident, 'workflowId'>): Promise<void> {
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

  it('acts on what a check found, and not on one that could not be made', async () => {
    desk.checks.set('database', () => {
      throw new Error('with: Unrecognized key: "answerMs"');
    });
    const incident = await open();
    await call(incident);
    expect((await incident.result()).outcome).toBe('the bank was called by anna');
    expect(await stepOf(bench, incident, 'database')).toMatchObject({
      verdict: 'not_run',
      observed: 'the check did not finish: with: Unrecognized key: "answerMs"',
    });
    expect([...desk.trader.sent('halt'), ...desk.trader.sent('stop')]).toEqual([]);
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

  it('presses people for an answer by the time that they have, however short that of other questions is', async () => {
    const code = { name: 'takes-long', with: {}, haltRule: 'person', backupsKept: 14 } as const;
    const timing = { offerMs: 60_000 };
    const incident = await openIncident(bench, desk, { kind: 'takes-long', timing, code });
    await openApproval(bench, desk.name, ':code-1');
    const run = bench.client.workflow.getHandle(incident.workflowId);
    const reminds = await until('the wait for the reminder', async () => {
      const { events = [] } = await run.fetchHistory();
      const asked = events?.findIndex(
        ({ activityTaskScheduledEventAttributes: of }) => of?.activityType?.name === 'requestApproval',
      );
      return events?.slice(asked).find(({ timerStartedEventAttributes: timer }) => timer);
    });
    const { startToFireTimeout } = reminds.timerStartedEventAttributes ?? {};
    expect(Number(startToFireTimeout?.seconds) / 3_600).toBeCloseTo(56, 0);
    await incident.answer('resolve');
    await incident.result();
    await keepHistory(bench, 'incident-coded-playbook-asks-long', incident.workflowId);
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

  it('goes on where somebody answers it with what is no answer', async () => {
    const incident = await open();
    await taskOf(incident);
    const run = await runOf(incident);
    for (const nothing of [[], [null], [7], ['done'], [{}]])
      await run.signal(PLAYBOOK_MESSAGES.answer, ...nothing);
    await until('its tasks', async () => {
      const events = (await run.fetchHistory()).events ?? [];
      const last = events.findLastIndex((event) => event.workflowExecutionSignaledEventAttributes);
      return events
        .slice(last)
        .some(
          (event) => event.workflowTaskCompletedEventAttributes ?? event.workflowTaskFailedEventAttributes,
        );
    });
    expect(await failedTasks(bench.client, run.workflowId)).toEqual([]);
    await call(incident);
    expect((await incident.result()).outcome).toBe('the bank was called by anna');
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
    const { id, dueMs, createdMs } = await taskOf(incident);
    // As long as it is waited for.
    expect((dueMs - createdMs) / 60_000).toBeCloseTo(60, 0);
    await incident.answer('resolve');
    expect((await incident.result()).outcome).toBe('anna declared it over: seen');
    expect(await run.result()).toMatchObject({ ended: 'cancelled' });
    const left = (await readTasks(bench.database.pool, desk.name)).find((task) => task.id === id);
    expect(left).toMatchObject({
      state: 'open',
      detail:
        'Call the bank, and ask when the money comes. (Its incident is over, and nothing waits for this any longer.)',
    });
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

  const CALMS_DOWN = { name: 'calms-down', with: {}, haltRule: 'person', backupsKept: 14 } as const;
  const closing = async (id: string) =>
    (await readApprovals(bench.database.pool, desk.name)).find((approval) => approval.id === id);

  it('takes back what it asked to do once it needs it no more, and its incident is over', async () => {
    const incident = await openIncident(bench, desk, { kind: 'calms-down', code: CALMS_DOWN });
    const { id } = await openApproval(bench, desk.name, ':code-2');
    await call(incident);
    const { outcome } = await soon('the end of the incident', incident.result());
    expect(outcome).toBe('done by anna: on Tuesday');
    expect(await closing(id)).toMatchObject({ state: 'withdrawn', outcome: 'the playbook has ended' });
    expect(await stepOf(bench, incident, 'Prices are odd')).toMatchObject({ verdict: 'not_run' });
    expect(desk.trader.sent('closeAll')).toEqual([]);
    await keepHistory(bench, 'incident-coded-playbook-needs-no-more', incident.workflowId);
  });

  it('cancelled, takes back what it asked to do: people say what happens next', async () => {
    const incident = await openIncident(bench, desk, { kind: 'calms-down', code: CALMS_DOWN });
    const { id } = await openApproval(bench, desk.name, ':code-2');
    await (await runOf(incident)).cancel();
    const isBack = async () => (await closing(id))?.state === 'withdrawn';
    await until('the question to be taken back', isBack);
    expect((await incident.progress()).outcome).toBeNull();
    await incident.answer('resolve');
    await incident.result();
    expect(desk.trader.sent('closeAll')).toEqual([]);
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

describe('a routine’s step that is a playbook in code', () => {
  const step = (given: Partial<RoutineStep> = {}): RoutineStep => ({
    key: 'bank',
    title: 'The bank is asked',
    playbook: 'late-bank',
    waitMinutes: 5,
    onFail: 'warn',
    timeoutSeconds: 30,
    with: {},
    ...given,
  });
  const incidentOf = ({ name }: BenchDesk) => bench.client.workflow.getHandle(`incident:${name}:late-bank`);

  it('opens its incident with the step’s parameters, waits for its end, and passes with its answer', async () => {
    const routine = await startRoutine(bench, desk, [step({ with: { flatten: true } })]);
    const incident = incidentOf(desk);
    await call(incident);
    await vote(bench, desk.name, { idEnds: ':code-3' });
    expect(await routine.result()).toMatchObject({
      verdict: 'pass',
      steps: [{ key: 'bank', verdict: 'pass', observed: 'the bank was called by anna' }],
    });
    const { rows } = await bench.database.pool.query<{ kind: string; reference: string }>(
      `select kind, reference from evidence where desk = $1 and routine = 'pre-market' and step_key = 'bank'`,
      [desk.name],
    );
    expect(rows).toEqual([{ kind: 'action', reference: incident.workflowId }]);
    await incident.result();
    await keepHistory(bench, 'routine-playbook-step', routine.workflowId);
  });

  it('that fails is a failed step with its words, and its incident stays for people', async () => {
    const routine = await startRoutine(bench, desk, [step({ with: { waitMinutes: -1 } })], { name: 'fails' });
    expect(await routine.result()).toMatchObject({
      verdict: 'warn',
      steps: [{ verdict: 'fail', observed: expect.stringContaining('playbooks.late-bank.waitMinutes') }],
    });
    const other = await startRoutine(bench, desk, [step()], { name: 'second' });
    expect(await other.result()).toMatchObject({
      steps: [{ verdict: 'not_run', observed: `one runs already: ${incidentOf(desk).workflowId}` }],
    });
    await incidentOf(desk).terminate();
  });

  it('is only begun where nothing waits for it', async () => {
    const routine = await startRoutine(bench, desk, [step({ waitMinutes: 0 })], { name: 'begins' });
    const { workflowId } = incidentOf(desk);
    expect(await routine.result()).toMatchObject({
      steps: [{ verdict: 'not_run', observed: `${workflowId} goes on by itself` }],
    });
    await call({ workflowId });
    expect(await incidentOf(desk).result()).toMatchObject({ outcome: 'the bank was called by anna' });
  });

  it('has failed where it is not at its end in time, and goes on', async () => {
    const routine = await startRoutine(bench, desk, [step({ waitMinutes: 0.01 })], { name: 'late' });
    expect(await routine.result()).toMatchObject({
      steps: [{ verdict: 'fail', observed: expect.stringContaining('goes on by itself') }],
    });
    await call(incidentOf(desk));
    expect(await incidentOf(desk).result()).toMatchObject({ outcome: 'the bank was called by anna' });
  });
});
