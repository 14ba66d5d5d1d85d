/** What the counters of passkeys say about copies of an authenticator. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Decision } from '../../src/domain/decision.js';
import type { StatementToSign } from '../../src/domain/vote-statement.js';
import { VoteCounters } from '../../src/trader/control/vote-counters.js';
import { SoftwareAuthenticator } from '../support/software-authenticator.js';
import { signByPasskey } from '../support/vote-passkeys.js';

const HERE = { origin: 'http://localhost:8080', rpId: 'localhost' };
const STATEMENT: StatementToSign = {
  ...{ kind: 'go-live', desk: 'd', account: 'j1', configHash: 'c', subject: 's', choice: 'approve' },
  ...{ sizePct: null, expiresWallMs: 1_000 },
};
let folder: string;
let file: string;
let device: SoftwareAuthenticator;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vote-counters-'));
  file = join(folder, 'desk', 'vote-counters.json');
  device = new SoftwareAuthenticator();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Another text each time, so that no two votes are the same. */
function vote(counter: number, atWallMs: number, by = device): Decision {
  const nonce = `${counter}:${atWallMs}`;
  const signature = signByPasskey(by, HERE, STATEMENT, 'anna', { counter, nonce });
  const { desk, subject, choice, expiresWallMs } = STATEMENT;
  return {
    ...{ decisionId: 'v', desk, subject, choice, person: 'anna', via: 'web', mac: '' },
    ...{ atWallMs, expiresWallMs, signature },
  };
}

const objection = (decision: Decision): string | null => new VoteCounters(file).objection(decision);
const count = (...decisions: Decision[]): void => new VoteCounters(file).keep(decisions);
const COPY = 'did not go on: somebody may have a copy';

it('refuses a number that was used, or that goes back while time goes on; in order and again it counts', () => {
  const first = vote(5, 100);
  expect(objection(first)).toBeNull();
  count(first);
  expect(objection(first)).toBeNull();
  expect(objection(vote(6, 200))).toBeNull();
  expect(objection(vote(5, 200))).toContain(COPY);
  expect(objection(vote(4, 200))).toContain(COPY);
  expect(objection(vote(0, 200))).toContain(COPY);
  expect(objection(vote(5, 200, new SoftwareAuthenticator()))).toBeNull();
});

it('takes a vote that was cast earlier and is counted later, and not one whose number runs against that', () => {
  count(vote(7, 300));
  expect(objection(vote(6, 200))).toBeNull();
  expect(objection(vote(8, 200))).toContain(COPY);
});

it('asks nothing of authenticators that keep none, and of votes that are no passkey’s', () => {
  count(vote(0, 100), vote(0, 200));
  expect(objection(vote(0, 300))).toBeNull();
  const { signature: _, ...unsigned } = vote(1, 100);
  expect(objection(unsigned)).toBeNull();
  count(unsigned);
});

it('believes no passkey’s vote where the file is damaged, and keeps a bounded number of a key', () => {
  for (let n = 1; n <= 60; n += 1) count(vote(n, n));
  expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(50);
  expect(objection(vote(60, 70))).toContain(COPY);
  writeFileSync(file, 'nothing');
  expect(() => objection(vote(61, 71))).toThrow('is damaged, and no passkey is believed');
});
