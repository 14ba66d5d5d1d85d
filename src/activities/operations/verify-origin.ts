import { ApplicationFailure } from '@temporalio/common';
import { verifyDecision } from '../../domain/decision.js';
import type { Decision } from '../../trader/protocol.js';
import { FAILURE_NAMES } from '../failure-names.js';

/** Whoever reaches Temporal is not thereby an approver: only a decision made with our key counts. */
export function verifyOrigin(key: string, decision: Decision, nowMs: number): void {
  const verdict = verifyDecision(key, decision, nowMs);
  if (!verdict.ok) {
    throw ApplicationFailure.nonRetryable(
      `The decision does not count: ${verdict.reason}. The desk stays as it is. Sign in and decide again.`,
      FAILURE_NAMES.forgedDecision,
    );
  }
}
