/** The state of one incident so far. All of it goes through continue-as-new. */
import { workflowInfo } from '@temporalio/workflow';
import type { StepEvidence } from '../../../contracts/evidence.js';
import type {
  Answered,
  IncidentCarried,
  IncidentProgress,
  IncidentReport,
  IncidentState,
} from '../../../contracts/incident.js';
import type { PlaybookEnd } from '../../../contracts/playbook.js';

export interface Course {
  readonly openedMs: number;
  readonly reports: IncidentReport[];
  /** What each finished step of the playbook found, by step. */
  readonly done: Record<string, string>;
  phase: string;
  /** The newest steps of the timeline, as Temporal's UI shows them. */
  readonly shown: string[];
  escalations: number;
  acknowledged: Answered | null;
  /** Set once a person has declared it over. */
  resolved: Answered | null;
  /** How its playbook in code ended. */
  playbook?: PlaybookEnd;
  /** How it ended. */
  outcome: string | null;
  /** Version of its row in Postgres: the newest wins. */
  revision: number;
  /** Numbers the entries, so that the timeline has one order. */
  sequence: number;
}

export function courseOf(carried: IncidentCarried | null): Course {
  return {
    openedMs: carried?.openedMs ?? Date.now(),
    reports: [...(carried?.reports ?? [])],
    done: { ...carried?.done },
    phase: 'beginning',
    shown: [...(carried?.shown ?? [])],
    escalations: carried?.escalations ?? 0,
    acknowledged: carried?.acknowledged ?? null,
    resolved: carried?.resolved ?? null,
    ...(carried?.playbook === undefined ? {} : { playbook: carried.playbook }),
    outcome: null,
    revision: carried?.revision ?? 0,
    sequence: carried?.sequence ?? 0,
  };
}

export function stateOf({ outcome, acknowledged }: Course): IncidentState {
  if (outcome !== null) return 'resolved';
  return acknowledged === null ? 'open' : 'acknowledged';
}

export function progressOf(course: Course): IncidentProgress {
  const { phase, reports, escalations, acknowledged, outcome, playbook } = course;
  return {
    firstRunId: workflowInfo().firstExecutionRunId,
    state: stateOf(course),
    phase,
    reports: reports.length,
    escalations,
    acknowledgedBy: acknowledged?.by ?? null,
    outcome,
    ...(playbook === undefined ? {} : { playbook }),
  };
}

export type Finding = Pick<StepEvidence, 'name' | 'kind' | 'verdict' | 'observed' | 'expected'> &
  Partial<Pick<StepEvidence, 'person' | 'reference'>>;
