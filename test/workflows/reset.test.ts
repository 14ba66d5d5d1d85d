/** "Reset" in Temporal: the run does again what came after that point, and says so beside what it said before. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyEvidence } from '../../src/store/evidence-rows.js';
import { readRoutineRuns } from '../../src/store/routine-run.js';
import { until } from '../support/eventually.js';
import { reset } from '../support/kill-matrix/buttons.js';
import { PRESSABLES } from '../support/kill-matrix/pressables.js';
import { vote } from './support/decisions.js';
import { type Bench, openBench } from './support/desk-bench.js';
import { holdActivity } from './support/held.js';
import { keepHistory } from './support/keep-history.js';
import { resume } from './support/resumptions.js';
import { startRoutine } from './support/routines.js';

/** Well below the time that the step has. */
const SHOWN_MS = 5000;

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

it('records anew what a routine that had ended does again', async () => {
  const desk = await bench.desk({ serve: ['operations', 'engine'] });
  const { pool } = bench.database;
  let observed = 'as it was';
  desk.checks.set('database', async () => {
    // The steps don't wait until the run is on record.
    await until('the run, shown as going on', goesOn, SHOWN_MS);
    return { verdict: 'fail', observed, expected: 'y' };
  });
  const goesOn = async () => (await readRoutineRuns(pool, desk.name))[0]?.verdict === null;
  const step = {
    key: 'a',
    title: 'A',
    check: 'database',
    onFail: 'warn',
    timeoutSeconds: 10,
    with: {},
  } as const;
  const { workflowId, result } = await startRoutine(bench, desk, [step]);
  await result();
  const before = await desk.evidence('pre-market');
  observed = 'as it is now';
  await reset(bench, workflowId);
  await until('the run after it', async () => {
    const { status } = await bench.client.workflow.getHandle(workflowId).describe();
    return status.name === 'COMPLETED';
  });
  const after = await desk.evidence('pre-market');
  expect(after.slice(0, before.length)).toEqual(before);
  const seen = after.filter(({ step_key: key }) => key === 'a' || key.startsWith('a~'));
  expect(seen.map(({ observed: text }) => text)).toEqual(['as it was', 'as it is now']);
  // The newest run is what everybody was shown, also while it went on, and is told as well.
  const [row] = await readRoutineRuns(pool, desk.name);
  expect(row).toMatchObject({ verdict: 'warn' });
  expect(row?.finishedMs).toBeGreaterThanOrEqual(after.at(-1)?.started.getTime() ?? 0);
  const told = await pool.query("select body from notice where desk = $1 and fingerprint like 'routine:%'", [
    desk.name,
  ]);
  expect(told.rows).toHaveLength(2);
  expect(new Set(after.map(({ step_key: key }) => key)).size).toBe(after.length);
  expect(await verifyEvidence(bench.database.pool, desk.name)).toMatchObject({ ok: true });
  await desk.stop();
});

it('counts the vote that was on record before it: nobody votes twice', async () => {
  const procedure = PRESSABLES.find(({ handler }) => handler === 'recordApprovalVote');
  if (procedure === undefined) throw new Error('no question');
  const held = holdActivity('recordApprovalVote');
  const desk = await procedure.desk(bench, { afterActivity: held.after });
  const workflowId = await procedure.begin(bench, desk);
  const voted = vote(bench, desk.name).catch(() => undefined);
  await held.reached;
  await reset(bench, workflowId);
  held.release();
  await voted;
  await until('the run after it', async () => {
    const { status } = await bench.client.workflow.getHandle(workflowId).describe();
    return status.name === 'COMPLETED';
  });
  expect(desk.trader.reloaded).toMatchObject([{ approvedBy: ['anna'] }]);
  await desk.stop();
});

it('says of a resumption that had armed the desk by then why it does no more', async () => {
  const held = holdActivity('arm');
  const desk = await bench.desk({ serve: ['operations', 'engine'], afterActivity: held.after });
  const { workflowId } = await resume(bench, desk, desk.trader.halt('venue', 'auto'));
  await held.reached;
  await reset(bench, workflowId);
  held.release();
  await until('the run after it', async () => {
    const { status } = await bench.client.workflow.getHandle(workflowId).describe();
    return status.name === 'COMPLETED';
  });
  expect(desk.trader.mode).toBe('ACTIVE');
  const evidence = await desk.evidence('resumption');
  expect(evidence.filter(({ step_key: key }) => key.startsWith('arm'))).toEqual([]);
  expect(evidence.find(({ step_key: key }) => key.startsWith('superseded~'))).toMatchObject({
    verdict: 'not_run',
    observed: 'the desk trades: it was armed already',
  });
  await keepHistory(bench, 'resumption-reset-once-armed', workflowId);
  await desk.stop();
});
