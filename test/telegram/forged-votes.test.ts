import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APPROVAL_MESSAGES, type Vote, type VoteAnswer } from '../../src/contracts/approval.js';
import { decisionSubject, signDecision } from '../../src/domain/decision.js';
import { endPerson } from '../../src/home/people-folder.js';
import { eventually } from '../support/eventually.js';
import { DECISION_KEY } from '../workflows/support/desk-bench.js';
import { type ApprovalBench, type Asked, openApprovalBench } from './support/approval-bench.js';
import { ANNA } from './support/bot-bench.js';
import { note, shown, tap } from './support/taps.js';

let bench: ApprovalBench;
beforeAll(async () => {
  bench = await openApprovalBench();
  await bench.link('anna', ANNA);
  bench.start();
});
afterAll(() => bench?.close());

it('leaves out the vote of a person who was removed since, and that vote alone', async () => {
  const asked = await bench.ask({ needed: 2, roles: ['operator', 'approver'] });
  const { id } = asked.request;
  const listed = async () => (await bench.operations.listApprovals()).find((one) => one.id === id);
  const cast = async (person: string) => {
    const parametersHash = (await listed())?.parametersHash ?? '';
    const vote = { approval: id, choice: 'approve', parametersHash, reason: 'x' } as const;
    return (await bench.operations.castVote({ person, via: 'web' }, vote)).detail;
  };
  await shown(bench, ANNA, asked);
  expect(await cast('ben')).toBe('1 of 2 approvals (ben)');
  endPerson(bench.home, 'ben');
  expect((await listed())?.votes).toEqual([]);
  const onlyAnna = '1 of 2 approvals (anna); that of ben counts no more: removed since';
  expect(await cast('anna')).toBe(onlyAnna);
  expect((await listed())?.votes).toMatchObject([{ person: 'anna' }]);
  expect(await cast('operator')).toContain('approved by anna and operator');
  const { state, votes } = await asked.result;
  expect([state, ...votes.map(({ person }) => person)]).toEqual(['approved', 'anna', 'operator']);
});

it('takes the vote of a person who was removed and is back, in place of the one that counts no more', async () => {
  const asked = await bench.ask({ needed: 2, roles: ['operator', 'approver'], remindEveryMs: 1_000 });
  const { id } = asked.request;
  const listed = async () => (await bench.operations.listApprovals()).find((one) => one.id === id);
  const cast = async (person: string, choice: 'approve' | 'reject' = 'approve') => {
    const parametersHash = (await listed())?.parametersHash ?? '';
    const vote = { approval: id, choice, parametersHash, reason: 'x' } as const;
    return (await bench.operations.castVote({ person, via: 'web' }, vote)).detail;
  };
  await shown(bench, ANNA, asked);
  expect(await cast('ben')).toBe('1 of 2 approvals (ben)');
  endPerson(bench.home, 'ben');
  const reminders = () =>
    bench.sent(ANNA).filter(({ text }) => text.includes(id) && text.includes('Reminder:'));
  const seen = reminders().length;
  await eventually(() => expect(reminders()[seen + 1]?.text).toContain('\n2 more needed.'));
  expect(await cast('ben')).toBe('1 of 2 approvals (ben)');
  expect(await cast('ben', 'reject')).toContain('ben has voted already');
  expect((await listed())?.votes).toMatchObject([{ person: 'ben' }]);
  expect(await cast('anna')).toContain('approved by ben and anna');
  const { state, votes } = await asked.result;
  expect([state, ...votes.map(({ person }) => person)]).toEqual(['approved', 'ben', 'anna']);
});

describe.concurrent('whoever reaches Temporal', () => {
  const send = (asked: Asked, vote: unknown) =>
    bench.temporal.client.workflow
      .getHandle(asked.workflowId)
      .executeUpdate<VoteAnswer, [Vote]>(APPROVAL_MESSAGES.vote, { args: [vote as Vote] });
  const decisionFor = (asked: Asked, key: string, subject = decisionSubject(asked.request)) =>
    signDecision(key, {
      decisionId: 'forged',
      desk: asked.request.desk,
      person: 'ben',
      via: 'web',
      choice: 'approve',
      subject,
      atWallMs: Date.now(),
      expiresWallMs: Date.now() + 60_000,
    });

  it('and says "approve" without our key approves nothing', async () => {
    const asked = await bench.ask();
    await shown(bench, ANNA, asked);
    const forged = decisionFor(asked, randomBytes(32).toString('hex'));
    expect(await send(asked, { decision: forged, reason: '' })).toMatchObject({
      counted: false,
      approvedBy: [],
      detail: expect.stringContaining('it was not made by this installation'),
    });
    for (const plain of [
      'approve',
      { choice: 'approve' },
      { decision: { choice: 'approve', person: 'ben' } },
    ]) {
      await expect(send(asked, plain)).rejects.toThrow();
    }
    expect((await bench.operations.listApprovals()).find(({ id }) => id === asked.request.id)?.votes).toEqual(
      [],
    );
    await note(bench, await tap(bench, ANNA, asked, 'Approve'));
    expect(await asked.result).toMatchObject({ state: 'approved', detail: 'approved by anna' });
  });

  it('can’t carry a vote from one approval to another', async () => {
    const [one, other] = await Promise.all([bench.ask(), bench.ask()]);
    await Promise.all([shown(bench, ANNA, one), shown(bench, ANNA, other)]);
    const genuine = decisionFor(one, DECISION_KEY);
    await expect(send(other, { decision: genuine, reason: '' })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('no such approval waits here') },
    });
  });

  it('and sets it back to before the votes gets nothing approved by those', async () => {
    const asked = await bench.ask();
    await note(bench, await tap(bench, ANNA, asked, 'Approve'));
    await asked.result;
    const again = await bench.ask({ ...asked.request, needed: 1 });
    expect(await again.result).toMatchObject({
      state: 'withdrawn',
      detail: 'it was approved before',
      votes: [],
    });
  });
});
