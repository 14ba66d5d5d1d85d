import { type Decision, type DecisionFields, signDecision } from '../domain/decision.js';
import { chatCodeOf } from '../domain/signed-vote.js';
import type { Caller, OperationContext } from './operation.js';

type What = Pick<
  DecisionFields,
  'decisionId' | 'choice' | 'subject' | 'expiresWallMs' | 'sizePct' | 'reason' | 'signature'
>;

/** What the person decides who was signed in here, so that others can check it. */
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
