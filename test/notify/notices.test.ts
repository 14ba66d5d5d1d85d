import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Approval } from '../../src/contracts/approval.js';
import type { Incident } from '../../src/contracts/incident.js';
import type { Notice } from '../../src/contracts/notice.js';
import type { Task } from '../../src/contracts/operations-activities.js';
import { approvalText, incidentNotice } from '../../src/notify/button-notices.js';
import { taskNotice } from '../../src/notify/notices.js';
import { spoolNotice, takeInSpool } from '../../src/notify/notify.js';

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

it('of the spool keep the time at which they were given', async () => {
  const home = mkdtempSync(join(tmpdir(), 'fermata-notices-'));
  const stored: unknown[] = [];
  const query = (_sql: string, values: readonly unknown[]) => {
    stored.push(values);
    return Promise.resolve({ rows: [{ id: '1' }] });
  };
  const notice = { desk: 'my-desk', event: 'halt', severity: 'critical', title: 'Halted', text: '' } as const;
  const given = new Date();
  await spoolNotice(home, { ...notice, fingerprint: 'now' });
  await spoolNotice(home, { ...notice, fingerprint: 'journal', occurredMs: AT_MS });
  const spooled = new Date();
  await takeInSpool(home, { query } as unknown as Parameters<typeof takeInSpool>[1]);
  rmSync(home, { recursive: true, force: true });
  const [now, journal] = stored.map((values) => (values as unknown[]).at(-1)) as Date[];
  expect(journal).toEqual(new Date(AT_MS));
  expect(now?.getTime()).toBeGreaterThanOrEqual(given.getTime());
  expect(now?.getTime()).toBeLessThanOrEqual(spooled.getTime());
});

it('behind one that a full disk has truncated is stored all the same', async () => {
  const home = mkdtempSync(join(tmpdir(), 'fermata-notices-'));
  try {
    const stored: unknown[] = [];
    const pool = {
      query: (_sql: string, values: readonly unknown[]) => {
        stored.push(values[1]);
        return Promise.resolve({ rows: [{ id: '1' }] });
      },
    } as unknown as Parameters<typeof takeInSpool>[1];
    const notice = (fingerprint: string): Notice => ({
      ...{
        desk: 'my-desk',
        fingerprint,
        event: 'incident',
        severity: 'warning',
        title: 'Odd',
        text: 'wicks',
      },
    });
    await spoolNotice(home, notice('first'));
    appendFileSync(join(home, 'notify', 'notices.jsonl'), '{"desk":"my-desk","fingerprint":"trunc');
    await spoolNotice(home, notice('second'));
    expect([await takeInSpool(home, pool), stored]).toEqual([2, ['first', 'second']]);
    expect(await takeInSpool(home, pool)).toBe(0);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
