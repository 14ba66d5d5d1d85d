/** Every kind of question that waits for a person's decision in a workflow, put by the workflow that asks it. */

import { randomUUID } from 'node:crypto';
import {
  APPROVAL_MESSAGES,
  type ApprovalProgress,
  type SettingsChangeInput,
} from '../../../src/contracts/approval.js';
import { INCIDENT_MESSAGES, type IncidentProgress } from '../../../src/contracts/incident.js';
import { operationsQueue, resumptionId, settingsChangeId } from '../../../src/contracts/queues.js';
import {
  RESUMPTION_MESSAGES,
  RESUMPTION_TIMING,
  type ResumptionInput,
  type ResumptionProgress,
} from '../../../src/contracts/resumption.js';
import { type Decision, decisionSubject, signDecision } from '../../../src/domain/decision.js';
import { readApprovals } from '../../../src/store/approval-rows.js';
import { review, startAttempt } from '../../go-live/support/attempt.js';
import { openIncident } from '../../incidents/incident-bench.js';
import { until } from '../../support/eventually.js';
import { type Bench, type BenchDesk, DECISION_KEY } from '../../workflows/support/desk-bench.js';

export interface Question {
  readonly desk: BenchDesk;
  readonly workflowId: string;
  /** The update that carries the answer. */
  readonly update: string;
  /** The update's argument: a decision of anna's, signed with `key`. */
  answer(key?: string): unknown;
  /** Who decided, as the workflow sees it. */
  decidedBy(): Promise<readonly string[]>;
}

const HOUR_MS = 3_600_000;

function signed(
  desk: BenchDesk,
  about: Pick<Decision, 'choice' | 'subject'>,
  key: string = DECISION_KEY,
): Decision {
  const atWallMs = Date.now();
  return signDecision(key, {
    decisionId: randomUUID(),
    desk: desk.name,
    person: 'anna',
    via: 'web',
    ...about,
    atWallMs,
    expiresWallMs: atWallMs + 300_000,
  });
}

export async function askToResume(bench: Bench): Promise<Question> {
  const desk = await bench.desk({ serve: ['engine', 'operations'] });
  const haltId = desk.trader.halt('person', 'person');
  const input: ResumptionInput = {
    desk: desk.name,
    haltId,
    incarnation: desk.trader.incarnation,
    steps: [],
    simulated: true,
    timing: { ...RESUMPTION_TIMING, retryMs: 50, retryMsMax: 200, decisionWaitMs: 30_000 },
    decisions: [],
    cycle: 0,
  };
  const handle = await bench.client.workflow.start('resumption', {
    workflowId: resumptionId(desk.name, haltId),
    taskQueue: operationsQueue(desk.name),
    args: [input],
  });
  const progress = () => handle.query<ResumptionProgress>(RESUMPTION_MESSAGES.progress);
  await until('it waits', async () => (await progress()).state === 'waiting');
  return {
    desk,
    workflowId: handle.workflowId,
    update: RESUMPTION_MESSAGES.decide,
    answer: (key) => signed(desk, { choice: 'resume', subject: haltId }, key),
    decidedBy: async () => (await progress()).decidedBy,
  };
}

export async function askForSettings(bench: Bench): Promise<Question> {
  const desk = await bench.desk({ serve: ['engine', 'operations'] });
  const input: SettingsChangeInput = {
    desk: desk.name,
    proposal: {
      incarnation: desk.trader.incarnation,
      version: 1,
      changes: [{ key: 'risk.maxPositionSizePct', from: 3, to: 4 }],
    },
    approvalId: `${settingsChangeId(desk.name, 1)}:1`,
    needed: 2,
    person: 'otto',
    reason: 'a calmer week',
    simulated: true,
    expiresAfterMs: HOUR_MS,
    remindEveryMs: null,
    escalateAfterMs: null,
    evidenceMs: HOUR_MS,
  };
  await bench.client.workflow.start('settingsChange', {
    workflowId: settingsChangeId(desk.name, 1),
    taskQueue: operationsQueue(desk.name),
    args: [input],
  });
  return approvalOf(bench, desk);
}

export async function askToGoLive(bench: Bench): Promise<Question> {
  const attempt = await startAttempt(bench);
  await review(attempt);
  return approvalOf(bench, attempt.desk);
}

async function approvalOf(bench: Bench, desk: BenchDesk): Promise<Question> {
  const { pool } = bench.database;
  const approval = await until('the approval', async () => (await readApprovals(pool, desk.name))[0]);
  const handle = bench.client.workflow.getHandle(approval.workflowId);
  const progress = () => handle.query<readonly ApprovalProgress[]>(APPROVAL_MESSAGES.approvals);
  await until('it waits', async () => (await progress()).length > 0);
  const about = { choice: 'approve', subject: decisionSubject(approval) } as const;
  return {
    desk,
    workflowId: approval.workflowId,
    update: APPROVAL_MESSAGES.vote,
    answer: (key) => ({ decision: signed(desk, about, key), reason: 'looked at it' }),
    decidedBy: async () => (await progress()).flatMap(({ approvedBy }) => approvedBy),
  };
}

export async function askWhoHasIt(bench: Bench): Promise<Question> {
  const desk = await bench.desk({ serve: ['engine', 'operations'] });
  const incident = await openIncident(bench, desk, { kind: 'reported' });
  const handle = bench.client.workflow.getHandle(incident.workflowId);
  const about = { choice: 'acknowledge', subject: incident.firstRunId } as const;
  return {
    desk,
    workflowId: incident.workflowId,
    update: INCIDENT_MESSAGES.acknowledge,
    answer: (key) => ({ decision: signed(desk, about, key), note: '' }),
    decidedBy: async () => {
      const { acknowledgedBy } = await handle.query<IncidentProgress>(INCIDENT_MESSAGES.progress);
      return acknowledgedBy === null ? [] : [acknowledgedBy];
    },
  };
}
