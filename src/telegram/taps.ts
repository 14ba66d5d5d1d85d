import { createHash } from 'node:crypto';
import type { NoticeButton } from '../contracts/notice.js';
import { moment } from '../domain/moment.js';
import { APPROVER, MAY_STOP } from '../domain/people-roles.js';
import { approvalText, parseAcknowledgeButton, parseVoteButton } from '../notify/button-notices.js';
import type { OperationResult } from '../operations/operation.js';
import { findApproval, readVotes } from '../store/approval-rows.js';
import { withHalts } from '../trader/read-status.js';
import { answer, type BotContext, missingRole, outcomeText, waitingText } from './bot-context.js';
import type { KnownPerson } from './known-people.js';
import type { Outgoing, Place } from './sending/send-lane.js';

export interface Tap {
  readonly data: string;
  readonly place: Place;
  readonly messageId: number;
  /** The text of the message that was tapped. */
  readonly text: string;
  readonly updateId: number;
  /**
   * Ends the button's waiting sign with a short note; Telegram shows 200 characters. False where it comes too late, or did not
   * arrive. Never rejects.
   */
  readonly note: (text: string) => Promise<boolean>;
}

interface TapHandler {
  /** The tap's data begins with this and a colon. */
  readonly prefix: string;
  readonly run: (context: BotContext, person: KnownPerson, tap: Tap) => Promise<void>;
}

type ConfirmVerb = 'closeall' | 'kill' | 'resume' | 'leave';

interface ConfirmButton {
  readonly verb: ConfirmVerb;
  /** For resume, the first digits of the halt id; else `deskReference`. */
  readonly reference: string;
  readonly askedMs: number;
  /** For resume, the position size in percent; null leaves it as it is. */
  readonly sizePct: number | null;
}

const REFERENCE_LENGTH = 16;

/** Which desk asked: another one of the installation may read the tap, if they share a bot. */
export const deskReference = ({ desk }: BotContext['desk']): string =>
  createHash('sha256').update(desk).digest('hex').slice(0, REFERENCE_LENGTH);

/** Buttons that ask "really?". A tap carries what was asked and when, since it is valid only for a while. */
export function confirmButtons(
  verb: ConfirmVerb,
  reference: string,
  nowMs: number,
  label: string,
  sizePct: number | null = null,
): readonly NoticeButton[] {
  const data = (which: ConfirmVerb) =>
    `c:${which}:${reference.slice(0, REFERENCE_LENGTH)}:${Math.floor(nowMs / 1_000).toString(36)}:${sizePct ?? '-'}`;
  return [
    { text: label, data: data(verb) },
    { text: 'Leave it', data: data('leave') },
  ];
}

/** Null for anything else: the data of a tap comes from outside. */
function parseConfirmButton(data: string): ConfirmButton | null {
  const match = /^c:(closeall|kill|resume|leave):([0-9a-f]{16}|-):([0-9a-z]{1,9}):(100|[1-9][0-9]?|-)$/.exec(
    data,
  );
  if (!match) return null;
  return {
    verb: match[1] as ConfirmVerb,
    reference: match[2] ?? '-',
    askedMs: Number.parseInt(match[3] ?? '0', 36) * 1_000,
    sizePct: match[4] === undefined || match[4] === '-' ? null : Number(match[4]),
  };
}

/** An older question was about another situation. */
const VALID_MS = 5 * 60_000;

/** "Really?" was answered. The message loses its buttons; the outcome comes as a message of its own. */
const confirmTap: TapHandler = {
  prefix: 'c',
  run: async (context, person, tap) => {
    const button = parseConfirmButton(tap.data);
    if (button === null) {
      await tap.note('This button is not known here.');
      return;
    }
    const refusal = await refusalOf(context, person, button);
    // Not awaited: Telegram may be slow, and what was confirmed is due now.
    void tap.note(refusal ?? (button.verb === 'leave' ? 'Left as it is.' : 'It is being done.'));
    const said =
      refusal ?? (button.verb === 'leave' ? 'left as it is' : `${LABELS[button.verb]}: ${person.name}`);
    // If the message could not be changed, it keeps its buttons; a tap on them is checked again in any case.
    void context.lane.edit(
      { chatId: String(tap.place.chatId), text: tap.text, ending: `\n\n→ ${said}`, buttons: [] },
      tap.messageId,
    );
    if (refusal !== null || button.verb === 'leave') return;
    const outcome = await carryOut(context, person, { ...button, verb: button.verb }, tap);
    const waits = button.verb === 'resume' && outcome.ok && !outcome.proven;
    const label = LABELS[button.verb];
    const text = waits ? waitingText(label, outcome) : outcomeText(context, label, outcome);
    await answer(context, tap.place, text);
  },
};

const LABELS: Readonly<Record<Exclude<ConfirmVerb, 'leave'>, string>> = {
  closeall: 'Close all',
  kill: 'Close all, two people to resume',
  resume: 'Resume',
};

