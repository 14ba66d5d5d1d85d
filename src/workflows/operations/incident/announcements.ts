/**
 * What people are told about an incident. The incident's row is written at the same time, so that whoever is told can
 * look it up.
 */
import { type ActivityInterfaceFor, workflowInfo } from '@temporalio/workflow';
import type { Incident, IncidentActivities, IncidentInput } from '../../../contracts/incident.js';
import { type Course, stateOf, type Timeline } from './course.js';

export class Announcements {
  constructor(
    private readonly input: IncidentInput,
    private readonly course: Course,
    private readonly timeline: Timeline,
    private readonly calls: Pick<ActivityInterfaceFor<IncidentActivities>, 'announceIncident'>,
  ) {}

  /** Tells people once per key. Nothing waits for it. */
  tell(key: string, text?: string): void {
    this.course.revision += 1;
    this.timeline.trail.keep(
      `telling: ${key}`,
      this.calls.announceIncident.executeWithOptions({ summary: `Tell people: ${key}` }, [
        { incident: rowOf(this.input, this.course), key, text: text ?? null },
      ]),
    );
  }

  /** Sent at once instead of at the next escalation, because the problem won't go away by itself. */
  alarm(key: string, text: string): void {
    const { done } = this.course;
    if (done[`alarm:${key}`] !== undefined) return;
    done[`alarm:${key}`] = text.slice(0, 500);
    this.timeline.record({
      name: 'People were told',
      kind: 'report',
      verdict: 'fail',
      observed: text,
      expected: '—',
    });
    this.tell(`alarm-${key}`, text);
  }
}

/** The incident's row in Postgres, where people look it up. */
function rowOf(input: IncidentInput, course: Course): Omit<Incident, 'id'> {
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
