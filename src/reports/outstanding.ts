import { NO_PARAMETERS } from '../desk/step-parts.js';
import { someOf } from '../domain/figure-text.js';
import { moment } from '../domain/moment.js';
import { readApprovals } from '../store/approval-rows.js';
import { readIncidents } from '../store/incident-rows.js';
import { readTasks } from '../store/task-rows.js';
import { report } from './report.js';

const SHOWN_MAX = 20;
const COUNTED_MAX = 1_000;

/** What is waiting for people: open incidents, then tasks, then approvals. */
export const outstanding = report(
  'What waits for a person',
  NO_PARAMETERS,
  async ({ desk: { desk }, pool }) => {
    const [incidents, tasks, approvals] = await Promise.all([
      readIncidents(pool, desk, { limit: COUNTED_MAX }),
      readTasks(pool, desk, { state: 'open', limit: COUNTED_MAX }),
      readApprovals(pool, desk, COUNTED_MAX),
    ]);
    const nowMs = Date.now();
    const issues = [
      ...incidents
        .filter(({ state }) => state !== 'resolved')
        .map(({ title, severity, openedMs }) => `incident (${severity}) ${title}, since ${moment(openedMs)}`),
      ...tasks.map(
        ({ id, title, dueMs }) =>
          `task ${id} ${title}, ${dueMs < nowMs ? 'OVERDUE since' : 'due'} ${moment(dueMs)}`,
      ),
      ...approvals
        .filter(({ state }) => state === 'open')
        .map(({ title, expiresMs }) => `approval ${title}, until ${moment(expiresMs)}`),
    ];
    if (issues.length === 0) return 'nothing is outstanding';
    return `${issues.length} outstanding: ${someOf(issues, SHOWN_MAX)}`;
  },
);
