/** The procedures whose buttons are pressed, each with what people do until it ends. */
import { randomUUID } from 'node:crypto';
import { fingerprintOf } from '../../../src/operations/incidents/incident-start.js';
import { findIncident } from '../../../src/store/incidents.js';
import { EMERGENCY_TIMING } from '../../../src/workflows/emergency/contract.js';
import { PULSE_MESSAGES } from '../../../src/workflows/operations/pulse/contract.js';
import { RESUMPTION_TIMING } from '../../../src/workflows/operations/resumption/contract.js';
import type { RoutineStep } from '../../../src/workflows/operations/routine/contract.js';
import type { SettingsChangeInput } from '../../../src/workflows/operations/settings/contract.js';
import {
  backupWorkflowId,
  drillWorkflowId,
  emergencyQueue,
  emergencyStopId,
  operationsQueue,
  preflightId,
  pulseId,
  resumptionId,
  settingsChangeId,
  validationId,
} from '../../../src/workflows/queues.js';
import { openIncident } from '../../incidents/incident-bench.js';
import { CHECK_STEPS } from '../../workflows/support/check-steps.js';
import { decisionOf, vote } from '../../workflows/support/decisions.js';
import type { Bench, BenchDesk } from '../../workflows/support/desk-bench.js';
import { startRoutine } from '../../workflows/support/routines.js';
import { until } from '../../workflows/support/until.js';
import type { Pressable } from './buttons.js';

const nobody = async (): Promise<void> => undefined;
const step = (key: string, check: string, onFail: RoutineStep['onFail']): RoutineStep => ({
  key,
  title: `Step ${key}`,
  check,
  onFail,
  timeoutSeconds: 10,
  with: {},
});

const operations = (bench: Bench) => bench.desk({ serve: ['operations', 'engine'] });
const passed = { verdict: 'pass', observed: 'x', expected: 'y' } as const;
const quick = (bench: Bench) =>
  bench.desk({
    serve: ['operations', 'engine'],
    activities: () => ({
      takeBackup: async () => ({ backupId: 'b1', step: { key: 'take', title: 'Taken', ...passed } }),
      verifyBackup: async () => ({ key: 'verify', title: 'Verified', ...passed }),
      restoreBackup: async () => ({
        backupId: 'b1',
        steps: [{ key: 'restore', title: 'Restored', ...passed }],
      }),
      runPreflight: async () => ({ verdict: 'pass', results: [] }),
      pruneBackups: async () => ({ key: 'prune', title: 'Pruned', ...passed }),
      runValidation: async () => ({
        recommendation: 'GO',
        qualifies: true,
        simulated: true,
        verdicts: [],
        dataProblems: [],
        standstills: [],
        reached: null,
        summary: 's',
        hash: 'h',
        files: { json: 'j', html: 'h' },
      }),
      recordValidationReport: nobody,
      announceValidation: nobody,
    }),
  });

const routine: Pressable = {
  name: 'a routine',
  routine: 'pre-market',
  desk: operations,
  begin: async (bench, desk) => {
    const steps = [step('a', 'database', 'stop'), step('b', 'venue-reachable', 'warn')];
    return (await startRoutine(bench, desk, steps)).workflowId;
  },
  answer: nobody,
};

const OPENING = { kind: 'reported', subject: 'x' } as const;

const incident: Pressable = {
  name: 'an incident',
  routine: 'incident',
  desk: operations,
  begin: async (bench, desk) => (await openIncident(bench, desk, OPENING)).workflowId,
  answer: async (bench, desk, workflowId) => {
    const key = fingerprintOf(desk.name, OPENING);
    const found = await until('its row', () => findIncident(bench.database.pool, desk.name, key), 2_000);
    const decision = decisionOf(desk.name, 'resolve', found.firstRunId);
    await bench.client.workflow
      .getHandle(workflowId)
      .executeUpdate('resolve', { args: [{ decision, note: 'over' }] });
  },
};

const settings: Pressable = {
  name: 'a change of settings',
  routine: 'settings',
  desk: operations,
  begin: async (bench, desk) => {
    const input: SettingsChangeInput = {
      desk: desk.name,
      proposal: {
        version: 1,
        incarnation: desk.trader.incarnation,
        configHash: desk.trader.configHash,
        changes: [{ key: 'risk.maxConcurrentPositions', from: 5, to: 6 }],
      } as never,
      approvalId: `settings:${desk.name}:1:${randomUUID().slice(0, 8)}`,
      needed: 1,
      person: 'otto',
      reason: 'more',
      simulated: true,
      expiresAfterMs: 60_000,
      remindEveryMs: null,
      escalateAfterMs: null,
      evidenceMs: 20_000,
    };
    return start(bench, 'settingsChange', settingsChangeId(desk.name, 1), input);
  },
  answer: async (bench, desk) => {
    await Promise.race([vote(bench, desk.name), new Promise((resolve) => setTimeout(resolve, 1_000))]);
  },
};

