/** /stop never asks. Only one that lay waiting for long is asked about: what it was meant for may be over. */
import type { Update } from 'grammy/types';
import { answer } from '../answer.js';
import { missingRole } from '../bot-context.js';
import { outcomeText } from '../outcome-text.js';
import { confirmButtons } from '../taps/confirm-button.js';
import type { ChatCommand } from './command.js';

/** What goes before everything else that came with it. */
export function isStop({ message }: Update): boolean {
  return /^\/stop(@\w+)?(\s|$)/.test(message?.text ?? '');
}

const OLD_MS = 60 * 60_000;

export const stopCommand: ChatCommand = {
  name: 'stop',
  description: 'halt trading, cancel pending orders; at once',
  run: async (context, person, { chatId, updateId, sentMs, argument }) => {
    const refusal = missingRole(person, 'operator');
    if (refusal !== null) {
      await answer(context, chatId, refusal);
      return;
    }
    const ageMs = context.nowMs() - sentMs;
    if (ageMs > OLD_MS) {
      const minutes = Math.round(ageMs / 60_000);
      await answer(
        context,
        chatId,
        `Your /stop was sent ${minutes} minutes ago, while nobody listened. Stop now?`,
        confirmButtons('stop', '-', context.nowMs(), 'Stop now'),
      );
      return;
    }
    const outcome = await context.operations.stopTrading(
      { person: person.name, via: 'telegram' },
      { reason: argument || '/stop on Telegram', commandId: `telegram:${context.desk.desk}:${updateId}` },
    );
    await answer(context, chatId, outcomeText('Stop', outcome));
  },
};
