/** Who approved a change of settings. The engine then requires approval if the change loosens anything. */
import { decisionSubject } from '../../domain/approval.js';
import { type SettingsProposal, settingsTerms } from '../../domain/settings-change.js';
import { ControlRefusal } from './control-refusal.js';
import { countVotes, type Votes } from './votes.js';

export interface SettingsQuestion extends Votes {
  /** The approval under which it was asked for. */
  readonly approvalId: string;
  readonly proposal: SettingsProposal;
  /** How many approvers are needed. */
  readonly needed: number;
}

/**
 * The people whose approval of exactly this change counts. Throws `ControlRefusal`; one bad vote invalidates them
 * all.
 */
export function settingsAuthority(question: SettingsQuestion): readonly string[] {
  const { approvalId, proposal, decisions, needed } = question;
  if (decisions.length === 0) return [];
  const persons = countVotes(question, {
    name: 'vote',
    choice: 'approve',
    subject: decisionSubject({ id: approvalId, ...settingsTerms(proposal) }),
    otherSubject: 'it is about another change, or about settings that are no longer in force',
    notApprover: 'the desk file does not name this person as approver',
    refused,
  });
  if (persons.length < needed) throw refused(`${needed} people must approve this, ${persons.length} did`);
  return persons;
}

function refused(message: string): ControlRefusal {
  return new ControlRefusal({
    code: 'approval-refused',
    message,
    keptSafe: 'The settings stay as they are.',
    doThis: 'Look at the settings as they are now and ask for the change again.',
  });
}
