import { answer } from '../answer.js';
import type { ChatCommand } from './command.js';

/**
 * For a command that reads much of the ledger or draws: one at a time, whoever asks, so that votes and resumptions
 * get a connection to Postgres, and alerts don't wait behind a row of pictures.
 */
export function inTurn(command: ChatCommand): ChatCommand {
  return {
    ...command,
    run: async (context, person, message) => {
      const turn = context.results.take(() => command.run(context, person, message));
      if (turn !== null) return turn;
      const text = `/${command.name} was not done: others of /profit, /daily, /trades and /chart wait before it. Ask again in a minute.`;
      await answer(context, message.chatId, text);
    },
  };
}
