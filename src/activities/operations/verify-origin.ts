import { ApplicationFailure } from '@temporalio/common';
import { FAILURE_NAMES } from '../../contracts/failure-names.js';
import { type Decision, verifyDecision } from '../../domain/decision.js';

/** Access to Temporal doesn't make anybody an approver: only a decision made with our key counts. */
export function verifyOrigin(key: string, decision: Decision, nowMs: number): void {
  const verdict = verifyDecision(key, decision, nowMs);
  if (!verdict.ok) {
    throw ApplicationFailure.nonRetryable(
      `The decision does not count: ${verdict.reason}. The desk stays as it is. Sign in and decide again.`,
      FAILURE_NAMES.forgedDecision,
    );
  }
}
