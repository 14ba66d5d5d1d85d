/** "Really?" was answered. The message loses its buttons; the outcome comes as a message of its own. */
import { APPROVER, MAY_STOP } from '../../domain/roles.js';
import type { OperationResult } from '../../operations/operation.js';
import { answer } from '../answer.js';
import { type BotContext, missingRole, runOf } from '../bot-context.js';
import { outcomeText, waitingText } from '../outcome-text.js';
import type { KnownPerson } from '../people.js';
import { type ConfirmButton, type ConfirmVerb, parseConfirmButton } from './confirm-button.js';
import type { Tap, TapHandler } from './tap.js';

/** An older question was about another situation. */
const VALID_MS = 5 * 60_000;

export const confirmTap: TapHandler = {
  prefix: 'c',
  run: async (context, person, tap) => {
    const button = parseConfirmButton(tap.data);
    if (button === null) {
      await tap.note('This button is not known here.');
      return;
    }
    const refusal = await refusalOf(context, person, button);
    await tap.note(refusal ?? (button.verb === 'leave' ? 'Left as it is.' : 'It is being done.'));
    const said =
      refusal ?? (button.verb === 'leave' ? 'left as it is' : `${LABELS[button.verb]}: ${person.name}`);
    // If the message could not be changed, it keeps its buttons; a tap on them is checked again in any case.
    void context.lane.edit(
      { chatId: String(tap.chatId), text: `${tap.text}\n\n→ ${said}`, buttons: [] },
      tap.messageId,
    );
    if (refusal !== null || button.verb === 'leave') return;
    const outcome = await carryOut(context, person, { ...button, verb: button.verb }, tap);
    const waits = button.verb === 'resume' && !outcome.ok && outcome.workflowId !== null;
    const label = LABELS[button.verb];
    const text = waits ? waitingText(label, outcome) : outcomeText(label, outcome, runOf(context, outcome));
    await answer(context, tap.chatId, text);
  },
};

const LABELS: Readonly<Record<Exclude<ConfirmVerb, 'leave'>, string>> = {
  closeall: 'Close all',
  resume: 'Resume',
};

async function refusalOf(
  context: BotContext,
  person: KnownPerson,
  { verb, reference, askedMs }: ConfirmButton,
): Promise<string | null> {
  if (verb === 'leave') return null;
  const missing = missingRole(person, verb === 'resume' ? APPROVER : MAY_STOP);
  if (missing !== null) return missing;
  const ageMs = context.nowMs() - askedMs;
  if (ageMs > VALID_MS || ageMs < -VALID_MS) return `Too late: ask again with /${verb}.`;
  if (verb === 'closeall') return null;
  const status = await context.operations.readStatus().catch(() => null);
  if (status === null) return 'The trader does not answer. Nothing was changed.';
  if (!status.haltId?.startsWith(reference))
    return 'The situation has changed since: ask again with /resume.';
  return null;
}

function carryOut(
  { operations, desk }: BotContext,
  person: KnownPerson,
  { verb, sizePct }: ConfirmButton & { readonly verb: Exclude<ConfirmVerb, 'leave'> },
  { updateId }: Tap,
): Promise<OperationResult> {
  const caller = { person: person.name, via: 'telegram' } as const;
  // A tap carries no reason: it is asked for afterwards.
  const request = { reason: null, commandId: `telegram:${desk.desk}:${updateId}` };
  if (verb === 'closeall') return operations.closeAllPositions(caller, request);
  return operations.resumeTrading(caller, { ...request, sizePct: sizePct ?? undefined });
}
