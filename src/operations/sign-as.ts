import { type DecisionFields, signDecision } from '../domain/decision.js';
import type { Decision } from '../trader/protocol.js';
import type { Caller, OperationContext } from './operation.js';

type What = Pick<DecisionFields, 'decisionId' | 'choice' | 'subject' | 'expiresWallMs' | 'sizePct'>;

/** What the person decides who was signed in here, so that others can check it. */
export function signAs(
  { desk, decisionKey, nowMs }: OperationContext,
  { person, via }: Caller,
  what: What,
): Decision {
  return signDecision(decisionKey(), { ...what, desk: desk.desk, person, via, atWallMs: nowMs() });
}
