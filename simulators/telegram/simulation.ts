/** The simulated Telegram: its bots, what fails, and what people do. */
import { BotAccount } from './bot-account.js';
import { Faults } from './faults.js';
import type { Message } from './wire.js';

/** Worthless anywhere else. */
export const DEFAULT_TOKEN = '1000000001:SimulatedTokenOfNoUseAnywhereElse00';

export interface RequestSeen {
  readonly method: string;
  readonly atMs: number;
}

const REQUESTS_KEPT = 5_000;

const ANONYMOUS = { id: 1_087_968_824, is_bot: true, first_name: 'Group', username: 'GroupAnonymousBot' };

export class Simulation {
  readonly bots = new Map<string, BotAccount>();
  readonly faults = new Faults();
  readonly requests: RequestSeen[] = [];
  /** Every connection breaks. */
  away = false;

  constructor(
    tokens: readonly string[] = [DEFAULT_TOKEN],
    readonly nowMs: () => number = Date.now,
  ) {
    for (const token of tokens) this.bots.set(token, new BotAccount(token, nowMs));
  }

  bot(token: string = DEFAULT_TOKEN): BotAccount {
    const bot = this.bots.get(token);
    if (!bot) throw new Error('there is no bot with this token');
    return bot;
  }

  saw(method: string): void {
    this.requests.push({ method, atMs: this.nowMs() });
    if (this.requests.length > REQUESTS_KEPT) this.requests.shift();
  }

  /**
   * A person writes to the bot; in a private chat unless `chatId` names a group. `date`: seconds since 1970, by
   * default now. `replyTo`: id of the message that it answers. `topic`: of a group with topics; without it, General. `asGroup`: an administrator who
   * stays anonymous.
   */
  type(
    userId: number,
    text: string,
    options: {
      chatId?: number;
      date?: number;
      replyTo?: number;
      topic?: number;
      asGroup?: boolean;
      token?: string;
    } = {},
  ): Message {
    const bot = this.bot(options.token);
    const { user } = bot.ensurePerson(userId);
    const chat = bot.ensureChat(options.chatId ?? userId, user);
    const answered = options.replyTo === undefined ? undefined : bot.messageOf(chat.id, options.replyTo);
    const from = options.asGroup === true ? ANONYMOUS : user;
    const message = bot.addMessage(chat, from, text, {
      asGroup: options.asGroup,
      ...(options.date === undefined ? {} : { date: options.date }),
      ...(answered === undefined ? {} : { replyTo: answered }),
      topic: bot.topicOf(chat, options.topic ?? 0),
    });
    bot.pushMessage(message);
    return message;
  }

  /** Somebody opens a topic in a group, which has topics from then on. Its id is that of the message that says so. */
  openTopic(chatId: number, token?: string): number {
    const bot = this.bot(token);
    const chat = { ...bot.ensureChat(chatId), is_forum: true as const };
    bot.chats.set(chatId, chat);
    const { message_id: topic } = bot.addMessage(chat, bot.ensurePerson(1).user, '');
    bot.topics.add(`${chatId}:${topic}`);
    return topic;
  }

  /** A person edits a message of theirs. */
  edit(message: Message, text: string, token?: string): void {
    this.bot(token).pushEdited(message, text);
  }

  /** Taps the button with this label. Returns the callback query's id. Throws if the message has no such button. */
  tap(
    userId: number,
    message: { readonly chatId: number; readonly messageId: number },
    label: string,
    options: { token?: string } = {},
  ): string {
    const bot = this.bot(options.token);
    const shown = bot.messageOf(message.chatId, message.messageId);
    const button = shown?.reply_markup?.inline_keyboard.flat().find(({ text }) => text === label);
    if (!shown || button?.callback_data === undefined)
      throw new Error(`message ${message.messageId} shows no button "${label}"`);
    return this.sendCallback(userId, message, button.callback_data, options);
  }

  /** Sends what a custom client can: any data for any message. */
  sendCallback(
    userId: number,
    message: { readonly chatId: number; readonly messageId: number },
    data: string,
    options: { token?: string } = {},
  ): string {
    const bot = this.bot(options.token);
    const shown = bot.messageOf(message.chatId, message.messageId);
    if (!shown) throw new Error(`there is no message ${message.messageId}`);
    return bot.pushCallback({ from: bot.ensurePerson(userId).user, message: shown, data });
  }

  block(userId: number, blocks: boolean, token?: string): void {
    this.bot(token).ensurePerson(userId).blocksBot = blocks;
  }

  /** Somebody makes the bot an administrator of a group, or no longer. */
  administer(chatId: number, administers: boolean, token?: string): void {
    const bot = this.bot(token);
    bot.ensureChat(chatId);
    if (administers) bot.administers.add(chatId);
    else bot.administers.delete(chatId);
  }

  setAway(away: boolean): void {
    this.away = away;
    if (away) for (const bot of this.bots.values()) bot.endPolls();
  }
}
