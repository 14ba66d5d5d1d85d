import type { Context } from 'grammy';
import { MINUTE_MS } from '../../domain/civil-date.js';
import { answer, type BotContext } from '../bot-context.js';
import type { KnownPerson } from '../people.js';

export interface ChatCommand {
  readonly name: string;
  /** In Telegram's own menu of commands. */
  readonly description: string;
  /** Its line in the answer to /help. */
  readonly help: string;
  readonly run: (context: BotContext, person: KnownPerson, message: CommandMessage) => Promise<void>;
}

interface CommandMessage {
  readonly chatId: number;
  readonly updateId: number;
  /** When Telegram received it, in wall milliseconds. */
  readonly sentMs: number;
  /** The text after the command. */
  readonly argument: string;
}

export function commandMessage(ctx: Context): CommandMessage | null {
  const { message, match, update } = ctx;
  if (!message) return null;
  return {
    chatId: message.chat.id,
    updateId: update.update_id,
    sentMs: message.date * 1_000,
    argument: typeof match === 'string' ? match.trim() : '',
  };
}

/**
 * For a command that draws or reads much of the ledger: one at a time, whoever asks, so that votes and
 * resumptions get a connection to Postgres and alerts don't wait behind a row of pictures.
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

/** How long ago a command that had to wait was sent; null if it came at once. */
export function sentAgo(sentMs: number, nowMs: number): string | null {
  const minutes = Math.floor((nowMs - sentMs) / MINUTE_MS);
  if (minutes < 1) return null;
  return `sent ${minutes === 1 ? 'a minute' : `${minutes} minutes`} ago`;
}
