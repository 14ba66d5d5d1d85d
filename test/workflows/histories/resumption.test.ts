/** Resumptions by each rule, and a change of settings. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  pressingWithin,
  type SettingsChangeInput,
  type SettingsChangeResult,
} from '../../../src/contracts/approval.js';
import { operationsQueue, settingsChangeId } from '../../../src/contracts/queues.js';
import type { Decision } from '../../../src/domain/decision.js';
import { position, strategy } from '../../incidents/incident-bench.js';
import { until } from '../../support/eventually.js';
import { decisionOf, pressedFor, UNANSWERED_MS, vote } from '../support/decisions.js';
import { type Bench, type BenchDesk, openBench } from '../support/desk-bench.js';
import { keepHistory } from '../support/keep-history.js';
import { refusalOf } from '../support/refusal.js';
import { resume } from '../support/resumptions.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** What these tests need: each worker costs time to start. */
const SERVED = { serve: ['engine', 'operations'] } as const;

describe('histories of resumptions', () => {
  it('by rule, once a check that stood in the way passes', async () => {
    const desk = await bench.desk(SERVED);
    desk.checks.set('data-fresh', () => ({ verdict: 'fail', observed: 'old', expected: 'fresh' }));
    const run = await resume(bench, desk, desk.trader.halt('venue', 'auto'));
    await run.waitsFor('Market data fresh');
    desk.checks.clear();
    expect(await run.result()).toMatchObject({ state: 'armed' });
    await keepHistory(bench, 'resumption-by-auto', run.workflowId);
  });

  it('by a person', async () => {
    const desk = await bench.desk(SERVED);
    const haltId = desk.trader.halt('venue', 'person');
    const run = await resume(bench, desk, haltId);
    await run.waitsFor('a person');
    await run.decide(decisionOf(desk.name, 'resume', haltId));
    expect(await run.result()).toMatchObject({ state: 'armed' });
    await keepHistory(bench, 'resumption-by-person', run.workflowId);
  });

  it('by two people', async () => {
    const desk = await bench.desk(SERVED);
    const haltId = desk.trader.halt('kill', 'two-people');
    const run = await resume(bench, desk, haltId);
    await run.waitsFor('two people');
    await run.decide(decisionOf(desk.name, 'resume', haltId));
    await run.decide(decisionOf(desk.name, 'resume', haltId, { person: 'ben' }));
    expect(await run.result()).toMatchObject({ state: 'armed' });
    await keepHistory(bench, 'resumption-by-two-people', run.workflowId);
  });

  it('on the day after a daily loss', async () => {
    const desk = await bench.desk(SERVED);
    const run = await resume(bench, desk, desk.trader.halt('daily-loss', 'next-day'));
    await run.waitsFor('the next trading day');
    desk.trader.marketMs += 24 * 3_600_000;
    expect(await run.result()).toMatchObject({ state: 'armed', detail: 'armed, decided by rule next-day' });
    await keepHistory(bench, 'resumption-next-day', run.workflowId);
  });

  it('after maximum drawdown, at the smaller size that a person chose', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.strategies = [strategy('ema-cross')];
    desk.trader.held = [position('BTC/USDT')];
    const haltId = desk.trader.halt('drawdown', 'person');
    const run = await resume(bench, desk, haltId);
    await run.waitsFor('a person');
    await run.decide(decisionOf(desk.name, 'resume', haltId, { sizePct: 50 }));
    expect(await run.result()).toMatchObject({ state: 'armed' });
    expect(desk.trader.sent('arm')).toMatchObject([{ decisions: [{ sizePct: 50 }] }]);
    await keepHistory(bench, 'resumption-after-drawdown', run.workflowId);
  });

  it('that a newer halt has overtaken', async () => {
    const desk = await bench.desk(SERVED);
    const run = await resume(bench, desk, desk.trader.halt('venue', 'person'));
    await run.waitsFor('a person');
    desk.trader.halt('person', 'person');
    expect(await run.result()).toMatchObject({ state: 'superseded' });
    await keepHistory(bench, 'resumption-superseded', run.workflowId);
    await keepHistory(bench, 'resumption-superseded-kept', run.workflowId);
  });
});

