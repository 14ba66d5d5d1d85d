/** How an incident begins and ends: recorded, told, and in the end a person is asked to look back on it. */
import { CANCEL_ASKED } from '../../cancellation.js';
import { runIdentity } from '../../evidence-trail.js';
import { showVerdict } from '../../show.js';
import { minutes } from './duration.js';
import type { IncidentRun } from './incident-run.js';

/** Not again after continue-as-new. */
export function open({ input, course, timeline, people }: IncidentRun): void {
  if (input.carried !== null) return;
  const [first] = course.reports;
  timeline.record({
    name: 'Opened',
    kind: 'report',
    verdict: 'fail',
    observed: first?.detail ?? input.title,
    expected: `a person answers within ${minutes(input.timing.respondMs)}`,
    reference: first?.key ?? null,
  });
  people.tell('opened');
}

/** An incident lasts as long as its cause: cancelling the run would only end the looking. */
export function goOn({ course, timeline, people }: IncidentRun): void {
  if (course.outcome !== null) return;
  const text = `${CANCEL_ASKED}: the incident goes on, because its cause is not gone. It ends by itself when that is so, or when a person says that it is over.`;
  timeline.record({
    name: 'Asked to cancel',
    kind: 'report',
    verdict: 'warn',
    observed: text,
    expected: 'a person says that it is over',
  });
  people.tell(`cancel-${course.sequence}`, text);
}

export function close(incident: IncidentRun, outcome: string): void {
  const { course, timeline, people } = incident;
  course.outcome = outcome;
  incident.show(outcome);
  timeline.record({
    name: 'Over',
    kind: 'report',
    verdict: 'pass',
    observed: outcome,
    expected: 'the cause is gone, or a person says that it is over',
    person: course.resolved?.by ?? null,
  });
  showVerdict('pass');
  people.tell('resolved');
}

export function askForReview({ input, course, timeline, keep }: IncidentRun): void {
  const { desk, title, timing, fingerprint, simulated } = input;
  timeline.trail.keep(
    'asking for the review',
    keep.askForReview.executeWithOptions({ summary: 'Ask a person to look back on it' }, [
      {
        run: runIdentity(desk),
        fingerprint,
        title,
        detail: `${course.reports[0]?.detail ?? title}. It ended: ${course.outcome}`,
        dueMs: Date.now() + timing.reviewMs,
        simulated,
      },
    ]),
  );
}
