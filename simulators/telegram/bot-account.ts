/** One bot as Telegram stores it: its chats and messages, waiting updates, and who polls for them. */
import { Flood } from './flood.js';
import type { Entity } from './formatting/entities.js';
import { badRequest, Refusal } from './refusal.js';
import type { CallbackQuery, Chat, DocumentSent, Markup, Message, PhotoSent, Update, User } from './wire.js';

const UPDATES_MAX = 10_000;

export interface Person {
  readonly user: User;
  /** The bot may not write to this person. */
  blocksBot: boolean;
}

const OFFSET_AHEAD_MAX = 10;

export class BotAccount {
  readonly user: User;
  readonly chats = new Map<number, Chat>();
  readonly people = new Map<number, Person>();
  readonly messages = new Map<string, Message>();
  /** Callback queries that can still be answered, with the bot's answer. */
  readonly callbacks = new Map<string, { answer: string | null }>();
  readonly flood: Flood;
  /** The address that gets the updates instead of pollers; empty: none. Nothing is delivered to it here. */
  webhook = '';
  commands: readonly { command: string; description: string }[] = [];
  /** Privacy mode is off: it reads all messages of its groups. */
  readsAllOfGroups = false;
  /** Groups whose administrator it is: there it reads all messages, too. */
  readonly administers = new Set<number>();
  /** Open topics of groups that have topics, `<chat>:<id>`. */
  readonly topics = new Set<string>();
  private pending: Update[] = [];
  private nextUpdateId = 1_000;
  private nextCallbackId = 1;
  private readonly nextMessageIds = new Map<string, number>();
  private poller: { readonly end: (error: Refusal | null) => void } | null = null;

  constructor(
    readonly token: string,
    readonly nowMs: () => number,
  ) {
    this.flood = new Flood(nowMs);
    const id = Number(token.split(':')[0]);
    this.user = { id, is_bot: true, first_name: 'Fermata', username: `fermata_${id}_bot` };
  }

  chat(chatId: unknown): Chat {
    const chat = this.chats.get(Number(chatId));
    if (!chat) throw badRequest(chatId === undefined ? 'chat_id is empty' : 'chat not found');
    const person = this.people.get(chat.id);
    if (person?.blocksBot) throw new Refusal(403, 'Forbidden: bot was blocked by the user');
    return chat;
  }

  /** A private chat begins when a person writes first; a group when somebody adds the bot. */
  ensureChat(chatId: number, user?: User): Chat {
    const known = this.chats.get(chatId);
    if (known) return known;
    const chat: Chat =
      chatId > 0
        ? { id: chatId, type: 'private', first_name: user?.first_name ?? `Person ${chatId}` }
        : {
            id: chatId,
            type: String(chatId).startsWith('-100') ? 'supergroup' : 'group',
            title: `Group ${chatId}`,
          };
    this.chats.set(chatId, chat);
    return chat;
  }

  ensurePerson(userId: number): Person {
    const known = this.people.get(userId);
    if (known) return known;
    const user: User = { id: userId, is_bot: false, first_name: `Person ${userId}` };
    const person = { user, blocksBot: false };
    this.people.set(userId, person);
    return person;
  }

  /** Supergroups count their own messages; all other chats share one count. */
  addMessage(
    chat: Chat,
    from: User,
    text: string,
    extra: {
      markup?: Markup | undefined;
      date?: number;
      entities?: readonly Entity[];
      document?: DocumentSent;
      photo?: readonly PhotoSent[];
      replyTo?: Message;
      topic?: number | undefined;
      asGroup?: boolean | undefined;
    } = {},
  ): Message {
    const scope = chat.type === 'supergroup' ? String(chat.id) : 'account';
    const messageId = this.nextMessageIds.get(scope) ?? 1;
    this.nextMessageIds.set(scope, messageId + 1);
    const command = /^\/[A-Za-z0-9_]+(@\w+)?/.exec(text)?.[0];
    const message: Message = {
      message_id: messageId,
      from,
      chat,
      date: extra.date ?? Math.floor(this.nowMs() / 1000),
      text,
      ...(extra.markup ? { reply_markup: extra.markup } : {}),
      ...(command && from.id !== this.user.id
        ? { entities: [{ type: 'bot_command', offset: 0, length: command.length }] }
        : {}),
      ...(extra.entities === undefined || extra.entities.length === 0 ? {} : { entities: extra.entities }),
      ...(extra.document === undefined ? {} : { document: extra.document }),
      ...(extra.photo === undefined ? {} : { photo: extra.photo }),
      ...(extra.replyTo === undefined ? {} : { reply_to_message: extra.replyTo }),
      ...(extra.asGroup === true ? { sender_chat: chat } : {}),
      ...(extra.topic === undefined
        ? {}
        : { message_thread_id: extra.topic, is_topic_message: true as const }),
    };
    this.messages.set(`${chat.id}:${messageId}`, message);
    return message;
  }

