/** Who may say whose coins are: an approver, by a decision on exactly these coins. */
import { coinsSubject } from '../../domain/coins.js';
import { ControlRefusal } from './control-refusal.js';
import { countVotes, type Votes } from './votes.js';

export interface CoinsQuestion extends Votes {
  readonly said: Parameters<typeof coinsSubject>[0];
}

/** Throws `ControlRefusal` if the decision is missing or does not count. */
export function coinsAuthority(question: CoinsQuestion): void {
  const { decisions, said } = question;
  if (decisions.length === 0) throw refused('whose coins they are is said by a person who approves');
  countVotes(question, {
    name: 'decision',
    choice: 'approve',
    subject: coinsSubject(said),
    otherSubject: `it is about other coins than the ${said.nobodys} of ${said.symbol} that are nobody's now`,
    notApprover: 'the desk file does not name this person as approver',
    refused,
  });
}

function refused(message: string): ControlRefusal {
  return new ControlRefusal({
    code: 'decision-refused',
    message,
    keptSafe: "The coins stay nobody's: never valued, protected or sold.",
    doThis: 'Look at them as they are now (fermata coins), and decide again.',
  });
}
