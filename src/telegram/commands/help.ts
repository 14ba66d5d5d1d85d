import { answer } from '../bot-context.js';
import type { ChatCommand } from './command.js';

/** Names the commands that a person can write. */
export const helpWith = (commands: readonly ChatCommand[]): ChatCommand => ({
  name: 'help',
  description: 'what you can write',
  help: '/help: this list',
  run: async (context, person, { chatId }) => {
    await answer(
      context,
      chatId,
      [
        `You are ${person.name} (${person.roles.join(', ')}) on the desk ${context.desk.desk}.`,
        ...commands.map(({ help }) => help),
        'Approvals come as messages with buttons.',
      ].join('\n'),
    );
  },
});
