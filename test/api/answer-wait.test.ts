import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { answerWaitMs } from '../../dashboard/src/connection/session.js';

const waitMs = (path: string): number => answerWaitMs(`http://127.0.0.1:8700${path}`);

it('the page waits for the proof of a close-all for longer than the longest that a desk file allows', () => {
  const { properties } = JSON.parse(readFileSync('desks/schema.json', 'utf8'));
  const { maximum } = properties.closeAll.properties.deadlineSeconds;
  expect(waitMs('/api/emergency/close-all')).toBeGreaterThan(maximum * 1_000 + 5_000);
});
it('the page waits for a resume as long as its checks and the trader may take, for anything else a minute', () => {
  expect(waitMs('/api/emergency/resume')).toBeGreaterThan(65_000);
  expect(waitMs('/api/emergency/stop')).toBe(60_000);
  expect(waitMs('/api/status')).toBe(60_000);
});
