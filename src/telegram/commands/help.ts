import { answer } from '../bot-context.js';
import type { ChatCommand } from './command.js';

export const helpCommand: ChatCommand = {
  name: 'help',
  description: 'what you can write',
  run: async (context, person, { chatId }) => {
    await answer(
      context,
      chatId,
      [
        `You are ${person.name} (${person.roles.join(', ')}) on the desk ${context.desk.desk}.`,
        '/status: mode, reason, positions, emergency state',
        '/stop: no new entries, resting entries cancelled, positions and their stops kept. At once, without asking',
        '/closeall: stop and close every position (asks first)',
        '/resume: trade again (asks first); /resume 50%: at half of the desk file’s position size',
        '/incident TITLE: report that something is wrong; more lines say what was seen',
        '/profit: result after fees of today, this week, this month and all; /profit week: one of them',
        '/daily 7: a line for each of the last days',
        '/trades 5: the round trips that were closed last',
        '/chart BTC/USDT 4h: prices, what was traded, and the stop, as a picture',
        'Approvals come as messages with buttons.',
      ].join('\n'),
    );
  },
};
