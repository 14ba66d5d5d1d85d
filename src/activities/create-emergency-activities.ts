/**
 * The activities of the emergency workflows apart from the calls to traders: which traders there are, evidence, and an
 * alarm.
 */
import {
  type AdmittedIncarnation,
  askedWords,
  EMERGENCY_DEEDS,
  type EmergencyActivities,
  type EmergencyKind,
  type EmergencyVia,
  ORDER_NAMES,
  orderStepKey,
} from '../contracts/emergency.js';
import type { EvidenceActivities, RunIdentity, StepEvidence } from '../contracts/evidence.js';
import type { Alarm } from '../contracts/notice.js';
import { NO_REASON } from '../domain/plain-text.js';
import { alarmNotice, askWhy, type Unexplained } from '../notify/notices.js';
import { notify } from '../notify/notify.js';
import { appendAudit } from '../store/audit.js';
import { readEvidence, recordEvidenceBatch } from '../store/evidence-rows.js';
import type { Pool } from '../store/pool.js';
import { aboutThisRun, activityKey } from './activity-key.js';

interface EmergencyDependencies {
  readonly pool: Pool;
  readonly log: AlarmLog;
  readonly knownIncarnations: () => Promise<readonly string[]>;
  readonly goneTraders: () => Promise<readonly AdmittedIncarnation[]>;
  /** FERMATA_HOME, where notices are spooled while Postgres is down; null: they are not spooled. */
  readonly home: string | null;
}

export function createEmergencyActivities(dependencies: EmergencyDependencies): EmergencyActivities {
  const { pool, log, knownIncarnations, goneTraders, home } = dependencies;
  const { recordEvidenceBatch } = createEvidenceActivities(pool);
  return {
    recordEvidenceBatch: async (run, steps) => {
      await recordEvidenceBatch(run, steps);
      await auditOrders(pool, run, steps);
      // The recorded evidence counts, whether or not anybody could be asked for a reason.
      await askForReasons(pool, home, run.desk, steps).catch(() => undefined);
    },
    knownIncarnations,
    goneTraders,
    raiseAlarm: async (alarm) => {
      raiseAlarm(log, alarm);
      // A stop doesn't wait until people are told: a notice that can't be written now is in the log.
      await notify(pool, aboutThisRun(alarmNotice(alarm, activityKey())), home).catch(() => undefined);
    },
  };
}

const KINDS = Object.keys(ORDER_NAMES) as EmergencyKind[];
const VIAS: readonly EmergencyVia[] = ['web', 'cli', 'telegram', 'temporal'];
const ORDER = orderStepKey('');

/**
 * Every stop goes through the emergency workflow, whatever its source; its evidence shows which orders came
 * without a reason. Nobody waits for a signal's answer, so the reason is asked for here.
 */
async function askForReasons(
  pool: Pool,
  home: string | null,
  desk: string,
  steps: readonly StepEvidence[],
): Promise<void> {
  for (const step of steps) {
    const found = unexplained(desk, step);
    if (found !== null) await askWhy(pool, home, found);
  }
}

const ORDERS_MAX = 1_000;

/**
 * Who presses the button writes the audit entry; while Postgres restarts, nobody could. Once a run is proven, or has
 * ended without, the entries that are missing are written. The same command is one entry, whoever writes it.
 */
async function auditOrders(pool: Pool, run: RunIdentity, steps: readonly StepEvidence[]): Promise<void> {
  const proof = steps.find(({ stepKey }) => stepKey.startsWith('proof:'));
  if (proof === undefined) return;
  const { desk, workflowId, firstRunId } = run;
  const recorded = await readEvidence(pool, { desk, workflowId, firstRunId, limit: ORDERS_MAX });
  for (const order of recorded.map(orderOf)) {
    if (order === null || order.via === 'temporal') continue;
    const { kind, person, via, reason, commandId } = order;
    await appendAudit(pool, {
      ...{ desk, person, via, action: kind, parameters: { reason, commandId }, idempotencyKey: commandId },
      outcome: proof.verdict === 'pass' ? 'proven' : `not proven: ${proof.observed}`,
    });
  }
}

interface RecordedOrder {
  readonly kind: EmergencyKind;
  readonly person: string;
  readonly via: EmergencyVia;
  readonly reason: string;
  readonly commandId: string;
}

/** What the evidence of an order says. Null if the step is not one. */
function orderOf({
  stepKey,
  name,
  person,
  observed,
}: Pick<StepEvidence, 'stepKey' | 'name' | 'person' | 'observed'>): RecordedOrder | null {
  const kind = KINDS.find((one) => ORDER_NAMES[one] === name);
  if (kind === undefined || person === null || !stepKey.startsWith(ORDER)) return null;
  const words = (via: EmergencyVia): string => askedWords({ by: person, via, reason: '' });
  const via = VIAS.find((one) => observed.startsWith(words(one)));
  if (via === undefined) return null;
  const reason = observed.slice(words(via).length);
  return { kind, person, via, reason, commandId: stepKey.slice(ORDER.length) };
}

/** Null if the step is not an order, or an order with a reason. */
function unexplained(desk: string, step: StepEvidence): Unexplained | null {
  const order = orderOf(step);
  if (order === null || order.reason !== NO_REASON) return null;
  const { kind, person, via, commandId } = order;
  return {
    ...{ desk, via, commandId, did: EMERGENCY_DEEDS[kind], atMs: step.finishedMs },
    person: via === 'temporal' ? 'somebody' : person,
  };
}

export interface AlarmLog {
  error(fields: object, message: string): void;
}

/** An alarm is a marked line of the log; other channels pick it up from there. */
export function raiseAlarm(log: AlarmLog, { desk, text, isOver }: Alarm): void {
  if (!isOver) log.error({ alarm: true, desk }, text);
}

export function createEvidenceActivities(pool: Pool): EvidenceActivities {
  return {
    recordEvidenceBatch: async (run, steps) => {
      await recordEvidenceBatch(
        pool,
        steps.map((step) => ({ ...run, ...step })),
      );
    },
  };
}
