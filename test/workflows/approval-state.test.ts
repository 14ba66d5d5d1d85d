/** When people are pressed for an answer, on a clock of the test's own. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type ApprovalRequest, pressingWithin } from '../../src/contracts/approval.js';
import { nextPauseMs, takePressing, type Waiting } from '../../src/workflows/operations/approval.js';

const HOUR_MS = 3_600_000;
const ASKED_MS = Date.UTC(2030, 0, 1);
beforeEach(() => vi.useFakeTimers({ now: ASKED_MS }));
afterEach(() => vi.useRealTimers());

function question(answerMs: number, pressing = pressingWithin(answerMs)) {
  const waiting = { expiresMs: ASKED_MS + answerMs, reminders: 0, escalated: false } as Waiting;
  return { request: pressing as ApprovalRequest, waiting };
}

/** What is said and when, in hours after the question, where the workflow wakes when it wants to. */
function pressed({ request, waiting }: ReturnType<typeof question>): string[] {
  const said: string[] = [];
  for (;;) {
    vi.advanceTimersByTime(nextPauseMs(request, waiting, ASKED_MS));
    if (Date.now() >= waiting.expiresMs) return said;
    const { key } = takePressing(request, waiting, ASKED_MS);
    said.push(`${key} after ${(Date.now() - ASKED_MS) / HOUR_MS} h`);
  }
}

it('reminds once, escalates once, and leaves the last third for an answer', () => {
  expect(pressed(question(24 * HOUR_MS))).toEqual(['reminder-1 after 8 h', 'escalation after 16 h']);
});

it('goes on reminding beyond that where the time is longer than what it was worked out from', () => {
  expect(pressed(question(96 * HOUR_MS, pressingWithin(72 * HOUR_MS)))).toEqual([
    'reminder-1 after 24 h',
    'escalation after 48 h',
    'reminder-3 after 72 h',
  ]);
});

it('says once what was missed while nobody could say it', () => {
  const { request, waiting } = question(24 * HOUR_MS);
  vi.advanceTimersByTime(20 * HOUR_MS);
  expect(takePressing(request, waiting, ASKED_MS)).toEqual({ escalates: true, key: 'escalation' });
  expect(nextPauseMs(request, waiting, ASKED_MS)).toBe(4 * HOUR_MS);
});

it('reminds again and again where nobody is to be escalated to', () => {
  expect(pressed(question(4 * HOUR_MS, { remindEveryMs: HOUR_MS, escalateAfterMs: null }))).toEqual([
    'reminder-1 after 1 h',
    'reminder-2 after 2 h',
    'reminder-3 after 3 h',
  ]);
});