describe('histories of changed settings', () => {
  async function change(desk: BenchDesk, given: Partial<SettingsChangeInput> = {}) {
    const { incarnation } = desk.trader;
    const changes = [{ key: 'risk.maxPositionSizePct', from: 3, to: 4 }];
    const workflowId = settingsChangeId(desk.name, 1);
    const input: SettingsChangeInput = {
      desk: desk.name,
      proposal: { incarnation, version: 1, changes },
      approvalId: `${workflowId}:abcd1234`,
      needed: 1,
      person: 'otto',
      reason: 'test',
      simulated: true,
      expiresAfterMs: 60_000,
      remindEveryMs: null,
      escalateAfterMs: null,
      evidenceMs: 600_000,
      ...given,
    };
    const handle = await bench.client.workflow.start('settingsChange', {
      workflowId,
      taskQueue: operationsQueue(desk.name),
      args: [input],
    });
    return { workflowId, result: () => handle.result() as Promise<SettingsChangeResult> };
  }

  it.each([
    ['settings-change-approved', 'approve', null, 'applied'],
    ['settings-change-rejected', 'reject', null, 'rejected'],
    ['settings-change-refused', 'approve', 'something else has changed', 'refused'],
  ] as const)('%s', async (name, choice, refusal, state) => {
    const desk = await bench.desk({ serve: ['engine', 'operations'] });
    desk.trader.refusesReload = refusal;
    const changing = await change(desk);
    await vote(bench, desk.name, { choice });
    expect(await changing.result()).toMatchObject({ state });
    expect(desk.trader.settingsVersion).toBe(state === 'applied' ? 1 : 0);
    await keepHistory(bench, name, changing.workflowId);
  });

  it('a refusal that was being verified when the approval was through ends it', async () => {
    let release = (): void => undefined;
    const refusing = new Promise<void>((resolve) => {
      release = resolve;
    });
    const verified: string[] = [];
    const desk = await bench.desk({
      ...SERVED,
      afterActivity: async (name, [given]) => {
        if (name !== 'recordApprovalVote') return;
        const { person } = (given as { decision: Decision }).decision;
        verified.push(person);
        if (person === 'anna') await refusing;
      },
    });
    const changing = await change(desk);
    const refusal = vote(bench, desk.name, { choice: 'reject' });
    await until('the refusal to be verified', () => verified.includes('anna'));
    const approval = vote(bench, desk.name, { person: 'ben' });
    await until('the approval to be verified', () => verified.includes('ben'));
    // Another one by the same person is refused as before, while the first waits.
    expect(await refusalOf(vote(bench, desk.name, { person: 'ben' }))).toContain('ben has voted already');
    release();
    expect(await refusal).toMatchObject({ counted: true, detail: 'rejected by anna' });
    expect(await approval).toMatchObject({
      counted: false,
      detail: expect.stringContaining('rejected by anna'),
    });
    expect(await changing.result()).toMatchObject({ state: 'rejected', detail: 'rejected by anna' });
    expect(desk.trader.settingsVersion).toBe(0);
    await keepHistory(bench, 'settings-change-refused-meanwhile', changing.workflowId);
  });

  it('roll: the trader takes it, starts again, and is read back until it has the new contract', async () => {
    const desk = await bench.desk({ serve: ['engine', 'operations'] });
    // The old contract, then one look that comes before the trader has the new one.
    const looks = [
      { verdict: 'pass', observed: 'NQ/USD is NQZ6', expected: '202612' },
      { verdict: 'fail', observed: 'the trader has not started again', expected: '202703' },
      { verdict: 'pass', observed: 'NQ/USD is NQH7', expected: '202703' },
    ] as const;
    let looked = 0;
    desk.checks.set('contract-in-force', () => looks[looked++] ?? looks[1]);
    const changing = await change(desk, {
      proposal: {
        incarnation: desk.trader.incarnation,
        version: 1,
        changes: [{ key: 'instruments.NQ/USD.contractMonth', from: '202612', to: '202703' }],
      },
    });
    await vote(bench, desk.name, { choice: 'approve' });
    expect(await changing.result()).toMatchObject({
      state: 'applied',
      detail: expect.stringContaining('NQ/USD 202612 → 202703: proven'),
    });
    expect(looked).toBe(3);
    expect(desk.restarted).toEqual(['trader']);
    expect(await desk.evidence('settings')).toMatchObject([
      { step_key: 'before-nq-usd', verdict: 'pass' },
      { step_key: 'proof-nq-usd', verdict: 'pass', observed: 'NQ/USD is NQH7' },
      { step_key: 'decision', verdict: 'pass' },
    ]);
    expect(desk.trader.sent('reload')).toMatchObject([
      { values: { 'instruments.NQ/USD.contractMonth': '202703' } },
    ]);
    await keepHistory(bench, 'settings-change-roll', changing.workflowId);
  });

  it('a roll that the trader refuses restarts nothing, and people hear why', async () => {
    const desk = await bench.desk({ serve: ['engine', 'operations'] });
    desk.trader.refusesReload = 'a position in NQ/USD is open';
    const changing = await change(desk, {
      proposal: {
        incarnation: desk.trader.incarnation,
        version: 1,
        changes: [{ key: 'instruments.NQ/USD.contractMonth', from: '202612', to: '202703' }],
      },
    });
    await vote(bench, desk.name, { choice: 'approve' });
    expect(await changing.result()).toMatchObject({ state: 'refused' });
    expect(desk.restarted).toEqual([]);
    await keepHistory(bench, 'settings-change-roll-refused', changing.workflowId);
  });

  it('settings-change-superseded', async () => {
    const desk = await bench.desk({ serve: ['engine', 'operations'] });
    desk.trader.settingsVersion = 1;
    const changing = await change(desk);
    await vote(bench, desk.name, { choice: 'approve' });
    expect(await changing.result()).toMatchObject({ state: 'superseded' });
    await keepHistory(bench, 'settings-change-superseded', changing.workflowId);
  });

  it('settings-change-expired', async () => {
    const desk = await bench.desk({ serve: ['engine', 'operations'] });
    const soon = { expiresAfterMs: UNANSWERED_MS, ...pressingWithin(UNANSWERED_MS) };
    const changing = await change(desk, soon);
    expect(await changing.result()).toMatchObject({ state: 'expired' });
    expect(await pressedFor(bench, desk.name, 'settings:')).toEqual([
      { key: 'reminder-1', severity: 'warning', audience: ['approver'] },
      { key: 'escalation', severity: 'critical', audience: ['operator', 'approver'] },
    ]);
    await keepHistory(bench, 'settings-change-expired', changing.workflowId);
  });
});
