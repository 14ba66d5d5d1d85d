/** Who approved a change of settings. The engine then asks for approval where the change loosens anything. */
import { decisionSubject } from '../../domain/approval.js';
import { verifyDecision } from '../../domain/decision.js';
import { type SettingsProposal, settingsTerms } from '../../domain/settings-change.js';
import type { Decision } from '../protocol.js';
import { ControlRefusal } from './control-refusal.js';

export interface SettingsQuestion {
  readonly desk: string;
  /** Under which it was asked. */
  readonly approvalId: string;
  readonly proposal: SettingsProposal;
  readonly decisions: readonly Decision[];
  /** Who may approve, by the desk file, and how many of them it takes. */
  readonly approvers: ReadonlySet<string>;
  readonly needed: number;
  readonly readKey: () => string;
  readonly nowMs: number;
}

/** The people whose approval counts for exactly this change. Throws `ControlRefusal`; one bad vote spoils them all. */
export function settingsAuthority(question: SettingsQuestion): readonly string[] {
  const { approvalId, proposal, decisions, needed } = question;
  if (decisions.length === 0) return [];
  const subject = decisionSubject({ id: approvalId, ...settingsTerms(proposal) });
  const key = readKey(question);
  for (const decision of decisions) {
    const problem = problemOf(decision, question, subject, key);
    if (problem !== null) throw refused(`the vote of ${decision.person} does not count: ${problem}`);
  }
  const persons = [...new Set(decisions.map(({ person }) => person))].sort();
  if (persons.length < needed) throw refused(`${needed} people must approve this, ${persons.length} did`);
  return persons;
}

function problemOf(
  decision: Decision,
  question: SettingsQuestion,
  subject: string,
  key: string,
): string | null {
  const verdict = verifyDecision(key, decision, question.nowMs);
  if (!verdict.ok) return verdict.reason;
  if (decision.desk !== question.desk) return `it is about the desk ${decision.desk}`;
  if (decision.choice !== 'approve') return `the choice was ${decision.choice}`;
  if (decision.subject !== subject)
    return 'it is about another change, or about settings that are no longer in force';
  if (!question.approvers.has(decision.person)) return 'the desk file does not name this person as approver';
  return null;
}

function readKey(question: SettingsQuestion): string {
  try {
    return question.readKey();
  } catch (error) {
    throw refused(`votes can't be checked: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function refused(message: string): ControlRefusal {
  return new ControlRefusal({
    code: 'approval-refused',
    message,
    keptSafe: 'The settings stay as they are.',
    doThis: 'Look at the settings as they are now and ask for the change again.',
  });
}
