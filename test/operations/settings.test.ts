import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SettingsChangeResult } from '../../src/contracts/approval.js';
import { NOT_ON_DISK, settingsChangeId } from '../../src/contracts/queues.js';
import type { Desk } from '../../src/desk/schema.js';
import type { Caller } from '../../src/operations/operation.js';
import type { Operations } from '../../src/operations/operations.js';
import { until } from '../support/eventually.js';
import { readAudit } from '../support/read-audit.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { cryptoDesk } from './support/crypto-desk.js';
import { openOperations } from './support/open-operations.js';

let bench: Bench;
const opened: (() => Promise<void>)[] = [];
beforeAll(async () => {
  bench = await openBench();
});
afterAll(async () => {
  await Promise.all(opened.map((close) => close()));
  await bench?.close();
});

const OTTO: Caller = { person: 'otto', via: 'web' };
const ANNA: Caller = { person: 'anna', via: 'web' };

const PEOPLE: Desk['people'] = [
  { name: 'otto', roles: ['operator'] },
  { name: 'anna', roles: ['approver'] },
];

function operationsOf(desk: BenchDesk, address = bench.address): Operations {
  const { operations, temporal } = openOperations(bench, desk, { address, people: PEOPLE });
  opened.push(() => temporal.close());
  return operations;
}

const change = (operations: Operations, values: Record<string, number>) =>
  operations.changeSettings(OTTO, { values, reason: 'a calmer week' });

async function approvalOf(operations: Operations, id: string | null) {
  const find = async () => (await operations.listApprovals()).find((one) => one.id === id);
  return until('the approval', find);
}

const resultOf = (desk: BenchDesk, version: number): Promise<SettingsChangeResult> =>
  bench.client.workflow.getHandle(settingsChangeId(desk.name, version)).result();

const HOUR_MS = 3_600_000;
/** As long is who asks kept waiting until the question is among the approvals. */
const LISTED_MS = 5_000;

/** What the workflow was started with. */
async function inputOf(desk: BenchDesk, version: number): Promise<unknown> {
  const history = await bench.client.workflow.getHandle(settingsChangeId(desk.name, version)).fetchHistory();
  const [first] = history.events ?? [];
  const data = first?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
  return JSON.parse(Buffer.from(data ?? []).toString());
}

async function noticeOf(fingerprint: string): Promise<readonly { title: string; body: string }[]> {
  const { rows } = await bench.database.pool.query('select title, body from notice where fingerprint = $1', [
    fingerprint,
  ]);
  return rows;
}

/** The activity that the change waits for was tried so often. */
async function untilTried(desk: BenchDesk, attempts: number): Promise<void> {
  await until(`${attempts} attempts`, async () => {
    const { raw } = await bench.client.workflow.getHandle(settingsChangeId(desk.name, 1)).describe();
    return (raw.pendingActivities?.[0]?.attempt ?? 0) >= attempts || null;
  });
}

