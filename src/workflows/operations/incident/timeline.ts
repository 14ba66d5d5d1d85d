/** The timeline of one incident, as evidence. */

import type { IncidentInput } from '../../../contracts/incident.js';
import { EvidenceTrail } from '../../evidence-trail.js';
import { showDetails, showPhase, stepLine } from '../../show.js';
import { recordCalls } from '../operations-calls.js';
import type { Course, Finding } from './course.js';

const SHOWN_MAX = 30;

const LINE_MAX = 200;

const titleOf = ({ title }: IncidentInput, { phase }: Course): string => `${title}: ${phase}`;

export class Timeline {
  readonly trail: EvidenceTrail;
  /** The trader's newest market time. */
  marketMs: number | null = null;

  constructor(
    private readonly input: IncidentInput,
    private readonly course: Course,
  ) {
    this.trail = new EvidenceTrail(input.desk, recordCalls(input.desk, input.timing.evidenceMs));
  }

  record(finding: Finding, startedMs = Date.now()): void {
    this.course.sequence += 1;
    showStep(this.input, this.course, finding);
    this.trail.add({
      routine: 'incident',
      stepKey: `${this.course.sequence}`.padStart(4, '0'),
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
export function showIncident(input: IncidentInput, course: Course): void {
  showPhase(titleOf(input, course), linesOf(course));
}

function showStep(input: IncidentInput, course: Course, { name, verdict, observed }: Finding): void {
  course.shown.push(stepLine(name, verdict, observed).slice(0, LINE_MAX));
  course.shown.splice(0, course.shown.length - SHOWN_MAX);
  showDetails(titleOf(input, course), linesOf(course));
}

function linesOf({ reports, acknowledged, shown }: Course): string[] {
  return [
    reports[0]?.detail ?? '',
    acknowledged ? `Acknowledged by ${acknowledged.by}` : 'Nobody has acknowledged it yet',
    ...shown,
  ];
}
