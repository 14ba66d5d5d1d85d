import { describe, expect, it } from 'vitest';
import { goLiveAuthority } from '../../src/trader/control/votes.js';
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

describe('a vote about a desk', () => {
  const asked = (desk: string | undefined) => {
    const named = { ...proposal, desk };
    return goLiveAuthority({
      desk: 'crypto-live',
      fileConfigHash: 'c'.repeat(64),
      proposal: named,
      decisions: [vote(named, 'operator', { atMs: 0 })],
      approvers: new Set(['operator']),
      needed: 1,
      coolingOffMs: 0,
      readKey: () => DECISION_KEY,
      nowMs: 1,
    });
  };

  it('counts for the desk that it names, and the permission is kept as it was before ids named it', () => {
    expect(asked('crypto-live').grant).toEqual(asked(undefined).grant);
    expect(() => asked('another-desk')).toThrow(/about the desk another-desk, and this one is crypto-live/);
  });
});

describe('one person who decides alone', () => {
  it('sleeps on it: the vote counts after the cooling-off only', () => {
    expect(() => ask(23)).toThrow(/cooling-off lasts 60 more minutes/);
    expect(ask(24)).toMatchObject({ authority: 'person', grant: { approvedBy: ['operator'] } });
  });
});