describe.concurrent('a change of settings', () => {
  it('that tightens is taken by the trader at once, and audited', async () => {
    const desk = await bench.desk({ serve: [] });
    const operations = operationsOf(desk);
    const result = await change(operations, { 'risk.maxPositionSizePct': 2 });
    expect(result).toMatchObject({
      state: 'applied',
      version: 1,
      changes: [{ key: 'risk.maxPositionSizePct', from: 3, to: 2 }],
      loosening: [],
    });
    expect(desk.trader.sent('reload')).toMatchObject([
      { by: 'otto', reason: 'a calmer week', baseVersion: 0, approvalId: '', decisions: [] },
    ]);
    await until('the audit entry', async () => (await readAudit(bench.database.pool, desk.name)).length > 0);
    expect(await readAudit(bench.database.pool, desk.name)).toMatchObject([
      { person: 'otto', action: 'changeSettings', parameters: { version: 1, reason: 'a calmer week' } },
    ]);
    await bench.database.ownerPool.query(
      `insert into settings_change (desk, incarnation, version, config_hash, changes, changed, by_whom, reason, market, wall)
       values ($1, 'inc', 1, 'hash', '[]', '{}', 'otto', 'a calmer week', now(), now())`,
      [desk.name],
    );
    const of = desk.trader.status();
    desk.trader.status = () => ({ ...of, settings: { ...of.settings, version: 3, fileConfigHash: 'f11e' } });
    const { settings, ...shown } = await operations.readSettings();
    expect(settings.find(({ key }) => key === 'risk.maxPositionSizePct')).toMatchObject({
      value: 2,
      fileValue: 3,
    });
    const { risk, strategies, ...file } = cryptoDesk();
    expect(shown).toMatchObject({
      ...{ version: 3, configHash: of.configHash, fileConfigHash: 'f11e', waiting: [], problems: [] },
      history: [{ version: 1, by: 'otto', reason: 'a calmer week' }],
    });
    // What can't be changed of limits and strategies, too.
    expect(shown.restartOnly).toEqual({
      ...{ ...file, desk: desk.name, people: PEOPLE },
      risk: { stopOverrunSeconds: risk.stopOverrunSeconds },
      strategies: [{ ...strategies[0], parameters: {} }],
    });
  });

  it('is not said to be refused where the trader gave no answer', async () => {
    const desk = await bench.desk({ serve: [] });
    const operations = operationsOf(desk);
    desk.trader.losesAnswersTo = 'reload';
    const result = await change(operations, { 'risk.maxPositionSizePct': 2 });
    const detail =
      'Whether the trader took it is not known: no answer to reload. Look at fermata status before you give it again.';
    expect(result).toMatchObject({ state: 'unknown', detail });
    expect(desk.trader.sent('reload')).toHaveLength(1);
    await until('the audit entry', async () => (await readAudit(bench.database.pool, desk.name)).length > 0);
    expect(await readAudit(bench.database.pool, desk.name)).toMatchObject([
      { action: 'changeSettings', outcome: `unknown: ${detail}` },
    ]);
  });

  it('that loosens waits for an approver, whose signed vote goes with it to the trader', async () => {
    const desk = await bench.desk({ serve: ['engine', 'operations'] });
    const operations = operationsOf(desk);
    const askedMs = performance.now();
    const asked = await change(operations, { 'risk.maxPositionSizePct': 4, 'risk.stopLossPct': 4 });
    const tookMs = performance.now() - askedMs;
    expect(asked).toMatchObject({
      state: 'waiting',
      version: 0,
      loosening: [{ key: 'risk.maxPositionSizePct', from: 3, to: 4 }],
      detail: expect.stringMatching(
        /^Some of it may allow more than now \(risk\.maxPositionSizePct\): all of it waits/,
      ),
    });
    // Who has asked reads at once what waits, unless the worker took longer to list it than one is kept waiting.
    const waiting = (await operations.readSettings()).waiting.map(({ id }) => id);
    if (tookMs < LISTED_MS) expect(waiting).toEqual([asked.approvalId]);
    const approval = await approvalOf(operations, asked.approvalId);
    expect(approval).toMatchObject({
      kind: 'settings',
      needed: 1,
      roles: ['approver'],
      requestedBy: 'otto',
      parameters: { 'risk.maxPositionSizePct': '3 → 4', 'risk.stopLossPct': '5 → 4' },
    });
    expect(desk.trader.sent('reload')).toEqual([]);
    expect(await inputOf(desk, 1)).toMatchObject({
      expiresAfterMs: 24 * HOUR_MS,
      remindEveryMs: 8 * HOUR_MS,
      escalateAfterMs: 16 * HOUR_MS,
    });
    const { id, parametersHash } = approval;
    const vote = { approval: id, choice: 'approve' as const, parametersHash, reason: 'looked at it' };
    const mayNot = await operations.castVote(OTTO, vote);
    expect([mayNot.ok, mayNot.reason]).toEqual([false, undefined]);
    expect(await operations.castVote(OTTO, { ...vote, approval: 'another' })).toMatchObject({
      ...{ ok: false, reason: 'unknown' },
      detail: 'There is no such approval. Look at fermata approvals.',
    });
    expect(await operations.castVote(ANNA, vote)).toMatchObject({ ok: true });
    expect(await resultOf(desk, 1)).toMatchObject({ state: 'applied' });
    expect(desk.trader.reloaded).toEqual([
      { values: { 'risk.maxPositionSizePct': 4, 'risk.stopLossPct': 4 }, approvedBy: ['anna'] },
    ]);
    expect(await desk.evidence('settings')).toMatchObject([
      { step_key: 'decision', verdict: 'pass', person: 'anna' },
    ]);
  });

  it('that the trader can not write is given to it again, also after a restart that has lost it', async () => {
    const desk = await bench.desk({ serve: ['engine', 'operations'] });
    const operations = operationsOf(desk);
    const asked = await change(operations, { 'risk.maxPositionSizePct': 4 });
    const { id, parametersHash } = await approvalOf(operations, asked.approvalId);
    desk.trader.offDisk = 'no space left on device';
    const vote = { approval: id, choice: 'approve' as const, parametersHash, reason: 'looked at it' };
    expect(await operations.castVote(ANNA, vote)).toMatchObject({ ok: true });
    await until('it to be sent again', () => desk.trader.sent('reload').length > 1);
    expect(desk.trader.settingsVersion).toBe(1);
    desk.trader.restart();
    expect(desk.trader.settingsVersion).toBe(0);
    expect(await resultOf(desk, 1)).toMatchObject({ state: 'applied' });
    expect(desk.trader.settingsVersion).toBe(1);
    expect(await desk.evidence('settings')).toMatchObject([{ step_key: 'decision', verdict: 'pass' }]);
  });

  it('that the trader can not write for long proves nothing, and people are told that its restart takes it back', async () => {
    const desk = await bench.desk({
      serve: ['engine', 'operations'],
      afterActivity: (name) => {
        // As the last of the attempts.
        if (name === 'reload') throw ApplicationFailure.nonRetryable('not on disk (disk full)', NOT_ON_DISK);
      },
    });
    const operations = operationsOf(desk);
    const asked = await change(operations, { 'risk.maxPositionSizePct': 4 });
    const { id, parametersHash } = await approvalOf(operations, asked.approvalId);
    const vote = { approval: id, choice: 'approve' as const, parametersHash, reason: 'looked at it' };
    expect(await operations.castVote(ANNA, vote)).toMatchObject({ ok: true });
    expect(await resultOf(desk, 1)).toMatchObject({
      state: 'applied',
      detail: expect.stringContaining('not on disk (disk full)'),
    });
    expect(await desk.evidence('settings')).toMatchObject([{ step_key: 'decision', verdict: 'warn' }]);
    expect(await noticeOf(`approval:${id}:not-on-disk`)).toMatchObject([
      {
        title: 'Settings version 1: not on disk',
        body: expect.stringContaining('a restart of the trader takes them back'),
      },
    ]);
  });

  it('that is not on disk is not told as applied, however often it is given, until it is', async () => {
    const desk = await bench.desk();
    const operations = operationsOf(desk);
    desk.trader.offDisk = 'no space left on device';
    for (let given = 0; given < 2; given += 1)
      expect(await change(operations, { 'risk.maxPositionSizePct': 2 })).toMatchObject({
        state: 'unknown',
        detail: expect.stringContaining('not on disk (no space left on device)'),
      });
    desk.trader.offDisk = null;
    expect(await change(operations, { 'risk.maxPositionSizePct': 2 })).toMatchObject({
      state: 'applied',
      detail: 'These settings are in force already.',
    });
  });

  it('that is rejected reaches no trader, and can be asked for again', async () => {
    const desk = await bench.desk({ serve: ['engine', 'operations'] });
    const operations = operationsOf(desk);
    const first = await change(operations, { 'risk.maxPositionSizePct': 4 });
    expect(await change(operations, { 'risk.maxPositionSizePct': 5 })).toMatchObject({
      state: 'refused',
      detail: expect.stringContaining('waits for approval'),
    });
    const { id, parametersHash } = await approvalOf(operations, first.approvalId);
    const vote = { approval: id, choice: 'reject' as const, parametersHash, reason: 'too large' };
    expect(await operations.castVote(ANNA, vote)).toMatchObject({ ok: true });
    expect(await resultOf(desk, 1)).toMatchObject({ state: 'rejected', configHash: null });
    expect(desk.trader.sent('reload')).toEqual([]);
    expect(await change(operations, { 'risk.maxPositionSizePct': 5 })).toMatchObject({ state: 'waiting' });
  });

  it('that another change has overtaken ends as superseded, for the people who agreed too', async () => {
    const desk = await bench.desk({ serve: ['engine', 'operations'] });
    const operations = operationsOf(desk);
    const asked = await change(operations, { 'risk.maxPositionSizePct': 4 });
    const { id, parametersHash } = await approvalOf(operations, asked.approvalId);
    expect(await change(operations, { 'risk.stopLossPct': 4 })).toMatchObject({ state: 'applied' });
    const vote = { approval: id, choice: 'approve' as const, parametersHash, reason: 'looked at it' };
    const counted = async () => {
      const result = await operations.castVote(ANNA, vote);
      return result.ok ? result.detail : null;
    };
    expect(await until('the vote', counted)).toContain('the trader will not take it');
    const words = /^approved by anna, not applied: in force are other settings\. Kept safe: /;
    expect(await resultOf(desk, 1)).toMatchObject({
      state: 'superseded',
      detail: expect.stringMatching(words),
    });
    expect(await approvalOf(operations, id)).toMatchObject({
      state: 'superseded',
      outcome: expect.stringMatching(words),
    });
    expect(await operations.castVote(ANNA, vote)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('It is superseded already'),
    });
    expect(await noticeOf(`approval:${id}:not-applied`)).toMatchObject([
      { title: 'Settings version 1: not applied', body: expect.stringContaining('other settings') },
    ]);
    expect(await desk.evidence('settings')).toMatchObject([{ step_key: 'decision', verdict: 'not_run' }]);
    const audit = await until('five entries', async () => {
      const found = await readAudit(bench.database.pool, desk.name);
      return found.length >= 5 ? found : null;
    });
    expect(audit.map(({ action }) => action).sort()).toEqual([
      'approval:superseded',
      'changeSettings',
      'changeSettings',
      'vote:approve',
      'vote:approve',
    ]);
    // Who voted and what the run found are written side by side, after what was asked for.
    const told = (said: object) => expect.objectContaining(said);
    expect(audit[0]).toEqual(told({ outcome: expect.stringContaining('superseded already') }));
    expect(audit.slice(1, 3)).toEqual(
      expect.arrayContaining([
        told({ parameters: told({ approval: id }), outcome: expect.stringMatching(words) }),
        told({ action: 'vote:approve', outcome: expect.stringContaining('the trader will not take it') }),
      ]),
    );
  });

  it('that the trader refuses for another reason stays approved, and people are told', async () => {
    const desk = await bench.desk({ serve: ['engine', 'operations'] });
    const operations = operationsOf(desk);
    const asked = await change(operations, { 'risk.maxPositionSizePct': 4 });
    const { id, parametersHash } = await approvalOf(operations, asked.approvalId);
    desk.trader.refusesReload = 'the disk is full';
    const vote = { approval: id, choice: 'approve' as const, parametersHash, reason: 'looked at it' };
    await until('the vote', async () => (await operations.castVote(ANNA, vote)).ok || null);
    expect(await resultOf(desk, 1)).toMatchObject({
      state: 'refused',
      detail: expect.stringContaining('the disk is full'),
    });
    expect(await approvalOf(operations, id)).toMatchObject({ state: 'approved' });
    expect(await noticeOf(`approval:${id}:not-applied`)).toMatchObject([
      { body: expect.stringContaining('the disk is full') },
    ]);
  });

  it('that was approved while the trader is started again is taken once it is there', async () => {
    const desk = await bench.desk({ serve: ['engine', 'operations'] });
    const operations = operationsOf(desk);
    const asked = await change(operations, { 'risk.maxPositionSizePct': 4 });
    const { id, parametersHash } = await approvalOf(operations, asked.approvalId);
    desk.trader.gone = true;
    const vote = { approval: id, choice: 'approve' as const, parametersHash, reason: 'looked at it' };
    await until('the vote', async () => (await operations.castVote(ANNA, vote)).ok || null);
    await untilTried(desk, 5);
    desk.trader.gone = false;
    expect(await resultOf(desk, 1)).toMatchObject({ state: 'applied' });
    expect(desk.trader.sent('reload')).toHaveLength(1);
  });

  it('can tighten while Temporal is down, and says that nobody can be asked to loosen', async () => {
    const desk = await bench.desk({ serve: [] });
    const nowhere = { ...bench.address, address: '127.0.0.1:1' };
    const operations = operationsOf(desk, nowhere);
    expect(await change(operations, { 'risk.stopLossPct': 4 })).toMatchObject({ state: 'applied' });
    expect(await change(operations, { 'risk.maxPositionSizePct': 4 })).toMatchObject({
      state: 'refused',
      detail: expect.stringContaining('Nobody could be asked'),
      doThis: 'Ask again when Temporal answers; limits can be tightened meanwhile.',
    });
  });

  it.each([
    ['venue.name', 'Edit the desk file and restart'],
    ['instruments', 'Edit the desk file and restart'],
    ['strategies.ema-cross.enabled', 'toggle'],
    ['risk.nothing', 'no setting of this desk'],
    ['__proto__.x', 'no setting of this desk'],
  ])('of %s is refused with what to do instead', async (key, words) => {
    const desk = await bench.desk({ serve: [] });
    const result = await change(operationsOf(desk), { [key]: 1 });
    expect(result).toMatchObject({ state: 'refused', detail: expect.stringContaining(words) });
    expect(desk.trader.sent('reload')).toEqual([]);
  });

  it('while the trader is away changes nothing', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.gone = true;
    expect(await change(operationsOf(desk), { 'risk.stopLossPct': 4 })).toMatchObject({ state: 'refused' });
  });
});
