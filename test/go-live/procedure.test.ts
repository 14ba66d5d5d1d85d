/** The procedure on a real Temporal server, with Postgres; the trader follows a script. */

import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approvalLines } from '../../src/cli/commands/approval-commands.js';
import type { GoLiveInput, GoLiveProgress, LiveFills } from '../../src/contracts/go-live.js';
import type { Desk } from '../../src/desk/schema.js';
import { goLiveId } from '../../src/domain/go-live-terms.js';
import { moment } from '../../src/domain/moment.js';
import { openAttempt, readAttempts } from '../../src/store/go-live-attempts.js';
import { changesOfGoLive } from '../../src/worker/changes-waited-for.js';
import { soon, until } from '../support/eventually.js';
import { pressedFor, UNANSWERED_MS } from '../workflows/support/decisions.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { keepHistory } from '../workflows/support/keep-history.js';
import {
  ANNA,
  type Attempted,
  BERT,
  beginAttempt,
  CARL,
  liveBenchDesk,
  openApproval,
  review,
  startAttempt,
  vote,
  WAIT_MS,
} from './support/attempt.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(async () => {
  await bench?.close();
});

const attempt = (changes?: Partial<GoLiveInput>, verdicts?: Attempted['verdicts']): Promise<Attempted> =>
  startAttempt(bench, changes, verdicts);

const handleOf = ({ input }: Pick<Attempted, 'input'>) =>
  bench.client.workflow.getHandle(goLiveId(input.desk, input.release, 1));

async function isTold({ name }: BenchDesk, title: string): Promise<boolean> {
  const { rows } = await bench.database.pool.query<{ title: string }>(
    'select title from notice where desk = $1',
    [name],
  );
  return rows.some((notice) => notice.title.includes(title));
}

