/** The state of one incident so far. Everything but the phase survives continue-as-new. */
import { workflowInfo } from '@temporalio/workflow';
import type {
  Answered,
  IncidentCarried,
  IncidentInput,
  IncidentProgress,
  IncidentReport,
  IncidentState,
} from '../../../contracts/incident.js';
import type { PlaybookEnd } from '../../../contracts/playbook.js';
import type { Finding } from '../../../playbooks/playbook.js';
import { EvidenceTrail } from '../../evidence-trail.js';
import { showDetails, showPhase, stepLine } from '../../show.js';
import { recordCalls } from '../operations-calls.js';

export interface IncidentLog {
  readonly openedMs: number;
  readonly reports: IncidentReport[];
  /** The finding of each finished step of the playbook, by step. */
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

export function logOf(carried: IncidentCarried | null): IncidentLog {
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

export function stateOf({ outcome, acknowledged }: IncidentLog): IncidentState {
  if (outcome !== null) return 'resolved';
  return acknowledged === null ? 'open' : 'acknowledged';
}

export function progressOf(log: IncidentLog): IncidentProgress {
  const { phase, reports, escalations, acknowledged, outcome, playbook } = log;
  return {
    firstRunId: workflowInfo().firstExecutionRunId,
    state: stateOf(log),
    phase,
    reports: reports.length,
    escalations,
    acknowledgedBy: acknowledged?.by ?? null,
    outcome,
    ...(playbook === undefined ? {} : { playbook }),
  };
}

const SHOWN_MAX = 30;

const LINE_MAX = 200;

const titleOf = ({ title }: IncidentInput, { phase }: IncidentLog): string => `${title}: ${phase}`;

/** The timeline of one incident, as evidence. */
export class Timeline {
  readonly trail: EvidenceTrail;
  /** The trader's newest market time. */
  marketMs: number | null = null;

  constructor(
    private readonly input: IncidentInput,
    private readonly log: IncidentLog,
  ) {
    this.trail = new EvidenceTrail(input.desk, recordCalls(input.desk, input.timing.evidenceMs));
  }

  record({ kept: _, ...finding }: Finding, startedMs = Date.now()): void {
    this.log.sequence += 1;
    showStep(this.input, this.log, finding);
    this.trail.add({
      routine: 'incident',
      stepKey: `${this.log.sequence}`.padStart(4, '0'),
      attemptGroup: 0,
      startedMs,
      finishedMs: Date.now(),
      marketMs: this.marketMs,
      person: null,
      reference: null,
      simulated: this.input.simulated,
      ...finding,
    });
  }
}

/** Shows an incident in Temporal's UI: its phase, who has it, and its newest steps. */
export function showIncident(input: IncidentInput, log: IncidentLog): void {
  showPhase(titleOf(input, log), linesOf(log));
}

function showStep(input: IncidentInput, log: IncidentLog, { name, verdict, observed }: Finding): void {
  log.shown.push(stepLine(name, verdict, observed).slice(0, LINE_MAX));
  log.shown.splice(0, log.shown.length - SHOWN_MAX);
  showDetails(titleOf(input, log), linesOf(log));
}

function linesOf({ reports, acknowledged, shown }: IncidentLog): string[] {
  return [
    reports[0]?.detail ?? '',
    acknowledged ? `Acknowledged by ${acknowledged.by}` : 'Nobody has acknowledged it yet',
    ...shown,
  ];
}
