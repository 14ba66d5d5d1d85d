/** The timeline of one incident, as evidence. */

import type { IncidentInput } from '../../../contracts/incident.js';
import { EvidenceTrail } from '../../evidence-trail.js';
import { recordCalls } from '../operations-calls.js';
import type { Course, Finding } from './course.js';
import { showStep } from './show-incident.js';

export class Timeline {
  readonly trail: EvidenceTrail;
  /** As the trader said it last. */
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
