/** What was seen, and belongs to the incident while it lasts. */

import { INCIDENT_OVER, type IncidentReport, REPORTS_MAX } from '../../../contracts/incident.js';
import { isUnsealed } from '../../../domain/unsealed.js';
import type { Course } from './course.js';
import type { Timeline } from './timeline.js';

/** Synchronous; throwing refuses the update. */
export function refuseReport(course: Course, report: IncidentReport): void {
  if (isUnsealed(report)) throw new Error('a report in plain text counts for nothing');
  if (typeof report?.key !== 'string' || report.key === '' || typeof report.detail !== 'string')
    throw new Error('expected {key, source, detail, atMs}');
  if (course.outcome !== null) throw new Error(INCIDENT_OVER);
}

/** The same key counts once. The first one opens the incident, which records it itself. */
export function takeReport({ reports }: Course, timeline: Timeline, report: IncidentReport): void {
  const isKnown = reports.some(({ key }) => key === report.key);
  if (isKnown || reports.length >= REPORTS_MAX) return;
  reports.push(report);
  if (reports.length === 1) return;
  timeline.record({
    name: 'Seen again',
    kind: 'report',
    verdict: 'warn',
    observed: `${report.source}: ${report.detail}`,
    expected: 'nothing more',
    reference: report.key,
  });
}
