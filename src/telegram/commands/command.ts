import type { Context } from 'grammy';
import type { BotContext } from '../bot-context.js';
import type { KnownPerson } from '../people.js';

export interface ChatCommand {
  readonly name: string;
  readonly description: string;
  readonly run: (context: BotContext, person: KnownPerson, message: CommandMessage) => Promise<void>;
}

export interface CommandMessage {
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
