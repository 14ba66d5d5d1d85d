import { expect, it } from 'vitest';
import type { Approval } from '../../src/contracts/approval.js';
import type { Incident } from '../../src/contracts/incident.js';
import type { Task } from '../../src/contracts/task.js';
import { approvalText } from '../../src/notify/approval-notice.js';
import { incidentNotice } from '../../src/notify/incident-notice.js';
import { taskNotice } from '../../src/notify/notices.js';

const AT_MS = Date.UTC(2026, 10, 20, 19, 1, 50, 53);
const INCIDENT = {
  desk: 'my-desk',
  id: 'abcdefghijklmnop',
  title: 'Odd wicks',
  detail: '',
  state: 'open',
  severity: 'medium',
  escalations: 0,
  respondByMs: AT_MS,
} as Incident;

it('say when in words that are read at a glance', () => {
  expect(incidentNotice(INCIDENT, 'opened', null).text).toContain('Answer by 2026-11-20 19:01 UTC.');
  const task = { id: 4, desk: 'my-desk', title: 'Look', detail: 'Look at it.', dueMs: AT_MS } as Task;
  expect(taskNotice(task).text).toContain('Due 2026-11-20 19:01 UTC.');
  const approval = { parameters: {}, needed: 1, roles: ['approver'], expiresMs: AT_MS } as unknown;
  expect(approvalText(approval as Approval)).toContain('until 2026-11-20 19:01 UTC.');
});

it('of an incident that is no more than a title have no empty line', () => {
  expect(incidentNotice(INCIDENT, 'opened', null).text).toBe(
    'Answer by 2026-11-20 19:01 UTC.\nIncident abcdefghijklmnop, medium.',
  );
});
