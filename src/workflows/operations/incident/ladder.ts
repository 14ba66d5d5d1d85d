import { condition } from '@temporalio/workflow';
import { minutes } from './duration.js';
import type { IncidentRun } from './incident-run.js';

/** Reminds, and tells more people each time, until somebody has answered or it is over. */
export async function climbLadder({ input, course, timeline, people }: IncidentRun): Promise<void> {
  const rungs = [input.timing.respondMs, ...input.timing.escalateMs];
  const isAnswered = () => course.acknowledged !== null || course.outcome !== null;
  while (course.escalations < rungs.length) {
    const dueMs = course.openedMs + (rungs[course.escalations] ?? 0);
    if (await condition(isAnswered, Math.max(1, dueMs - Date.now()))) return;
    course.escalations += 1;
    timeline.record({
      name: course.escalations === 1 ? 'Reminder' : `Escalation ${course.escalations - 1}`,
      kind: 'report',
      verdict: 'warn',
      observed: `nobody has acknowledged it for ${minutes(Date.now() - course.openedMs)}`,
      expected: 'a person answers',
    });
    people.tell(`escalation-${course.escalations}`);
  }
}
