import type { BotContext } from '../bot-context.js';
import type { KnownPerson } from '../people.js';

export interface Tap {
  readonly data: string;
  readonly chatId: number;
  readonly messageId: number;
  /** The text of the message that was tapped. */
  readonly text: string;
  readonly updateId: number;
  /** Ends the button's waiting sign with a short note of at most 200 characters. Never rejects. */
  readonly note: (text: string) => Promise<void>;
}

export interface TapHandler {
  /** The tap's data begins with this and a colon. */
  readonly prefix: string;
  readonly run: (context: BotContext, person: KnownPerson, tap: Tap) => Promise<void>;
}
