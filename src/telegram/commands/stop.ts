/** /stop never asks, however long it lay waiting: whoever wanted the desk stopped did not want it to trade meanwhile. */
import type { Update } from 'grammy/types';
import { MAY_STOP } from '../../domain/roles.js';
import { answer } from '../answer.js';
import { missingRole, runOf } from '../bot-context.js';
import { outcomeText } from '../outcome-text.js';
import type { ChatCommand } from './command.js';
import { sentAgo } from './sent-ago.js';

/** What goes before everything else that came with it. */
export function isStop({ message }: Update): boolean {
  return /^\/stop(@\w+)?(\s|$)/.test(message?.text ?? '');
}

export const stopCommand: ChatCommand = {
  name: 'stop',
  description: 'halt trading, cancel pending orders; at once',
  run: async (context, person, { chatId, updateId, sentMs, argument }) => {
    const refusal = missingRole(person, MAY_STOP);
    if (refusal !== null) {
      await answer(context, chatId, refusal);
      return;
    }
    const late = sentAgo(sentMs, context.nowMs());
    const outcome = await context.operations.stopTrading(
      { person: person.name, via: 'telegram' },
      { reason: argument || '/stop on Telegram', commandId: `telegram:${context.desk.desk}:${updateId}` },
    );
    const text = outcomeText('Stop', outcome, runOf(context, outcome));
    await answer(context, chatId, late === null ? text : `Your /stop was ${late}.\n${text}`);
  },
};
