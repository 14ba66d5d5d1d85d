import { describe, expect, it } from 'vitest';
import { goLiveAuthority } from '../../src/trader/control/go-live-authority.js';
import { DECISION_KEY, vote } from './support/live-desk.js';

const HOUR_MS = 3_600_000;
const proposal = {
  release: 'r',
  attempt: 1,
  step: 0,
  incarnation: 'abc123',
  configHash: 'c'.repeat(64),
  haltId: 'a'.repeat(32),
  size: { maxPositionSizePct: 3, maxConcurrentPositions: 3 },
};

function ask(hoursAgo: number) {
  const nowMs = Date.now();
  return goLiveAuthority({
    desk: 'crypto-live',
    fileConfigHash: 'c'.repeat(64),
    proposal,
    decisions: [vote(proposal, 'operator', { atMs: nowMs - hoursAgo * HOUR_MS })],
    approvers: new Set(['operator']),
    needed: 1,
    coolingOffMs: 24 * HOUR_MS,
    readKey: () => DECISION_KEY,
    nowMs,
  });
}

describe('one person who decides alone', () => {
  it('sleeps on it: the vote counts after the cooling-off only', () => {
    expect(() => ask(23)).toThrow(/cooling-off lasts 60 more minutes/);
    expect(ask(24)).toMatchObject({ authority: 'person', grant: { approvedBy: ['operator'] } });
  });
});
