/** The state of a question put to people: its votes, how it ended, and when a reminder or escalation is due. */

import type {
  ApprovalOutcome,
  ApprovalProgress,
  ApprovalRequest,
  OpenApproval,
} from '../../contracts/approval.js';
import type { Decision } from '../../domain/decision.js';

export interface Waiting extends OpenApproval {
  votes: Decision[];
  closed: boolean;
}

export function isDecided({ votes, needed }: Pick<OpenApproval, 'votes' | 'needed'>): boolean {
  return votes.some(({ choice }) => choice === 'reject') || votes.length >= needed;
}

/** One refusal decides; approvals are counted. */
export function outcomeOf(waiting: Waiting): ApprovalOutcome {
  const { votes, needed } = waiting;
  const names = votes.map(({ person }) => person);
  const refused = votes.find(({ choice }) => choice === 'reject');
  if (refused) return { state: 'rejected', detail: `rejected by ${refused.person}`, votes };
  if (votes.length >= needed)
    return { state: 'approved', detail: `approved by ${names.join(' and ')}`, votes };
  const have = `${votes.length} of ${needed} approvals${names.length > 0 ? ` (${names.join(', ')})` : ''}`;
  return { state: 'expired', detail: have, votes };
}

export function progressOf(waiting: Waiting): ApprovalProgress {
  return {
    id: waiting.id,
    needed: waiting.needed,
    approvedBy: waiting.votes.filter(({ choice }) => choice === 'approve').map(({ person }) => person),
    rejectedBy: waiting.votes.filter(({ choice }) => choice === 'reject').map(({ person }) => person),
    expiresMs: waiting.expiresMs,
  };
}

/**
 * Returns what is due now and marks it as sent. Reminders missed while a worker was down are sent once; an escalation
 * replaces the reminders before it.
 */
export function takePressing(
  { remindEveryMs, escalateAfterMs }: ApprovalRequest,
  waiting: Waiting,
  createdMs: number,
): { readonly escalates: boolean; readonly key: string } {
  const askedForMs = Date.now() - createdMs;
  const escalates = escalateAfterMs !== null && !waiting.escalated && askedForMs >= escalateAfterMs;
  const remindersDue = remindEveryMs === null ? 0 : Math.floor(askedForMs / remindEveryMs);
  waiting.reminders = Math.max(remindersDue, waiting.reminders + (escalates ? 0 : 1));
  if (escalates) waiting.escalated = true;
  return { escalates, key: escalates ? 'escalation' : `reminder-${waiting.reminders}` };
}

/** Milliseconds until the next reminder, the escalation or the end, whichever comes first. */
export function nextPauseMs(request: ApprovalRequest, waiting: Waiting, createdMs: number): number {
  const due = [waiting.expiresMs];
  if (request.remindEveryMs !== null) due.push(createdMs + request.remindEveryMs * (waiting.reminders + 1));
  if (request.escalateAfterMs !== null && !waiting.escalated) due.push(createdMs + request.escalateAfterMs);
  return Math.max(1, Math.min(...due) - Date.now());
}
