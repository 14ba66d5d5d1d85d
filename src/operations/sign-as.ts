import { type Decision, type DecisionFields, signDecision } from '../domain/decision.js';
import { chatCodeOf } from '../domain/signed-vote.js';
import type { Caller, OperationContext } from './operation.js';

type What = Pick<
  DecisionFields,
  'decisionId' | 'choice' | 'subject' | 'expiresWallMs' | 'sizePct' | 'reason' | 'signature'
>;

/** Signs the decision of a person who signed in here, so that others can verify it. */
export function signAs(
  { desk, decisionKey, chatKey, nowMs }: OperationContext,
  { person, via }: Caller,
  what: What,
): Decision {
  const { signature, ...decided } = what;
  const said = { ...decided, desk: desk.desk, person, via, atWallMs: nowMs() };
  const own = signature === undefined ? {} : { signature };
  const chat = chatKey === undefined || via !== 'telegram' ? {} : { chatCode: chatCodeOf(chatKey(), said) };
  return signDecision(decisionKey(), { ...said, ...own, ...chat });
}
