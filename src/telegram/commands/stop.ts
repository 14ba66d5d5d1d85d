/**
 * /stop never asks for confirmation, however long it waited: a person who wanted the desk stopped did not
 * want it to trade meanwhile.
 */
import type { Update } from 'grammy/types';
import { MAY_STOP } from '../../domain/roles.js';
import { answer, missingRole, outcomeText, runOf } from '../bot-context.js';
import { type ChatCommand, sentAgo } from './command.js';

/**
 * Any form that a phone writes: `/Stop`, `/stop!`, `Stop`. A sentence that only begins with the word doesn't
 * count. In a group the bare word arrives only at a bot that reads all of it (`ChatWatch`).
 */
const STOP = /^\s*(?:\/stop(?:@(?<bot>\w+))?(?!\w)[.!]*(?<why>[\s\S]*)|stop[\s.!]*)$/i;

/** The text after the stop; null if it is not a stop, or is for another bot. */
export function stopArgument(text: string, ownName: string): string | null {
  const found = STOP.exec(text);
  if (found === null) return null;
  const { bot = ownName, why = '' } = found.groups ?? {};
  return bot.toLowerCase() === ownName.toLowerCase() ? why.trim() : null;
}

/** Whether the update is carried out before everything else in its batch. */
export function isStop({ message }: Update): boolean {
  return STOP.test(message?.text ?? '');
}

export const stopCommand: ChatCommand = {
  name: 'stop',
  description: 'halt trading, cancel pending orders; at once',
  help: '/stop: no new entries, resting entries cancelled, positions and their stops kept. At once, without asking',
  run: async (context, person, { chatId, updateId, sentMs, argument }) => {
    const refusal = missingRole(person, MAY_STOP);
    if (refusal !== null) {
      await answer(context, chatId, refusal);
      return;
    }
    const late = sentAgo(sentMs, context.nowMs());
    const outcome = await context.operations.stopTrading(
      { person: person.name, via: 'telegram' },
      { reason: argument, commandId: `telegram:${context.desk.desk}:${updateId}` },
    );
    const text = outcomeText('Stop', outcome, runOf(context, outcome));
    await answer(context, chatId, late === null ? text : `Your /stop was ${late}.\n${text}`);
  },
};