  /** Of a request; undefined: General. */
  topicOf(chat: Chat, topic: number): number | undefined {
    if (topic === 0) return undefined;
    if (!this.topics.has(`${chat.id}:${topic}`)) throw badRequest('message thread not found');
    return topic;
  }

  messageOf(chatId: number, messageId: number): Message | undefined {
    return this.messages.get(`${chatId}:${messageId}`);
  }

  /** The bot's messages in a chat, oldest first. */
  sentTo(chatId: number): readonly Message[] {
    return [...this.messages.values()].filter(
      ({ chat, from }) => chat.id === chatId && from.id === this.user.id,
    );
  }

  pushMessage(message: Message): void {
    if (this.hears(message)) this.push({ message });
  }

  /** A person gives a message of theirs another text. Telegram also sends one as edited whose text is as before. */
  pushEdited(message: Message, text: string): void {
    const edited = { ...message, text, edit_date: Math.floor(this.nowMs() / 1000) };
    this.messages.set(`${message.chat.id}:${message.message_id}`, edited);
    if (this.hears(edited)) this.push({ edited_message: edited });
  }

  /** In a group, a bot in privacy mode gets only commands, replies to it, and messages that name it. */
  private hears({ chat, text, reply_to_message: replyTo }: Message): boolean {
    if (chat.type === 'private' || this.readsAllOfGroups || this.administers.has(chat.id)) return true;
    const named = [...text.matchAll(/@(\w+)/g)].map(([, name]) => name?.toLowerCase());
    if (replyTo?.from.id === this.user.id || named.includes(this.user.username?.toLowerCase())) return true;
    return /^\/\w+(?![\w@])/.test(text);
  }

  pushCallback(query: Omit<CallbackQuery, 'id' | 'chat_instance'>): string {
    const id = String(this.nextCallbackId);
    this.nextCallbackId += 1;
    this.callbacks.set(id, { answer: null });
    this.push({ callback_query: { id, chat_instance: String(query.message.chat.id), ...query } });
    return id;
  }

  /**
   * Waits up to `timeoutMs` milliseconds; a second poller ends the first one with 409. `gone`: the client hung up.
   */
  async updates(
    options: {
      readonly offset: number;
      readonly limit: number;
      readonly timeoutMs: number;
      readonly allowed: readonly string[] | null;
    },
    gone: AbortSignal,
  ): Promise<readonly Update[]> {
    if (this.webhook !== '') {
      throw new Refusal(
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      );
    }
    this.poller?.end(
      new Refusal(
        409,
        'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
      ),
    );
    // An offset far beyond the ids given out is of another count: it confirms nothing, and the whole queue is
    // returned.
    const isOfAnother = options.offset > this.nextUpdateId + OFFSET_AHEAD_MAX;
    if (options.offset > 0 && !isOfAnother)
      this.pending = this.pending.filter(({ update_id: id }) => id >= options.offset);
    else if (options.offset < 0) this.pending = this.pending.slice(options.offset);
    if (this.ready(options).length === 0 && options.timeoutMs > 0) await this.wait(options.timeoutMs, gone);
    return this.ready(options).slice(0, options.limit);
  }

  /** The number of updates that the bot has not confirmed. */
  get unconfirmed(): number {
    return this.pending.length;
  }

  endPolls(): void {
    this.poller?.end(null);
  }

  /** `drop`: waiting updates are discarded. */
  setWebhook(url: string, drop: boolean): void {
    if (url !== '') {
      const text = 'Conflict: terminated by setWebhook request';
      this.poller?.end(new Refusal(409, text));
    }
    this.webhook = url;
    if (drop) this.pending = [];
  }

  private ready({ allowed }: { readonly allowed: readonly string[] | null }): readonly Update[] {
    if (allowed === null || allowed.length === 0) return this.pending;
    return this.pending.filter((update) => allowed.some((kind) => kind in update));
  }

  private wait(timeoutMs: number, gone: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error: Refusal | null): void => {
        clearTimeout(timer);
        gone.removeEventListener('abort', hungUp);
        if (this.poller === poller) this.poller = null;
        if (error) reject(error);
        else resolve();
      };
      const hungUp = (): void => end(null);
      const timer = setTimeout(() => end(null), timeoutMs);
      const poller = { end };
      this.poller = poller;
      gone.addEventListener('abort', hungUp, { once: true });
    });
  }

  private push(what: Omit<Update, 'update_id'>): void {
    this.pending.push({ update_id: this.nextUpdateId, ...what });
    this.nextUpdateId += 1;
    if (this.pending.length > UPDATES_MAX) this.pending.shift();
    this.poller?.end(null);
  }
}
