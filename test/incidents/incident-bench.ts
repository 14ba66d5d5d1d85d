/** Incidents on the real Temporal server and Postgres, in seconds instead of hours. */
import { randomBytes, randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';
import {
  INCIDENT_MESSAGES,
  type IncidentInput,
  type IncidentProgress,
  type IncidentReport,
  type Symptom,
} from '../../src/contracts/incident.js';
import { operationsQueue, incidentId as workflowIdOf } from '../../src/contracts/queues.js';
import type { StrategyStatus, TraderStatus } from '../../src/contracts/trader-status.js';
import type { Desk } from '../../src/desk/schema.js';
import type { Decision } from '../../src/domain/decision.js';
import { incidentId } from '../../src/notify/button-notices.js';
import type { OperationContext } from '../../src/operations/operation.js';
import { fingerprintOf } from '../../src/temporal/report-incident.js';
import { decisionOf } from '../workflows/support/decisions.js';
import { type Bench, type BenchDesk, DECISION_KEY } from '../workflows/support/desk-bench.js';

const TIMING: IncidentInput['timing'] = {
  respondMs: 600_000,
  escalateMs: [],
  lookMs: 50,
  lookMsMax: 100,
  // Beyond what a busy machine takes for a test: what is to expire says so.
  offerMs: 600_000,
  reviewMs: 3_600_000,
  evidenceMs: 600_000,
};

const SETTINGS: IncidentInput['settings'] = {
  statusPage: null,
  offerSizePct: 50,
  volatilityTimesNormal: 2,
  nearLimitPct: 80,
  logLines: 100,
  losingTrades: 20,
  losingWinRatePct: 30,
};

/** What people and programs open and answer incidents with, at a desk of the bench with the file of `desk`. */
export const operationsOf = (bench: Bench, { name, trader }: BenchDesk, desk: Desk): OperationContext => ({
  desk: { ...desk, desk: name },
  pool: bench.database.pool,
  temporal: bench.temporal,
  trader: trader.client,
  decisionKey: () => DECISION_KEY,
  newId: () => randomBytes(8).toString('hex'),
  nowMs: Date.now,
  runtime: { desk: name, home: '/proc/nowhere' } as never,
});

export interface RunningIncident {
  readonly workflowId: string;
  readonly firstRunId: string;
  /** As people know it. */
  readonly id: string;
  progress(): Promise<IncidentProgress>;
  result(): Promise<IncidentProgress>;
  report(key: string): Promise<IncidentProgress>;
  answer(choice: 'acknowledge' | 'resolve', change?: Partial<Decision>): Promise<IncidentProgress>;
  end(): Promise<unknown>;
}

export type Opening = Pick<Symptom, 'kind'> &
  Partial<Symptom> & {
    readonly timing?: Partial<IncidentInput['timing']>;
    readonly settings?: Partial<IncidentInput['settings']>;
    readonly playbook?: IncidentInput['playbook'];
    readonly code?: IncidentInput['code'];
  };

export async function openIncident(
  bench: Bench,
  desk: BenchDesk,
  opening: Opening,
): Promise<RunningIncident> {
  const {
    kind,
    subject = randomUUID().slice(0, 8),
    title = `A ${kind}`,
    key = randomUUID(),
    detail = 'it was seen',
  } = opening;
  const fingerprint = fingerprintOf(desk.name, { kind, subject });
  const input: IncidentInput = {
    desk: desk.name,
    fingerprint,
    kind,
    subject,
    severity: 'high',
    title,
    incarnation: desk.trader.incarnation,
    simulated: true,
    timing: { ...TIMING, ...opening.timing },
    settings: { ...SETTINGS, ...opening.settings },
    ...(opening.playbook === undefined ? {} : { playbook: opening.playbook }),
    ...(opening.code === undefined ? {} : { code: opening.code }),
    carried: null,
  };
  const workflowId = workflowIdOf(fingerprint);
  const start = new WithStartWorkflowOperation('incident', {
    workflowId,
    taskQueue: operationsQueue(desk.name),
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    args: [input] as [IncidentInput],
  });
  const reportOf = (reported: string): IncidentReport => ({
    key: reported,
    source: 'test',
    detail,
    atMs: Date.now(),
  });
  await bench.client.workflow.executeUpdateWithStart(INCIDENT_MESSAGES.report, {
    args: [reportOf(key)],
    startWorkflowOperation: start,
  });
  const handle = await start.workflowHandle();
  const firstRunId = (await handle.describe()).runId;
  return {
    workflowId,
    firstRunId,
    id: incidentId({ workflowId, firstRunId }),
    progress: () => handle.query<IncidentProgress>(INCIDENT_MESSAGES.progress),
    result: () => handle.result() as Promise<IncidentProgress>,
    report: (reported) => handle.executeUpdate(INCIDENT_MESSAGES.report, { args: [reportOf(reported)] }),
    answer: (choice, change = {}) => {
      const decision = decisionOf(desk.name, choice, firstRunId, change);
      return handle.executeUpdate(INCIDENT_MESSAGES[choice], { args: [{ decision, note: 'seen' }] });
    },
    // Its procedure may have come to its own end meanwhile.
    end: () =>
      handle.terminate().catch((error: unknown) => {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }),
  };
}

export interface Told {
  readonly title: string;
  readonly body: string;
  readonly severity: string;
  readonly audience: readonly string[];
  readonly buttons: readonly { readonly text: string; readonly data: string }[];
}

/** What people were told of this incident, in order. */
export async function toldOf(bench: Bench, incident: RunningIncident): Promise<Told[]> {
  const found = await bench.database.pool.query<Told>(
    'select title, body, severity, audience, buttons from notice where fingerprint like $1 order by id',
    [`incident:${incident.id}:%`],
  );
  return found.rows;
}

export interface Step {
  readonly name: string;
  readonly verdict: string;
  readonly observed: string;
  readonly expected: string;
  readonly person: string | null;
  readonly reference: string | null;
}

/** The timeline as it is in evidence. */
export async function timelineOf(bench: Bench, incident: RunningIncident): Promise<Step[]> {
  const found = await bench.database.pool.query<Step>(
    `select name, verdict, observed, expected, person, reference from evidence
      where workflow_id = $1 and first_run_id = $2 order by step_key`,
    [incident.workflowId, incident.firstRunId],
  );
  return found.rows;
}

export function strategy(name: string, change: Partial<StrategyStatus> = {}): StrategyStatus {
  return {
    name,
    symbol: 'BTC/USDT',
    enabled: true,
    state: 'waits',
    trades: 12,
    wins: 3,
    realised: '-40.00',
    lossesInARow: 5,
    regime: 'ranging',
    off: null,
    ...change,
  };
}

export function position(symbol: string, change: Partial<TraderStatus['positions'][number]> = {}) {
  return {
    symbol,
    side: 'long',
    quantity: '0.5',
    averagePrice: '100',
    markPrice: '90',
    unrealised: '-5.00',
    stopPrice: '85',
    protection: 'confirmed',
    withoutStopMs: null,
    trade: null,
    strategy: 'ema-cross',
    ...change,
  } as const;
}
