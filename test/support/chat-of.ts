/** What a person does and sees in Telegram, on the simulated Bot API. */

import type { TelegramSimulator } from '../../simulators/telegram/start.js';
import type { Message } from '../../simulators/telegram/wire.js';
import { until } from './eventually.js';

export interface Chat {
  readonly id: number;
  /** `ageMinutes`: Telegram took it so long ago, and the bot was not there. */
  write(text: string, ageMinutes?: number): void;
  /** What the bot wrote, oldest first. */
  texts(): readonly string[];
  /** The newest message of the bot that fits; waits for it. */
  reads(what: RegExp): Promise<Message>;
  /** The newest one that fits and still shows buttons; waits for it. */
  isAsked(what: RegExp): Promise<Message>;
  /** Taps a button of a message, in this chat or another; resolves with the note that it answers with. */
  tap(message: Message, label: string): Promise<string>;
  /** What a client of one's own can send: the data of a button that the message does not show any more. */
  tapAgain(message: Message, data: string): Promise<string>;
}

/** `id`: of the person, and so of the private chat. */
export function chatOf({ simulation }: TelegramSimulator, id: number): Chat {
  const bot = simulation.bot();
  bot.ensureChat(id, bot.ensurePerson(id).user);
  const texts = (): string[] => bot.sentTo(id).map(({ text }) => text);
  const find = (what: RegExp, fits: (message: Message) => boolean): Promise<Message> =>
    until(`${what} in the chat ${id}`, () => {
      const found = bot.sentTo(id).findLast((message) => what.test(message.text) && fits(message));
      if (!found) throw new Error(`it has:\n${texts().slice(-5).join('\n---\n')}`);
      return { ...found };
    });
  const noteOf = (callback: string): Promise<string> =>
    until('an answer to a button', () => {
      const { answer } = bot.callbacks.get(callback) ?? { answer: null };
      return answer === null ? null : { answer };
    }).then(({ answer }) => answer);
  const placeOf = (message: Message) => ({ chatId: message.chat.id, messageId: message.message_id });
  return {
    id,
    write: (text, ageMinutes) => {
      const date = Math.floor(Date.now() / 1_000) - (ageMinutes ?? 0) * 60;
      simulation.type(id, text, { date });
    },
    texts,
    reads: (what) => find(what, () => true),
    isAsked: (what) => find(what, ({ reply_markup: markup }) => markup !== undefined),
    tap: (message, label) => noteOf(simulation.tap(id, placeOf(message), label)),
    tapAgain: (message, data) => noteOf(simulation.sendCallback(id, placeOf(message), data)),
  };
}
