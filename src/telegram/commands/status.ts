import { messageOf } from '../../domain/message-of.js';
import { answer } from '../answer.js';
import { statusText } from '../status-text.js';
import type { ChatCommand } from './command.js';

export const statusCommand: ChatCommand = {
  name: 'status',
  description: 'mode, reason, positions, emergency state',
  run: async (context, _person, { chatId }) => {
    const text = await context.operations.readStatus().then(statusText, (error: unknown) => {
      const why = messageOf(error);
      return `The trader does not answer (${why}). Its stops rest where they are. /stop is tried in any case.`;
    });
    await answer(context, chatId, text);
  },
};