describe.concurrent('going live', () => {
  it('is asked for under an id that names its desk; one that began before that goes on under its own', async () => {
    const workflowIdOf = {
      now: (desk: string, release: string) => `golive:${desk}:${release}:1`,
      before: (_: string, release: string) => `golive:${release}:1`,
    };
    for (const idOf of [workflowIdOf.now, workflowIdOf.before]) {
      const desk = await liveBenchDesk(bench);
      const attempted = { ...(await beginAttempt(bench, desk, {}, idOf)), verdicts: {} };
      await review(attempted);
      const { id, workflowId } = await openApproval(attempted);
      const { release } = attempted.input;
      expect(workflowId).toBe(idOf(desk.name, release));
      expect(id).toMatch(new RegExp(`^${idOf(desk.name, release)}:0:[^:]+$`));
      expect(await vote(attempted, ANNA)).toMatchObject({ ok: true });
      expect(await vote(attempted, BERT)).toMatchObject({ ok: true });
      await until('the start', async () => desk.trader.sent('goLive').length === 1 || undefined, WAIT_MS);
      const [asked] = desk.trader.sent('goLive') as [{ proposal: { desk?: string } }];
      expect(asked.proposal.desk).toBe(idOf === workflowIdOf.now ? desk.name : undefined);
      await attempted.operations.revokeGoLive(ANNA, { commandId: randomUUID(), reason: 'seen' });
    }
  });

  it('asks people with what was halted, when and why: the id that they sign says nothing of it', async () => {
    const attempted = await attempt();
    const { desk, operations } = attempted;
    await review(attempted);
    const { id, lifts, parameters } = await openApproval(attempted);
    const [halt] = desk.trader.halts;
    const words = `Halt since ${moment(halt?.atWallMs ?? 0)}: startup by ${halt?.by}: ${halt?.reason}`;
    expect(parameters.halt).toBe(halt?.haltId);
    expect(lifts).toEqual([words]);
    const query = 'select body from notice where approval_id = $1';
    const asked = await until(
      'the question',
      async () => (await bench.database.pool.query(query, [id])).rows[0],
    );
    expect(asked.body).toContain(`${words}\n`);
    const [shown] = await operations.listApprovals();
    expect(approvalLines(shown!)).toContain(`    ${words}`);
    await handleOf(attempted).terminate('the test has seen the question');
    // It is another halt that is shown by then, and not the one that people were asked about.
    desk.trader.halt('person', 'person', 'anna');
    expect((await operations.listApprovals())[0]).not.toHaveProperty('lifts');
  });

  it('asks a person and two approvers, starts small, watches, and grows by approval', async () => {
    const attempted = await attempt({ watchMs: 10_000 });
    const { desk, input, ended, operations } = attempted;
    await review(attempted);
    expect((await operations.listTasks())[0]).toMatchObject({
      ...{ doneBy: 'bert', note: 'win rate and drawdown are as they should be' },
      detail: 'validation as seen. Look at win rate, Sharpe and drawdown, and write what you found.',
    });
    expect((await vote(attempted, CARL)).detail).toMatch(/does not name carl/);
    expect(await vote(attempted, ANNA)).toMatchObject({ ok: true });
    expect(desk.trader.sent('goLive')).toEqual([]);
    expect(await vote(attempted, BERT)).toMatchObject({ ok: true });
    await until('the size step', async () => desk.trader.sent('goLive').length === 1 || undefined, WAIT_MS);
    const first = desk.trader.sent('goLive')[0] as { proposal: object; decisions: readonly object[] };
    expect(first.proposal).toMatchObject({
      step: 0,
      size: { maxPositionSizePct: 3, maxConcurrentPositions: 3 },
    });
    expect(first.decisions).toHaveLength(2);
    await vote(attempted, ANNA);
    await vote(attempted, BERT);
    expect(await ended).toMatchObject({ state: 'completed' });
    await keepHistory(bench, 'go-live-by-size-steps', goLiveId(input.desk, input.release, 1));
    expect(desk.trader.sent('goLive')[1]).toMatchObject({
      proposal: { step: 1, haltId: null, size: { maxPositionSizePct: 6, maxConcurrentPositions: 5 } },
    });
    const evidence = await desk.evidence('go-live');
    const keys = evidence.map(({ step_key: key }) => key);
    for (const key of [
      'pre-flight.api-key',
      'checklist.review',
      'checklist.key-permissions',
      'approval.0',
      'first-period.fills',
      'first-period.state',
      'first-period.paper',
      'approval.1',
      'end',
    ])
      expect(keys).toContain(key);
    expect(evidence.find(({ step_key: key }) => key === 'checklist.review')?.observed).toBe(
      'reviewed by bert',
    );
    const period = evidence.find(({ step_key: key }) => key === 'first-period.state');
    if (!period) throw new Error('the first period left no evidence');
    expect(Number(/^clean in (\d+) checks$/.exec(period.observed)?.[1])).toBeGreaterThan(1);
    expect(period.finished.getTime() - period.started.getTime()).toBeGreaterThanOrEqual(10_000);
    const [row] = await readAttempts(bench.database.pool, desk.name);
    expect(row).toMatchObject({ release: input.release, state: 'completed' });
  });

  it('asks nobody while something is missing', async () => {
    const { ended, operations, desk, input } = await attempt({}, { balance: 'fail', validation: 'warn' });
    const result = await ended;
    expect(result.state).toBe('refused');
    expect(result.detail).toMatch(/Paper validation.*balance as seen/);
    await keepHistory(bench, 'go-live-refused', goLiveId(input.desk, input.release, 1));
    expect(await operations.listApprovals()).toEqual([]);
    expect(desk.trader.sent('goLive')).toEqual([]);
  });

  it('ends with the first refusal', async () => {
    const attempted = await attempt();
    await review(attempted);
    await vote(attempted, BERT, 'reject');
    expect(await attempted.ended).toMatchObject({
      state: 'refused',
      detail: expect.stringMatching(/rejected by bert/),
    });
    await keepHistory(
      bench,
      'go-live-not-approved',
      goLiveId(attempted.input.desk, attempted.input.release, 1),
    );
    expect(attempted.desk.trader.sent('goLive')).toEqual([]);
  });

  it('reminds the approvers once, then tells everybody, and expires where nobody answers', async () => {
    const attempted = await attempt({ approvalMs: UNANSWERED_MS });
    await review(attempted);
    expect(await attempted.ended).toMatchObject({
      state: 'refused',
      detail: 'not approved: 0 of 2 approvals',
    });
    expect(await pressedFor(bench, attempted.desk.name, 'golive')).toEqual([
      { key: 'reminder-1', severity: 'warning', audience: ['approver'] },
      { key: 'escalation', severity: 'critical', audience: ['operator', 'approver'] },
    ]);
    await keepHistory(
      bench,
      'go-live-unanswered',
      goLiveId(attempted.input.desk, attempted.input.release, 1),
    );
  });

  it('is told that the review is done, and looks at once, not at its next look', async () => {
    const attempted = await attempt();
    await review(attempted);
    await openApproval(attempted);
    const handle = bench.client.workflow.getHandle(
      goLiveId(attempted.input.desk, attempted.input.release, 1),
    );
    const events = (await handle.fetchHistory()).events ?? [];
    const told = events.findIndex(
      ({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === 'taskDone',
    );
    // A look that was under way then is ended first.
    const since = events.reduce((latest, event, at) => {
      const begun = Number(event.activityTaskCompletedEventAttributes?.scheduledEventId ?? events.length) - 1;
      return begun < told ? Math.max(latest, at) : latest;
    }, told);
    const look = events.findIndex((event, at) => at > since && event.activityTaskScheduledEventAttributes);
    expect([told, look]).not.toContain(-1);
    // In the first task after it; its timer may fire before that task does, and is then no reason for the look.
    const tasks = events.slice(since, look).filter((event) => event.workflowTaskCompletedEventAttributes);
    expect(tasks).toHaveLength(1);
    await vote(attempted, BERT!, 'reject');
    await attempted.ended;
  });

  it('is refused where nobody reviews the report', async () => {
    const { ended, operations } = await attempt({ reviewMs: 300 });
    expect(await ended).toMatchObject({ state: 'refused', detail: expect.stringMatching(/nobody reviewed/) });
    expect(await operations.listApprovals()).toEqual([]);
  });

  it('looks at everything again after people have agreed', async () => {
    const attempted = await attempt();
    await review(attempted);
    await openApproval(attempted);
    attempted.verdicts['key-permissions'] = 'fail';
    await vote(attempted, ANNA);
    await vote(attempted, BERT);
    expect(await attempted.ended).toMatchObject({
      state: 'refused',
      detail: expect.stringMatching(/key-permissions as seen/),
    });
    expect(attempted.desk.trader.sent('goLive')).toEqual([]);
  });

  it('goes on where the trader has taken it, and died before it could say so', async () => {
    const attempted = await startAttempt(bench, { ramp: [] });
    attempted.desk.trader.diesGoingLive = true;
    await review(attempted);
    await vote(attempted, ANNA);
    await vote(attempted, BERT);
    expect(await attempted.ended).toMatchObject({ state: 'completed' });
    expect(attempted.desk.trader.granted).toMatchObject({ step: 0, attempt: 1 });
  });

  it('is watched at once, though Postgres does not take that it is live', async () => {
    let isAway = true;
    const moved: string[] = [];
    const activities = {
      moveGoLive: async (_attempt: unknown, state: string) => {
        if (isAway) throw new Error('Postgres does not answer');
        moved.push(state);
      },
    };
    const attempted = await startAttempt(bench, { watchMs: WAIT_MS }, {}, activities);
    const { desk } = attempted;
    await review(attempted);
    await vote(attempted, ANNA);
    await vote(attempted, BERT);
    const progress = () => handleOf(attempted).query<GoLiveProgress>('progress');
    await until('the watch', async () => (await progress()).phase === 'watched', WAIT_MS);
    expect(moved).toEqual([]);
    isAway = false;
    await until('the attempt to say so', () => moved.length > 0, WAIT_MS);
    await attempted.operations.revokeGoLive(ANNA, { reason: 'enough' });
    expect(await attempted.ended).toMatchObject({ state: 'ended' });
    expect(desk.trader.granted).toBeNull();
    await keepHistory(bench, 'go-live-watched-at-once', handleOf(attempted).workflowId);
  });

  it('is watched on, and people are told, where a larger size can not be asked for', async () => {
    let questions = 0;
    const afterActivity = async (name: string) => {
      if (name !== 'requestApproval') return;
      questions += 1;
      if (questions > 1) throw ApplicationFailure.nonRetryable('Postgres stayed away');
    };
    const desk = await liveBenchDesk(bench, { afterActivity });
    const attempted = { ...(await beginAttempt(bench, desk)), verdicts: {} };
    await review(attempted);
    await vote(attempted, ANNA);
    await vote(attempted, BERT);
    await until('people are told', () => isTold(desk, 'a larger size could not be asked for'), WAIT_MS);
    const said =
      "select from notice where desk = $1 and body like '%fermata go-live --revoke, then fermata go-live.'";
    expect((await bench.database.pool.query(said, [desk.name])).rowCount).toBe(1);
    const small = { maxPositionSizePct: 3, maxConcurrentPositions: 3 };
    await until(
      'the watch that goes on',
      async () => {
        const { phase, size } = await handleOf(attempted).query<GoLiveProgress>('progress');
        expect(size).toEqual(small);
        return phase === 'ramp';
      },
      WAIT_MS,
    );
    await attempted.operations.revokeGoLive(ANNA, { reason: 'enough' });
    expect(await attempted.ended).toMatchObject({ state: 'ended' });
    await keepHistory(bench, 'go-live-watched-through-a-fault', handleOf(attempted).workflowId);
  });

  it('is watched, people are reminded to look again and again, and told of what came back as of what came', async () => {
    // One watch: the next one would tell of it as of something new.
    const attempted = await attempt({ watchMs: 3 * WAIT_MS });
    const { desk } = attempted;
    await review(attempted);
    await vote(attempted, ANNA);
    await vote(attempted, BERT);
    await until('live', () => desk.trader.granted, WAIT_MS);
    await until(
      'a second reminder',
      async () => {
        const { rowCount } = await bench.database.pool.query(
          `select from notice where desk = $1 and title like '%look at the dashboard%'`,
          [desk.name],
        );
        return (rowCount ?? 0) > 1;
      },
      WAIT_MS,
    );
    const timesTold = async () => {
      const { rows } = await bench.database.pool.query(
        `select from notice where desk = $1 and title like '%not as it should be' and body like '%startup by test%'`,
        [desk.name],
      );
      return rows.length;
    };
    for (const times of [1, 2, 3]) {
      desk.trader.halt('startup', 'person');
      await until(`told ${times} times`, async () => (await timesTold()) === times, WAIT_MS);
      desk.trader.halts = [];
      desk.trader.mode = 'ACTIVE';
      const looks = desk.trader.sent('status').length;
      // The first of these may have been asked before.
      await until('looks without it', () => desk.trader.sent('status').length > looks + 2, WAIT_MS);
      expect(await timesTold()).toBe(times);
    }
    await attempted.operations.revokeGoLive(ANNA, { reason: 'enough' });
    expect(await attempted.ended).toMatchObject({ state: 'ended' });
    await keepHistory(bench, 'go-live-told-again', handleOf(attempted).workflowId);
  });

  it('is watched where the trader does not say whether it took the approval, until it says that it did not', async () => {
    const attempted = await attempt();
    const { desk } = attempted;
    Object.defineProperty(desk.trader, 'refusesGoLive', {
      get: () => {
        desk.trader.gone = true;
        return 'not now';
      },
    });
    await review(attempted);
    await vote(attempted, ANNA);
    await vote(attempted, BERT);
    await until('people are told', () => isTold(desk, 'nobody knows yet'), WAIT_MS);
    desk.trader.gone = false;
    expect(await attempted.ended).toEqual({
      state: 'ended',
      detail: 'the permission is no longer in force: the trader has no such permission',
    });
    await keepHistory(bench, 'go-live-maybe-live', handleOf(attempted).workflowId);
  });

  it('is watched on, and grows no more, where the trader does not say whether it took a larger size', async () => {
    const attempted = await attempt();
    const { desk } = attempted;
    await review(attempted);
    await vote(attempted, ANNA);
    await vote(attempted, BERT);
    await until('live', () => desk.trader.granted, WAIT_MS);
    Object.defineProperty(desk.trader, 'refusesGoLive', {
      get: () => {
        desk.trader.gone = true;
        return 'not now';
      },
    });
    await vote(attempted, ANNA);
    await vote(attempted, BERT);
    await until(
      'people are told',
      () => isTold(desk, 'a larger size could not be asked for, or granted'),
      WAIT_MS,
    );
    desk.trader.gone = false;
    const progress = () => handleOf(attempted).query<GoLiveProgress>('progress');
    await until('the watch that goes on', async () => (await progress()).phase === 'ramp', WAIT_MS);
    expect((await progress()).size).toEqual({ maxPositionSizePct: 3, maxConcurrentPositions: 3 });
    await attempted.operations.revokeGoLive(ANNA, { reason: 'enough' });
    expect(await attempted.ended).toMatchObject({ state: 'ended' });
    await keepHistory(bench, 'go-live-maybe-larger', handleOf(attempted).workflowId);
  });

  it.each(['a halt while people are asked', 'a trader that refuses at the last vote'])(
    '%s ends the question, not the ramp: the size stays, and it is asked again',
    async (what) => {
      const attempted = await attempt();
      const { desk } = attempted;
      const questions = async () =>
        (await attempted.operations.listApprovals()).filter(({ title }) => title.startsWith('Size step 1'));
      await review(attempted);
      await vote(attempted, ANNA);
      await vote(attempted, BERT);
      await until('the question', async () => (await questions()).length === 1, WAIT_MS);
      if (what.startsWith('a halt')) {
        await vote(attempted, ANNA);
        desk.trader.halt('person', 'person');
      } else {
        desk.trader.refusesGoLive = 'sizes are not raised while the desk is halted';
        await vote(attempted, ANNA);
        await vote(attempted, BERT);
      }
      await until('people are told', () => isTold(desk, 'the larger size was not granted'), WAIT_MS);
      const progress = () => handleOf(attempted).query<GoLiveProgress>('progress');
      expect((await progress()).size).toEqual({ maxPositionSizePct: 3, maxConcurrentPositions: 3 });
      if (what.startsWith('a halt')) {
        expect((await questions()).map(({ state }) => state)).toEqual(['withdrawn']);
        desk.trader.halts = [];
        desk.trader.mode = 'ACTIVE';
      } else {
        desk.trader.refusesGoLive = null;
      }
      await until(
        'the question again',
        async () => (await questions()).some(({ state }) => state === 'open'),
        WAIT_MS,
      );
      // No vote of the first question counts for this one.
      expect((await openApproval(attempted)).id).toMatch(/:1:again-\d+$/);
      await vote(attempted, ANNA);
      await vote(attempted, BERT);
      expect(await attempted.ended).toMatchObject({ state: 'completed' });
      expect(desk.trader.granted).toMatchObject({ step: 1, size: { maxPositionSizePct: 6 } });
      const name = what.startsWith('a halt') ? 'go-live-question-ended-by-a-halt' : 'go-live-asked-again';
      await keepHistory(bench, name, handleOf(attempted).workflowId);
    },
  );

  it('begins its clean hours anew once nothing is wrong any more, and people are told from when they count', async () => {
    let haltMs = Number.NEGATIVE_INFINITY;
    const lifted = (sinceMs: number) => (haltMs >= sinceMs ? ['halted and resumed at once'] : []);
    const readLiveFills = async (sinceMs: number): Promise<LiveFills> => ({
      ...{ fills: 1, trades: 1, wins: 1, netProfit: '1', problems: [], halts: lifted(sinceMs) },
    });
    const cleanMs = 10 * WAIT_MS;
    const ramp = [{ afterMs: cleanMs, minTrades: 1, maxPositionSizePct: 6, maxConcurrentPositions: 5 }];
    const attempted = await startAttempt(bench, { ramp }, {}, { readLiveFills });
    const { desk } = attempted;
    const progress = () => handleOf(attempted).query<GoLiveProgress>('progress');
    await review(attempted);
    await vote(attempted, ANNA);
    await vote(attempted, BERT);
    const told = async () => {
      const { rows } = await bench.database.pool.query<{ body: string }>(
        "select body from notice where desk = $1 and title like '%the clean hours begin anew' order by id",
        [desk.name],
      );
      return rows.map(({ body }) => body);
    };
    const hoursAfter = (sinceMs: number) =>
      until(
        'the hours',
        async () => {
          const { next, nextAtMs } = await progress();
          if (next == null || next.cleanSinceMs <= sinceMs) return null;
          expect(nextAtMs).toBe(next.cleanSinceMs + cleanMs);
          return next.cleanSinceMs;
        },
        WAIT_MS,
      );
    const begun = await hoursAfter(0);
    desk.trader.halt('person', 'person');
    const waiting = await until(
      'no hours to count',
      async () => {
        const now = await progress();
        return now.next === null && now;
      },
      WAIT_MS,
    );
    expect(waiting).toMatchObject({
      nextAtMs: null,
      detail: expect.stringMatching(
        /^Clean hours begin anew with the first check that finds nothing wrong, the next at .* UTC\. At .* UTC: HALTED: person by test$/,
      ),
    });
    expect(await told()).toEqual([]);
    desk.trader.halts = [];
    desk.trader.mode = 'ACTIVE';
    const resumed = await hoursAfter(begun);
    await until('people are told', async () => (await told()).length === 1, WAIT_MS);
    expect((await told())[0]).toContain(
      'HALTED: person by test. Nothing is wrong any more: clean hours count',
    );
    // One that was lifted before anybody looked.
    haltMs = Date.now();
    await hoursAfter(resumed);
    await until('people are told again', async () => (await told()).length === 2, WAIT_MS);
    expect((await told())[1]).toContain('halted and resumed at once');
    const evidence = await desk.evidence('go-live');
    expect(evidence.filter(({ step_key: key }) => key.startsWith('ramp.'))).toMatchObject([
      { verdict: 'warn', observed: expect.stringContaining('HALTED: person by test') },
      { verdict: 'warn', observed: expect.stringContaining('halted and resumed at once') },
    ]);
    await attempted.operations.revokeGoLive(ANNA, { reason: 'enough' });
    expect(await attempted.ended).toMatchObject({ state: 'ended' });
    await keepHistory(bench, 'go-live-clean-hours-anew', handleOf(attempted).workflowId);
  });

  it('takes no vote of one person whose cooling-off would end after the vote has', async () => {
    const attempted = await attempt({ needed: 1, coolingOffMs: 10 * WAIT_MS, approvalMs: 300 });
    await review(attempted);
    expect(await attempted.ended).toMatchObject({
      state: 'refused',
      detail: expect.stringContaining('not approved'),
    });
    const [asked, ...others] = await attempted.operations.listApprovals();
    expect(others).toEqual([]);
    expect(asked).toMatchObject({
      state: 'expired',
      // The time that people are shown is that at which it closes, not that until which a vote is valid.
      title: expect.stringContaining(`to be answered until ${moment(asked?.expiresMs ?? 0)}`),
    });
    await keepHistory(bench, 'go-live-alone-unanswered', handleOf(attempted).workflowId);
  });

  it('keeps the vote of one person valid through the cooling-off and what follows it', async () => {
    const attempted = await attempt({ needed: 1, coolingOffMs: 300 });
    await review(attempted);
    const { expiresMs } = await openApproval(attempted);
    await vote(attempted, ANNA);
    await until('live', () => attempted.desk.trader.granted, WAIT_MS);
    const [asked] = attempted.desk.trader.sent('goLive');
    expect(asked?.decisions).toEqual([
      expect.objectContaining({ person: 'anna', expiresWallMs: expiresMs + 24.5 * 3_600_000 }),
    ]);
    await attempted.operations.revokeGoLive(ANNA, { reason: 'enough' });
    await attempted.ended;
  });

  it('ends where the trader refuses, and where the permission is taken back', async () => {
    const refused = await attempt();
    refused.desk.trader.refusesGoLive = 'it was decided for another configuration';
    await review(refused);
    await vote(refused, ANNA);
    await vote(refused, BERT);
    expect(await refused.ended).toMatchObject({
      state: 'refused',
      detail: expect.stringMatching(/trader refused.*another configuration/),
    });
    expect(await isTold(refused.desk, 'was approved, and not carried out')).toBe(true);
    const bodies = "select body from notice where desk = $1 and body like '%It is not in force%'";
    const { rows } = await bench.database.pool.query<{ body: string }>(bodies, [refused.desk.name]);
    expect(rows.map(({ body }) => body)).toEqual([expect.stringMatching(/[^.]\. It is not in force/)]);
    const revoked = await attempt({ watchMs: WAIT_MS });
    await review(revoked);
    await vote(revoked, ANNA);
    await vote(revoked, BERT);
    await until('live', async () => revoked.desk.trader.granted !== null || undefined, WAIT_MS);
    expect(await revoked.operations.revokeGoLive(ANNA, { reason: 'odd fills' })).toMatchObject({
      ok: true,
      proven: true,
    });
    expect(await revoked.ended).toEqual({
      state: 'ended',
      detail: 'the permission is no longer in force: odd fills (anna)',
    });
    await keepHistory(bench, 'go-live-revoked', goLiveId(revoked.input.desk, revoked.input.release, 1));
  });

  it('that is taken back ends at once, not at the next look: only then can it be asked for again', async () => {
    const revoked = await attempt({ watchMs: 10 * WAIT_MS, lookMs: 10 * WAIT_MS });
    const { desk } = revoked;
    await review(revoked);
    await vote(revoked, ANNA);
    await vote(revoked, BERT);
    const progress = () => handleOf(revoked).query<GoLiveProgress>('progress');
    await until('the watch', async () => (await progress()).phase === 'watched', WAIT_MS);
    const isPaused = async () => {
      const { events } = await handleOf(revoked).fetchHistory();
      const timers = events?.flatMap((event) => event.timerStartedEventAttributes ?? []) ?? [];
      const seconds = Number(timers.at(-1)?.startToFireTimeout?.seconds);
      return seconds > (9 * WAIT_MS) / 1000 && seconds <= WAIT_MS / 100;
    };
    await until('the pause before its next look', isPaused, WAIT_MS);
    await revoked.operations.revokeGoLive(ANNA, { reason: 'odd fills' });
    expect(await revoked.ended).toMatchObject({ state: 'ended' });
    expect(await readAttempts(bench.database.pool, desk.name)).toMatchObject([{ state: 'ended' }]);
    await keepHistory(bench, 'go-live-revoked-while-watched', handleOf(revoked).workflowId);
  });

  it('that is taken back while people are asked ends, and its question with it', async () => {
    const asked = await attempt();
    await review(asked);
    const { id } = await openApproval(asked);
    expect(await asked.operations.revokeGoLive(ANNA, { reason: 'not this week' })).toMatchObject({
      ok: true,
      problems: [],
    });
    // It is told, or sees the halt first.
    expect(await asked.ended).toEqual({
      state: 'refused',
      detail: expect.stringMatching(
        /^not approved: the permission was taken back: (fermata go-live --revoke|not this week)$/,
      ),
    });
    const shown = (await asked.operations.listApprovals()).find((one) => one.id === id);
    expect(shown).toMatchObject({ state: 'withdrawn' });
    expect(asked.desk.trader.sent('goLive')).toEqual([]);
    await keepHistory(bench, 'go-live-revoked-while-asked', handleOf(asked).workflowId);
  });

  /** A long reason. */
  const somebody = `somebody ${'very '.repeat(120)}careful`;
  const HALTED =
    /the desk was halted again after people were asked \(HALTED: person by somebody very .*fermata go-live asks anew/;
  const halts = ({ trader }: BenchDesk) => void trader.halt('person', 'person', somebody);
  /** Nothing happens by itself while a test runs. */
  const RARE = { lookMs: 10 * WAIT_MS };
  const ALONE = { needed: 1, coolingOffMs: 10 * WAIT_MS };

  it.each<[string, (desk: BenchDesk) => void, Partial<GoLiveInput>, RegExp]>([
    ['a halt that it sees at its next look', halts, {}, HALTED],
    ['a halt that it is told of', halts, RARE, HALTED],
    ['a halt while one person thinks again', halts, { ...RARE, ...ALONE }, HALTED],
    [
      'looser settings',
      ({ trader }) => Object.assign(trader, { configHash: 'd'.repeat(64) }),
      {},
      /the settings were changed after people were asked/,
    ],
    [
      'another journal',
      ({ trader }) => Object.assign(trader, { incarnation: 'begunanew' }),
      RARE,
      /journal was begun anew after people were asked/,
    ],
  ])('ends at once with %s: nobody goes on voting for nothing', async (what, changes, input, words) => {
    const attempted = await attempt(input);
    const { desk, ended, operations } = attempted;
    const isAlone = input.needed === 1;
    await review(attempted);
    await vote(attempted, ANNA);
    if (isAlone)
      await until('the cooling-off', async () => {
        const { phase } = await handleOf(attempted).query<GoLiveProgress>('progress');
        return phase === 'cooling-off';
      });
    changes(desk);
    if (input.lookMs !== undefined) {
      // The list of runs is a moment behind them.
      const query = `WorkflowId = "${handleOf(attempted).workflowId}" AND ExecutionStatus = "Running"`;
      await until('it to be listed', async () => (await bench.client.workflow.count(query)).count > 0);
      const follow = changesOfGoLive({ temporal: bench.temporal, desk: { desk: desk.name } as Desk });
      await follow(desk.trader.status());
    }
    const end = await soon('the end of the go-live', ended);
    expect(end).toMatchObject({ state: 'refused', detail: expect.stringMatching(words) });
    const [asked] = await operations.listApprovals();
    if (isAlone) {
      expect(asked?.state).toBe('approved');
      expect(await isTold(desk, 'was approved, and not carried out')).toBe(true);
    } else {
      expect(asked).toMatchObject({ state: 'withdrawn', outcome: expect.stringMatching(words) });
      expect(await isTold(desk, `Trade real money on ${desk.name}: withdrawn`)).toBe(true);
      const late = { approval: asked?.id ?? '', choice: 'approve', reason: 'r' } as const;
      const { parametersHash = '' } = asked ?? {};
      expect(await operations.castVote(BERT, { ...late, parametersHash })).toMatchObject({
        ok: false,
        detail: expect.stringMatching(words),
      });
    }
    expect(desk.trader.sent('goLive')).toEqual([]);
    const evidence = await desk.evidence('go-live');
    expect(evidence.find(({ step_key: key }) => key === 'end')?.observed).toMatch(words);
    const [row] = await readAttempts(bench.database.pool, desk.name);
    expect(row).toMatchObject({ state: 'refused', detail: expect.stringMatching(words) });
    if (what.endsWith('told of'))
      await keepHistory(bench, 'go-live-ended-by-a-halt', handleOf(attempted).workflowId);
  });

  it('names the one that is open to whoever asks for another: who asked, what it waits for, how to vote in it or end it', async () => {
    const attempted = await attempt();
    const { operations, desk, ended, input } = attempted;
    const again = () => operations.startGoLive(BERT, { reason: 'mine' });
    const END = 'or end it: fermata go-live --revoke --reason TEXT, and then ask anew';
    const tasks = async () => (await operations.listTasks()).find(({ state }) => state === 'open');
    const task = await until('the review', tasks, WAIT_MS);
    expect(await again()).toMatchObject({
      ...{ ok: false, workflowId: null, obstacles: [] },
      detail: expect.stringMatching(
        new RegExp(
          `^anna asked for a go-live .* UTC \\("r"; ${input.release}, attempt 1\\), and it is not over\\. A person is to do task ${task.id}, "Review the validation report .* No second one was begun\\.$`,
        ),
      ),
      doThis: `see it: fermata go-live --status; review: fermata task done ${task.id} --note TEXT; ${END}`,
    });
    await review(attempted);
    await vote(attempted, ANNA);
    const { id } = await openApproval(attempted);
    expect(await again()).toMatchObject({
      ok: false,
      detail: expect.stringMatching(
        /not over\. "Trade real money on .*" is asked until .* UTC: 2 must agree, and so far has anna\. No second/,
      ),
      doThis: `see it: fermata go-live --status; vote: fermata approve ${id} --reason TEXT; ${END}`,
    });
    await operations.revokeGoLive(ANNA, { reason: 'seen' });
    await ended;
    expect((await readAttempts(bench.database.pool, desk.name)).length).toBe(1);
  });

  it('is one attempt at a time, and each number is used once', async () => {
    const { pool } = bench.database;
    const asked = {
      desk: `d-${randomUUID()}`,
      release: 'r',
      askedBy: 'anna',
      reason: 'r',
      workflowIdOf: String,
    };
    expect(await openAttempt(pool, asked)).toMatchObject({ attempt: 1 });
    expect(await openAttempt(pool, { ...asked, release: 'another' })).toBeNull();
  });
});