async function refusalOf(
  context: BotContext,
  person: KnownPerson,
  { verb, reference, askedMs }: ConfirmButton,
): Promise<string | null> {
  if (verb === 'leave') return null;
  if (verb !== 'resume' && reference !== deskReference(context.desk))
    return `Nothing was closed: ${context.desk.desk} did not ask this, but another desk or an earlier build. Close all on the desk’s page, or with fermata close-all.`;
  const missing = missingRole(person, verb === 'resume' ? APPROVER : MAY_STOP);
  if (missing !== null) return missing;
  const ageMs = context.nowMs() - askedMs;
  if (ageMs > VALID_MS || ageMs < -VALID_MS)
    return `Too late: ask again with /${verb === 'resume' ? 'resume' : 'closeall'}.`;
  if (verb !== 'resume') return null;
  const status = await context.operations.readStatus().catch(() => null);
  if (status === null) return 'The trader does not answer. Nothing was changed.';
  if (!status.haltId?.startsWith(reference))
    return 'The situation has changed since: ask again with /resume.';
  return null;
}

function carryOut(
  { operations, desk }: BotContext,
  person: KnownPerson,
  { verb, sizePct, reference }: ConfirmButton & { readonly verb: Exclude<ConfirmVerb, 'leave'> },
  { updateId }: Tap,
): Promise<OperationResult> {
  const caller = { person: person.name, via: 'telegram' } as const;
  // A tap carries no reason: it is asked for afterwards.
  const request = { reason: null, commandId: `telegram:${desk.desk}:${updateId}` };
  if (verb !== 'resume') return operations.closeAllPositions(caller, { ...request, kill: verb === 'kill' });
  return operations.resumeTrading(caller, { ...request, sizePct: sizePct ?? undefined, halt: reference });
}

/** The button "I have it" below an incident. */
const acknowledgeTap: TapHandler = {
  prefix: 'i',
  run: async (context, person, tap) => {
    const incident = parseAcknowledgeButton(tap.data);
    if (incident === null) {
      await tap.note('This button is not known here.');
      return;
    }
    const result = await context.operations.acknowledgeIncident(
      { person: person.name, via: 'telegram' },
      { incident, note: '' },
    );
    await tellTaken(context, person, tap, result);
  },
};

/** The buttons Approve, Reject and Details below an approval. */
const voteTap: TapHandler = {
  prefix: 'v',
  run: async (context, person, tap) => {
    const button = parseVoteButton(tap.data);
    if (button === null) {
      await tap.note('This button is not known here.');
      return;
    }
    if (button.tap === 'details') {
      await tap.note('');
      const { text, ending = '' } = await details(context, button.token);
      await answer(context, tap.place, text, [], ending);
      return;
    }
    const result = await context.operations.castVote(
      { person: person.name, via: 'telegram' },
      {
        approval: button.token,
        choice: button.tap,
        parametersHash: button.hashStart,
        reason: `${button.tap} on Telegram`,
      },
    );
    await tellTaken(context, person, tap, result);
  },
};

/** As a note on the button; as a message where that is not enough, as after a time in which the bot did not run. */
async function tellTaken(
  context: BotContext,
  person: KnownPerson,
  tap: Tap,
  { ok, detail }: { readonly ok: boolean; readonly detail: string },
): Promise<void> {
  const isNoted = await tap.note(`${ok ? '✅' : '❌'} ${detail}`);
  if (!ok || !isNoted) await answer(context, tap.place, `${ok ? '✅ ' : ''}${person.name}: ${detail}`);
}

/** The approval that a tap's data votes on; null if it is no vote. */
export function votedOn(data: string): string | null {
  const button = parseVoteButton(data);
  return button === null || button.tap === 'details' ? null : button.token;
}

/** Where all of it is too long, the parameters are cut, and not what became of it. */
async function details(
  { pool, desk, operations }: BotContext,
  token: string,
): Promise<Pick<Outgoing, 'text' | 'ending'>> {
  const approval = await findApproval(pool, desk.desk, token);
  if (approval === null) return { text: 'There is no such approval any more.' };
  const votes = (await readVotes(pool, [approval.id])).get(approval.id) ?? [];
  const ending = [
    '',
    `State: ${approval.state}${approval.outcome === '' ? '' : ` (${approval.outcome})`}`,
    ...votes.map(({ person, choice, via, votedMs }) => `${person}: ${choice} (${via}, ${moment(votedMs)})`),
    `Parameters ${approval.parametersHash}`,
  ];
  const shown = approvalText(await withHalts(() => operations.readStatus(), approval));
  const text = [approval.title, `${approval.kind}: ${approval.subject}`, shown];
  return { text: text.join('\n'), ending: ending.join('\n') };
}

/** Every kind of button. */
export const TAP_HANDLERS: readonly TapHandler[] = [acknowledgeTap, confirmTap, voteTap];
