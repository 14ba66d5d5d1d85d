/** The procedures whose buttons are pressed, each with what people do until it ends. */

import { randomUUID } from 'node:crypto';
import type { SettingsChangeInput } from '../../../src/contracts/approval.js';
import type { DeployInput } from '../../../src/contracts/deploy.js';
import {
  EMERGENCY_MESSAGES,
  EMERGENCY_TIMING,
  emergencyStopLabel,
} from '../../../src/contracts/emergency.js';
import {
  backupWorkflowId,
  deployId,
  deskOwnerId,
  drillWorkflowId,
  emergencyQueue,
  emergencyStopId,
  operationsQueue,
  PULSE_MESSAGES,
  preflightId,
  pulseId,
  resumptionId,
  settingsChangeId,
  validationId,
} from '../../../src/contracts/queues.js';
import { RESUMPTION_TIMING } from '../../../src/contracts/resumption.js';
import type { RoutineStep } from '../../../src/contracts/routine.js';
import { runLabel } from '../../../src/contracts/run-label.js';
import type { Desk } from '../../../src/desk/schema.js';
import { goLiveId } from '../../../src/domain/go-live-terms.js';
import { findIncident } from '../../../src/store/incident-rows.js';
import { fingerprintOf } from '../../../src/temporal/report-incident.js';
import { deskOwnerOf } from '../../../src/worker/follow-incarnation.js';
import { ANNA, BERT, beginAttempt, liveBenchDesk, peopleOf } from '../../go-live/support/attempt.js';
import { openIncident } from '../../incidents/incident-bench.js';
import { CHECK_STEPS } from '../../workflows/support/check-steps.js';
import { decisionOf, vote } from '../../workflows/support/decisions.js';
import type { Bench, BenchDesk } from '../../workflows/support/desk-bench.js';
import { startRoutine } from '../../workflows/support/routines.js';
import { until } from '../eventually.js';
import type { Pressable } from './buttons.js';

const nobody = async (): Promise<void> => undefined;
/** Far beyond what any test takes: a procedure whose activities are held must not run out of its time meanwhile. */
const LONG_MS = 600_000;
const step = (key: string, check: string, onFail: RoutineStep['onFail']): RoutineStep => ({
  key,
  title: `Step ${key}`,
  check,
  onFail,
  timeoutSeconds: 60,
  with: {},
});

const operations: Pressable['desk'] = (bench, options) =>
  bench.desk({ ...options, serve: ['operations', 'engine'] });
const emergency: Pressable['desk'] = (bench, options) =>
  bench.desk({ ...options, serve: ['emergency', 'engine'] });
const passed = { verdict: 'pass', observed: 'x', expected: 'y' } as const;
/** Of what takes long, or needs more than a desk. */
export const QUICK_ACTIVITIES = {
  takeBackup: async () => ({ backupId: 'b1', step: { key: 'take', title: 'Taken', ...passed } }),
  verifyBackup: async () => ({ key: 'verify', title: 'Verified', ...passed }),
  restoreBackup: async () => ({
    backupId: 'b1',
    steps: [{ key: 'restore', title: 'Restored', ...passed }],
  }),
  examineBuild: async () => ({
    build: { id: 'b', commit: 'c', version: '1', from: '/x', updated: [], testedMs: 1, testsTookMs: 1 },
    problem: null,
    observed: 'fit',
  }),
  switchBuild: async () => ({ switched: true, says: 'it runs' }),
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
};

const quick: Pressable['desk'] = (bench, options) =>
  bench.desk({ ...options, serve: ['operations', 'engine'], activities: () => QUICK_ACTIVITIES });

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
  handler: 'verifyDecision',
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
  handler: 'recordApprovalVote',
  routine: 'settings',
  desk: operations,
  begin: async (bench, desk) => {
    const version = desk.trader.settingsVersion + 1;
    const input: SettingsChangeInput = {
      desk: desk.name,
      proposal: {
        version,
        incarnation: desk.trader.incarnation,
        configHash: desk.trader.configHash,
        changes: [{ key: 'risk.maxConcurrentPositions', from: 5, to: 6 }],
      } as never,
      approvalId: `settings:${desk.name}:${version}:${randomUUID().slice(0, 8)}`,
      needed: 1,
      person: 'otto',
      reason: 'more',
      simulated: true,
      expiresAfterMs: LONG_MS,
      remindEveryMs: null,
      escalateAfterMs: null,
      evidenceMs: LONG_MS,
    };
    return start(bench, 'settingsChange', settingsChangeId(desk.name, version), input);
  },
  answer: async (bench, desk) => {
    await Promise.race([vote(bench, desk.name), new Promise((resolve) => setTimeout(resolve, 1_000))]);
  },
};

const resumption: Pressable = {
  name: 'a resumption',
  handler: 'verifyDecision',
  routine: 'resumption',
  desk: operations,
  begin: async (bench, desk) => {
    const haltId = desk.trader.halt('kill', 'person');
    const timing = { ...RESUMPTION_TIMING, retryMs: 50, retryMsMax: 200, evidenceMs: LONG_MS };
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
      ...{ marketMs: null, person: null, evidenceMs: LONG_MS },
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
      ...{ marketMs: null, person: null, evidenceMs: LONG_MS },
    }),
  answer: nobody,
};

