/** /start CODE: whoever shows a one-time code is linked to its person from now on. */
import { linkByCode } from '../../store/people.js';
import { answer } from '../answer.js';
import type { BotContext } from '../bot-context.js';
import { recordChatAudit } from '../record-chat-audit.js';

const CODE_FORM = /^[A-Za-z0-9_-]{20,64}$/;

export interface LinkAttempt {
  readonly userId: number;
  readonly chatId: number;
  readonly isPrivate: boolean;
  readonly code: string;
}

/** True if somebody was linked. A wrong code gets no answer: strangers learn nothing. */
export async function linkPerson(context: BotContext, attempt: LinkAttempt): Promise<boolean> {
  const { pool, desk, people, maker, onForged } = context;
  // In a group everybody could read the code.
  if (!attempt.isPrivate || !CODE_FORM.test(attempt.code)) return false;
  const account = { telegramUserId: String(attempt.userId), chatId: String(attempt.chatId) };
  const person = await linkByCode(pool, maker, desk.desk, attempt.code, account, onForged);
  if (person === null) return false;
  await people.refresh(pool);
  await recordChatAudit(context, {
    person,
    action: 'telegram.link',
    parameters: { telegramUser: attempt.userId },
    outcome: 'linked',
  });
  const roles = people.byTelegramUser(attempt.userId)?.roles.join(', ') ?? 'none on this desk';
  await answer(context, attempt.chatId, `You are ${person} on ${desk.desk} (roles: ${roles}). See /help.`);
  return true;
}
