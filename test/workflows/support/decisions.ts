/** What people decide, signed as the process that signed them in does. */

import { randomUUID } from 'node:crypto';
import { APPROVAL_MESSAGES, type VoteAnswer } from '../../../src/contracts/approval.js';
import { type Decision, decisionSubject, signDecision } from '../../../src/domain/decision.js';
import { readApprovals } from '../../../src/store/approval-rows.js';
import { until } from '../../support/eventually.js';
import { type Bench, DECISION_KEY } from './desk-bench.js';

/** By anna in the browser, valid for a minute. With a `mac` given, it is not the right one. */
export function decisionOf(
  desk: string,
  choice: Decision['choice'],
  subject: string,
  change: Partial<Decision> = {},
  key = DECISION_KEY,
): Decision {
  const atWallMs = Date.now();
  const fields = {
    decisionId: randomUUID(),
    desk,
    person: 'anna',
    via: 'web',
    choice,
    subject,
    atWallMs,
    expiresWallMs: atWallMs + 60_000,
  } as const;
  return { ...signDecision(key, { ...fields, ...change }), ...('mac' in change ? change : {}) };
}

/** The open question of the desk whose id ends so. */
export function openApproval({ database }: Pick<Bench, 'database'>, desk: string, idEnds = '') {
  return until(`the question ${idEnds}`, async () =>
    (await readApprovals(database.pool, desk)).find(
      ({ id, state }) => id.endsWith(idEnds) && state === 'open',
    ),
  );
}

export async function vote(
  bench: Pick<Bench, 'client' | 'database'>,
  desk: string,
  { idEnds = '', choice = 'approve', person = 'anna' }: VoteGiven = {},
): Promise<VoteAnswer> {
  const approval = await openApproval(bench, desk, idEnds);
  const decision = decisionOf(desk, choice, decisionSubject(approval), { person });
  return bench.client.workflow
    .getHandle(approval.workflowId)
    .executeUpdate(APPROVAL_MESSAGES.vote, { args: [{ decision, reason: 'looked at it' }] });
}

interface VoteGiven {
  readonly idEnds?: string;
  readonly choice?: 'approve' | 'reject';
  readonly person?: string;
}

/** Long enough for a busy machine to say each thing at its own time. */
export const UNANSWERED_MS = 21_000;

export interface Pressed {
  /** `reminder-1`, `escalation`, or how it ended. */
  readonly key: string;
  readonly severity: string;
  readonly audience: readonly string[];
}

/** What people were told of the desk's only question whose id has this in it, after it was asked. */
export async function pressedFor(
  { database }: Pick<Bench, 'database'>,
  desk: string,
  idHas: string,
): Promise<readonly Pressed[]> {
  const { rows } = await database.pool.query<Pressed>(
    `select regexp_replace(fingerprint, '^.*:', '') as key, severity, audience from notice
      where desk = $1 and approval_id like $2 and fingerprint <> 'approval:' || approval_id order by id`,
    [desk, `%${idHas}%`],
  );
  return rows;
}
