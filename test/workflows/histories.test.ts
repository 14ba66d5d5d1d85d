/**
 * One run of every workflow type on the real server, replayed at once: code that is not deterministic fails here. With
 * FERMATA_RECORD_HISTORIES=1 the runs are also written to temporal/histories, which later code is replayed against.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type History, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { decisionSubject } from '../../src/domain/approval.js';
import { signDecision } from '../../src/domain/decision.js';
import { settingsTerms } from '../../src/domain/settings-change.js';
import type { Runtime } from '../../src/home/runtime.js';
import { EMERGENCY_TIMING } from '../../src/workflows/emergency/contract.js';
import { RESUMPTION_TIMING } from '../../src/workflows/operations/resumption/contract.js';
import type { RoutineStep } from '../../src/workflows/operations/routine/contract.js';
import type { SettingsChangeInput } from '../../src/workflows/operations/settings/contract.js';
import {
  backupWorkflowId,
  deskOwnerId,
  drillWorkflowId,
  emergencyQueue,
  emergencyStopId,
  operationsQueue,
  pulseId,
  resumptionId,
  routineId,
  settingsChangeId,
} from '../../src/workflows/queues.js';
import { openIncident } from '../incidents/incident-bench.js';
import { type Bench, bundleOf, DECISION_KEY, openBench } from './support/desk-bench.js';
import { until } from './support/until.js';

const FOLDER = fileURLToPath(new URL('../../temporal/histories/', import.meta.url));
const NOMINAL_MS = Date.parse('2026-03-02T00:00:00Z');
const TIMING = {
  ...EMERGENCY_TIMING,
  proofPatienceMs: 100,
  retryMs: 50,
  retryMsMax: 200,
  closeAllDeadlineMs: 300,
};
const STEPS: RoutineStep[] = [
  {
    key: 'data',
    title: 'Market data fresh',
    check: 'data-fresh',
    onFail: 'halt',
    timeoutSeconds: 5,
    with: {},
  },
  {
    key: 'venue',
    title: 'Venue reachable',
    check: 'venue-reachable',
    onFail: 'stop',
    timeoutSeconds: 5,
    with: {},
  },
  {
    key: 'database',
    title: 'Database answers',
    check: 'database',
    onFail: 'incident',
    timeoutSeconds: 5,
    with: {},
  },
];

describe('a run of every workflow type', () => {
  let bench: Bench;
  const recorded: { workflowId: string; history: History }[] = [];
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench?.close());

  async function keep(name: string, workflowId: string): Promise<void> {
    const history = await bench.client.workflow.getHandle(workflowId).fetchHistory();
    recorded.push({ workflowId: name, history });
    if (process.env.FERMATA_RECORD_HISTORIES !== '1') return;
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(`${FOLDER}${name}.json`, `${withoutMachine(historyToJSON(history))}\n`);
  }

  it('desk owner, and a stop that becomes a close-all and escalates', async () => {
    const desk = await bench.desk();
    desk.trader.stubbornEntries = 1;
    desk.trader.positions = ['BTC/USDT'];
    desk.trader.stuck = true;
    await bench.client.workflow.start('deskOwner', {
      workflowId: deskOwnerId(desk.name),
      taskQueue: emergencyQueue(desk.name),
      args: [{ desk: desk.name, admitted: [], orders: [], timing: TIMING }],
    });
    const owner = bench.client.workflow.getHandle(deskOwnerId(desk.name));
    const admitted = { incarnation: desk.trader.incarnation, place: 'here' };
    await owner.executeUpdate('admitIncarnation', { args: [admitted] });
    await owner.signal('stop', 'prices look wrong');
    await until('the stop was sent', () => desk.trader.sent('stop').length > 0);
    await owner.signal('closeAll', 'everything');
    await until('the escalation', () => desk.alarms.length > 0);
    desk.trader.positions = [];
    await bench.client.workflow.getHandle(emergencyStopId(desk.name)).result();
    await keep('emergency-stop-upgraded-and-escalated', emergencyStopId(desk.name));
    await keep('desk-owner', deskOwnerId(desk.name));
    await owner.terminate();
  });

  it('a stop whose trader was away', async () => {
    const desk = await bench.desk();
    desk.trader.gone = true;
    await bench.client.workflow.signalWithStart('emergencyStop', {
      workflowId: emergencyStopId(desk.name),
      taskQueue: emergencyQueue(desk.name),
      args: [{ desk: desk.name, incarnations: null, orders: [], timing: TIMING }],
      signal: 'stop',
      signalArgs: [{ commandId: 'c1', by: 'anna', via: 'web', reason: 'test', sentTo: [] }],
    });
    await until('a failure is on record', async () => (await desk.evidence('emergency-stop')).length > 1);
    desk.trader.gone = false;
    await bench.client.workflow.getHandle(emergencyStopId(desk.name)).result();
    await keep('emergency-stop-trader-away', emergencyStopId(desk.name));
  });

  it('routines that pass, fail and come too late', async () => {
    for (const [name, marketMs, failing] of [
      ['routine-failed', NOMINAL_MS, ['data-fresh', 'database']],
      ['routine-passed', NOMINAL_MS, []],
      ['routine-missed', NOMINAL_MS + 86_400_000, []],
    ] as const) {
      const desk = await bench.desk();
      for (const check of failing)
        desk.checks.set(check, () => ({ verdict: 'fail', observed: 'bad', expected: 'good' }));
      const workflowId = routineId(desk.name, 'pre-market', NOMINAL_MS);
      await bench.client.workflow.execute('routine', {
        workflowId,
        taskQueue: operationsQueue(desk.name),
        args: [
          {
            desk: desk.name,
            name: 'pre-market',
            title: 'Pre-market',
            steps: STEPS,
            latestMinutes: 60,
            cause: 'market-clock',
            nominalMs: NOMINAL_MS,
            marketMs,
            incarnation: desk.trader.incarnation,
            haltRule: 'auto',
            simulated: true,
            person: null,
            evidenceMs: 20_000,
          },
        ],
      });
      await keep(name, workflowId);
    }
  });

  it('a backup, its restore, and a routine of an action, a report and a person', async () => {
    const home = mkdtempSync(join(tmpdir(), 'fermata-histories-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const deskFile = join(home, 'desk.yaml');
    writeFileSync(deskFile, 'desk: test\n');
    const runtime = { home, deskFile, configHash: 'c0ffee' } as Runtime;
    const desk = await bench.desk({ serve: ['operations'], context: { runtime } });
    Object.assign(runtime, { desk: desk.name });
    const taskQueue = operationsQueue(desk.name);
    const common = { desk: desk.name, simulated: true, marketMs: null, person: null, evidenceMs: 20_000 };
    for (const [type, workflowId, input, name] of [
      ['backup', backupWorkflowId(desk.name), { verify: true, keep: 3 }, 'backup'],
      ['restoreDrill', drillWorkflowId(desk.name), { backupId: null }, 'restore-drill'],
    ] as const) {
      await bench.client.workflow.execute(type, { workflowId, taskQueue, args: [{ ...common, ...input }] });
      await keep(name, workflowId);
    }
    const given = { onFail: 'warn', timeoutSeconds: 5, with: {} } as const;
    const steps: RoutineStep[] = [
      { key: 'drill', title: 'Restored', action: 'restore-drill', ...given },
      { key: 'halts', title: 'Halts', report: 'incidents', ...given },
      { key: 'wait', title: 'Look', human: 'Look.', waitMinutes: 0.01, ...given },
      { key: 'review', title: 'Review', human: 'Read it.', ...given },
    ];
    const workflowId = routineId(desk.name, 'weekly', NOMINAL_MS);
    const rest = { name: 'weekly', title: 'Weekly', latestMinutes: 60, cause: 'person', haltRule: 'auto' };
    const times = { nominalMs: NOMINAL_MS, marketMs: NOMINAL_MS, incarnation: null };
    const args = [{ ...common, ...rest, ...times, steps }];
    await bench.client.workflow.execute('routine', { workflowId, taskQueue, args });
    await keep('routine-of-every-kind', workflowId);
  }, 60_000);

  it('resumptions by rule and by a person', async () => {
    for (const rule of ['auto', 'person'] as const) {
      const desk = await bench.desk();
      const haltId = desk.trader.halt('venue', rule);
      if (rule === 'auto')
        desk.checks.set('data-fresh', () => ({ verdict: 'fail', observed: 'old', expected: 'fresh' }));
      const handle = await bench.client.workflow.start('resumption', {
        workflowId: resumptionId(desk.name, haltId),
        taskQueue: operationsQueue(desk.name),
        args: [
          {
            desk: desk.name,
            haltId,
            incarnation: desk.trader.incarnation,
            steps: STEPS,
            simulated: true,
            timing: { ...RESUMPTION_TIMING, retryMs: 50, retryMsMax: 100 },
            decisions: [],
            cycle: 0,
          },
        ],
      });
      await until(
        'it waits',
        async () => ((await handle.query('progress')) as { state: string }).state === 'waiting',
      );
      desk.checks.clear();
      if (rule === 'person') {
        const decision = signDecision(DECISION_KEY, {
          decisionId: randomUUID(),
          desk: desk.name,
          person: 'anna',
          via: 'web',
          choice: 'resume',
          subject: haltId,
          atWallMs: Date.now(),
          expiresWallMs: Date.now() + 60_000,
        });
        await handle.executeUpdate('decide', { args: [decision] });
      }
      await handle.result();
      await keep(`resumption-by-${rule}`, handle.workflowId);
    }
  });

  it('a change of settings that a person approved', async () => {
    const desk = await bench.desk({ serve: ['engine', 'operations'] });
    const { incarnation } = desk.trader;
    const changes = [{ key: 'risk.maxPositionSizePct', from: 3, to: 4 }];
    const proposal = { incarnation, version: 1, changes };
    const workflowId = settingsChangeId(desk.name, 1);
    const approvalId = `${workflowId}:abcd1234`;
    const input: SettingsChangeInput = {
      desk: desk.name,
      proposal,
      approvalId,
      needed: 1,
      person: 'otto',
      reason: 'test',
      simulated: true,
      expiresAfterMs: 60_000,
      remindEveryMs: null,
      escalateAfterMs: null,
      evidenceMs: 20_000,
    };
    const handle = await bench.client.workflow.start('settingsChange', {
      workflowId,
      taskQueue: operationsQueue(desk.name),
      args: [input],
    });
    const open = async () => ((await handle.query('approvals')) as readonly unknown[]).length > 0;
    await until('it is asked', open);
    const decision = signDecision(DECISION_KEY, {
      decisionId: `${approvalId}:anna:approve`,
      desk: desk.name,
      person: 'anna',
      via: 'web',
      choice: 'approve',
      subject: decisionSubject({ id: approvalId, ...settingsTerms(proposal) }),
      atWallMs: Date.now(),
      expiresWallMs: Date.now() + 60_000,
    });
    await handle.executeUpdate('vote', { args: [{ decision, reason: 'looked at it' }] });
    expect(await handle.result()).toMatchObject({ state: 'applied' });
    await keep('settings-change-approved', workflowId);
  });

  it('incidents that a person ends, with an offer taken back, and that end by themselves', async () => {
    const desk = await bench.desk();
    desk.trader.risk = [{ limit: 'daily-loss', value: '3 %', now: '2.90 %' }];
    const drawdown = await openIncident(bench, desk, {
      kind: 'large-drawdown',
      subject: '',
      timing: { respondMs: 200 },
    });
    await until('a reminder', async () => (await drawdown.progress()).escalations === 1);
    await drawdown.answer('acknowledge');
    await drawdown.answer('resolve');
    await drawdown.result();
    await keep('incident-drawdown', drawdown.workflowId);
    desk.trader.venueBreaker = 'open';
    const outage = await openIncident(bench, desk, { kind: 'exchange-down', subject: '' });
    await until('the halt', () => desk.trader.mode === 'HALTED');
    desk.trader.venueBreaker = 'closed';
    desk.trader.halts = [];
    desk.trader.mode = 'ACTIVE';
    await outage.result();
    await keep('incident-exchange-down', outage.workflowId);
  });

  it('the pulse and the canary', async () => {
    const desk = await bench.desk();
    const taskQueue = operationsQueue(desk.name);
    await bench.client.workflow.execute('canary', { workflowId: `canary:${desk.name}`, taskQueue });
    await keep('canary', `canary:${desk.name}`);
    const pulse = await bench.client.workflow.start('pulse', {
      workflowId: pulseId(desk.name),
      taskQueue,
      args: [{ desk: desk.name, everyMs: 50 }],
    });
    await until('some beats', async () => (await pulse.describe()).historyLength > 20);
    await pulse.terminate();
    await keep('pulse', pulseId(desk.name));
  });

  it('replays without a difference', async () => {
    const failures: string[] = [];
    for (const name of ['emergency', 'operations'] as const) {
      const mine = recorded.filter(
        ({ workflowId }) => /^(desk|emergency)/.test(workflowId) === (name === 'emergency'),
      );
      const workflowBundle = await bundleOf(name);
      for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, mine)) {
        if (error) failures.push(`${workflowId}: ${error.message}`);
      }
    }
    expect(failures).toEqual([]);
    expect(recorded).toHaveLength(16);
  });
});

/** Who ran it where is nobody's business, and would differ at every recording: process@host, and paths in traces. */
function withoutMachine(json: string): string {
  const scrubbed = JSON.parse(json, (key, value) => {
    if (typeof value !== 'string') return value;
    if (key === 'identity') return 'recorded';
    if (key === 'stackTrace') return '';
    return value.replaceAll(new RegExp(`\\d+@${hostname()}`, 'g'), 'recorded');
  });
  return JSON.stringify(scrubbed, null, 1);
}
