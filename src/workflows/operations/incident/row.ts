import { workflowInfo } from '@temporalio/workflow';
import type { Incident, IncidentInput } from '../../../contracts/incident.js';
import { type Course, stateOf } from './course.js';

/** The incident as people look it up in Postgres. */
export function rowOf(input: IncidentInput, course: Course): Omit<Incident, 'id'> {
  const { desk, fingerprint, kind, subject, severity, title, simulated, timing } = input;
  const { openedMs, phase, escalations, acknowledged, resolved, outcome, revision } = course;
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const isOver = outcome !== null;
  return {
    desk,
    workflowId,
    firstRunId: firstExecutionRunId,
    fingerprint,
    kind,
    subject,
    severity,
    title,
    detail: course.reports[0]?.detail ?? '',
    state: stateOf(course),
    phase,
    openedMs,
    respondByMs: openedMs + timing.respondMs,
    escalations,
    acknowledgedMs: acknowledged?.atMs ?? null,
    acknowledgedBy: acknowledged?.by ?? null,
    resolvedMs: isOver ? Date.now() : null,
    resolvedBy: isOver ? (resolved?.by ?? 'fermata') : null,
    outcome: outcome ?? '',
    simulated,
    revision,
  };
}