const resumption: Pressable = {
  name: 'a resumption',
  routine: 'resumption',
  desk: operations,
  begin: async (bench, desk) => {
    const haltId = desk.trader.halt('kill', 'person');
    const timing = { ...RESUMPTION_TIMING, retryMs: 50, retryMsMax: 200, evidenceMs: 20_000 };
    const { incarnation } = desk.trader;
    const common = { desk: desk.name, haltId, incarnation, simulated: true, timing };
    const input = { ...common, steps: CHECK_STEPS, decisions: [], cycle: 0 };
    return start(bench, 'resumption', resumptionId(desk.name, haltId), input);
  },
  answer: async (bench, desk, workflowId) => {
    const decision = decisionOf(desk.name, 'resume', workflowId.split(':').at(-1) ?? '');
    await bench.client.workflow.getHandle(workflowId).executeUpdate('decide', { args: [decision] });
  },
};

const backup: Pressable = {
  name: 'a backup',
  routine: 'backup',
  desk: quick,
  begin: (bench, desk) =>
    start(bench, 'backup', backupWorkflowId(desk.name), {
      ...{ desk: desk.name, verify: true, keep: 5, simulated: true },
      ...{ marketMs: null, person: null, evidenceMs: 20_000 },
    }),
  answer: nobody,
};

const drill: Pressable = {
  name: 'a drill',
  routine: 'restore-drill',
  desk: quick,
  begin: (bench, desk) =>
    start(bench, 'restoreDrill', drillWorkflowId(desk.name), {
      ...{ desk: desk.name, backupId: 'b1', simulated: true },
      ...{ marketMs: null, person: null, evidenceMs: 20_000 },
    }),
  answer: nobody,
};

const preflight: Pressable = {
  name: 'a pre-flight',
  routine: null,
  desk: quick,
  begin: (bench, desk) => start(bench, 'preflight', preflightId(desk.name), { desk: desk.name }),
  answer: nobody,
};

/** Ended by the test itself, after another beat. */
const pulse: Pressable = {
  name: 'the pulse',
  routine: null,
  endless: true,
  desk: operations,
  begin: (bench, desk) => start(bench, 'pulse', pulseId(desk.name), { desk: desk.name, everyMs: 200 }),
  answer: async (bench, _desk, workflowId) => {
    const handle = bench.client.workflow.getHandle(workflowId);
    const beat = () => handle.query<number>(PULSE_MESSAGES.lastBeat);
    const before = await beat();
    await until('another beat', async () => (await beat()) > before);
    await handle.terminate('beats');
  },
};

const validation: Pressable = {
  name: 'a validation',
  routine: 'validation',
  desk: quick,
  begin: (bench, desk) =>
    start(bench, 'validation', validationId(desk.name, 'v1'), {
      ...{ desk: desk.name, id: 'v1', durationMs: 3_600_000, person: 'anna' },
      ...{ runMsMax: 60_000, silentMs: 10_000, evidenceMs: 20_000 },
    }),
  answer: nobody,
};

const stop: Pressable = {
  name: 'an emergency stop',
  routine: 'emergency-stop',
  desk: (bench) => bench.desk({ serve: ['emergency', 'engine'] }),
  begin: async (bench, desk) => {
    const workflowId = emergencyStopId(desk.name);
    const { incarnation } = desk.trader;
    await bench.client.workflow.start('emergencyStop', {
      workflowId,
      taskQueue: emergencyQueue(desk.name),
      args: [{ desk: desk.name, incarnations: [incarnation], orders: [], timing: EMERGENCY_TIMING }],
    });
    return workflowId;
  },
  answer: nobody,
};

async function start(bench: Bench, type: string, workflowId: string, input: object): Promise<string> {
  const taskQueue = operationsQueue((input as Pick<BenchDesk, never> & { desk: string }).desk);
  await bench.client.workflow.start(type, { workflowId, taskQueue, args: [input] });
  return workflowId;
}

export const PRESSABLES: readonly Pressable[] = [
  routine,
  incident,
  settings,
  resumption,
  backup,
  drill,
  validation,
  preflight,
  pulse,
  stop,
];