const deployment: Pressable = {
  name: 'a deployment',
  handler: 'recordApprovalVote',
  routine: 'deploy',
  begins: 1,
  newType: 'deploy',
  desk: quick,
  begin: async (bench, desk) => start(bench, 'deploy', deployId(desk.name), deployInput(desk.name)),
  answer: settings.answer,
};

export const deployInput = (desk: string, change: Partial<DeployInput> = {}): DeployInput => ({
  ...{ desk, build: 'b', person: 'otto', reason: 'newer', needed: 1, simulated: true, marketMs: null },
  approvalId: `${deployId(desk)}:${randomUUID().slice(0, 8)}`,
  ...{ expiresAfterMs: LONG_MS, remindEveryMs: null, escalateAfterMs: null, evidenceMs: LONG_MS },
  ...{ backupsKept: 5, backupDays: null },
  ...change,
});

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
      ...{ runMsMax: LONG_MS, silentMs: 10_000, evidenceMs: LONG_MS },
    }),
  answer: nobody,
};

const stop: Pressable = {
  name: 'an emergency stop',
  routine: 'emergency-stop',
  desk: emergency,
  begin: async (bench, desk) => {
    const workflowId = emergencyStopId(desk.name);
    const { incarnation } = desk.trader;
    await bench.client.workflow.start('emergencyStop', {
      workflowId,
      taskQueue: emergencyQueue(desk.name),
      args: [{ desk: desk.name, incarnations: [incarnation], orders: [], timing: EMERGENCY_TIMING }],
      ...emergencyStopLabel(desk.name),
    });
    return workflowId;
  },
  answer: nobody,
};

/** Ended by the test itself, once it has handed a stop over. */
const deskOwner: Pressable = {
  name: 'the owner of the desk',
  routine: 'emergency-stop',
  endless: true,
  desk: emergency,
  begin: async (bench, desk) => {
    const file = { desk: desk.name, closeAll: { deadlineSeconds: 30 } } as Desk;
    await deskOwnerOf(bench.temporal, file, 'home').admit(desk.trader.incarnation);
    return deskOwnerId(desk.name);
  },
  answer: async (bench, desk, workflowId) => {
    const owner = bench.client.workflow.getHandle(workflowId);
    const halts = () => desk.trader.sent('stop').length;
    const before = halts();
    await owner.signal(EMERGENCY_MESSAGES.stop, 'prices look wrong');
    const stopped = bench.client.workflow.getHandle(emergencyStopId(desk.name));
    const isStopped = await until('a stop, or that nobody takes it', async () => {
      const { status: owners } = await owner.describe();
      if (owners.name !== 'RUNNING') return 'nobody';
      if (halts() === before) return null;
      const found = await stopped.describe();
      return found.status.name === 'COMPLETED' && 'stopped';
    });
    if (isStopped === 'stopped') await owner.terminate('it has handed over');
  },
};

const goLive: Pressable = {
  name: 'going live',
  routine: 'go-live',
  handler: 'recordApprovalVote',
  desk: (bench, options) => liveBenchDesk(bench, options),
  begin: async (bench, desk) => {
    await endPermission(desk);
    // Looked at twice a watch: each look is two boundaries more.
    const { input } = await beginAttempt(bench, desk, { watchMs: 200, lookMs: 200, remindMs: 60_000 });
    return goLiveId(input.desk, input.release, input.attempt);
  },
  answer: async (bench, desk, workflowId) => {
    const people = peopleOf(bench, desk);
    const asked = (await people.listTasks()).filter(({ state }) => state === 'open');
    for (const { id } of asked) await people.completeTask(BERT, { id, note: 'as it should be' });
    for (const { id, parametersHash, state } of await people.listApprovals()) {
      if (state !== 'open') continue;
      for (const person of [ANNA, BERT])
        await people.castVote(person, { approval: id, choice: 'approve', parametersHash, reason: 'r' });
    }
    // One that was cancelled, or begun again, while it was live is watched until a person ends the permission.
    const told = await bench.database.pool.query(
      "select 1 from notice where desk = $1 and severity = 'critical' and body like '%go-live --revoke%' and strpos(fingerprint, $2) > 0",
      [desk.name, workflowId],
    );
    if (told.rowCount !== 0) await endPermission(desk);
  },
};

async function endPermission({ trader }: BenchDesk): Promise<void> {
  if (trader.granted === null) return;
  await trader.answer('revokeGoLive', { commandId: randomUUID(), by: 'anna', reason: 'over' });
}

async function start(bench: Bench, type: string, workflowId: string, input: object): Promise<string> {
  const { desk } = input as { desk: string };
  await bench.client.workflow.start(type, {
    workflowId,
    taskQueue: operationsQueue(desk),
    args: [input],
    ...runLabel({ desk, routine: type, summary: type, details: '' }),
  });
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
  deskOwner,
  goLive,
  deployment,
];
