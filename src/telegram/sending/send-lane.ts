/**
 * Everything that the bot writes goes through here, one message at a time. So the ids of its messages are
 * known, and a message whose answer was lost can be found: its id is higher than the newest one known
 * before it.
 */
import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, InputFile } from 'grammy';
import type { NoticeButton } from '../../contracts/notice.js';
import { forPeople } from '../../domain/moment.js';
import { asTyped } from '../../home/desk-in-process.js';
import { homePaths } from '../../home/runtime.js';
import { type GrammySignal, grammySignal, outcomeOfError, type SendOutcome } from './send-outcome.js';

/** Where a person is answered: where they wrote. */
export interface Place {
  readonly chatId: number | string;
  /** Of a group with topics; left out: its General topic, or another chat. */
  readonly topicId?: number | undefined;
}

export interface Outgoing extends Place {
  readonly chatId: string;
  readonly text: string;
  /** Follows the text, which is cut for it where both are too long for Telegram. */
  readonly ending?: string;
  readonly buttons: readonly NoticeButton[];
  readonly silent?: boolean;
}

interface OutgoingPicture extends Place {
  readonly chatId: string;
  readonly png: Buffer;
  /** The name of the file, for people who save it. */
  readonly name: string;
  readonly caption: string;
}

const REQUEST_MS = 10_000;
/** A request in flight when the bot ends has this long to arrive: nobody waits for a Telegram that hangs. */
const LAST_REQUEST_MS = 3_000;
/** How many unknown ids after the last known one are tried: people's own messages use up ids too. */
const LOOK_AHEAD_MAX = 6;
const IDS_KEPT = 2_000;

export class SendLane {
  readonly #limit: RateLimit;
  readonly #newest = new Map<string, number>();
  readonly #seen = new Set<string>();
  #tail: Promise<unknown> = Promise.resolve();
  readonly #stopping = new AbortController();
  readonly #over = new AbortController();

  constructor(
    private readonly api: Api,
    nowMs: () => number,
    private readonly sentMessages: SentMessages,
  ) {
    this.#limit = new RateLimit(nowMs);
    // Each message that waits for its turn adds a listener.
    setMaxListeners(0, this.#stopping.signal, this.#over.signal);
  }

  stop(): void {
    this.#stopping.abort();
    setTimeout(() => this.#over.abort(), LAST_REQUEST_MS).unref();
  }

  /** Waits before another try. False: the bot ends. */
  rest(ms: number): Promise<boolean> {
    return sleep(ms, true, { signal: this.#stopping.signal }).catch(() => false);
  }

  /** Records the id of any message seen, from the bot or from people. */
  saw(chatId: string, messageId: number): void {
    const scope = scopeOf(chatId);
    this.#newest.set(scope, Math.max(this.#newest.get(scope) ?? 0, messageId));
    this.#seen.add(`${scope}:${messageId}`);
    const [oldest] = this.#seen;
    if (this.#seen.size > IDS_KEPT && oldest !== undefined) this.#seen.delete(oldest);
  }

  newestKnown(chatId: string): number {
    return this.#newest.get(scopeOf(chatId)) ?? 0;
  }

  /** `before`: called just before the request is made; if it rejects, no request is made. */
  async send(message: Outgoing, before: () => Promise<void> = async () => {}): Promise<SendOutcome> {
    await this.#limit.turn(message.chatId, this.#stopping.signal);
    return this.#oneByOne(async () => {
      const silence = this.#limit.silence(message.chatId);
      if (silence !== null) return silence;
      await before();
      return this.#attempt(message, message.text, (signal) =>
        this.api.sendMessage(
          message.chatId,
          shownText(message),
          {
            ...markupOf(message.buttons),
            ...topicOf(message),
            disable_notification: message.silent === true,
          },
          signal,
        ),
      );
    });
  }

  async sendPicture({ chatId, png, name, caption, topicId }: OutgoingPicture): Promise<SendOutcome> {
    await this.#limit.turn(chatId, this.#stopping.signal);
    const said = { caption: cut(caption, CAPTION_LENGTH_MAX), ...topicOf({ topicId }) };
    return this.#oneByOne(
      async () =>
        this.#limit.silence(chatId) ??
        this.#attempt({ chatId }, caption, (signal) =>
          this.api.sendPhoto(chatId, new InputFile(png, name), said, signal),
        ),
    );
  }

  /**
   * Looks for a message whose answer was lost, by editing each id after `afterMessageId` to the same text:
   * Telegram answers "not modified" if the message already has it. Null: the message is not there. Any
   * outcome other than `sent`: not determined.
   */
  async find(message: Outgoing, afterMessageId: number): Promise<SendOutcome | null> {
    // If no id was ever known, an older message of the bot might be overwritten.
    if (afterMessageId <= 0) return null;
    // Also by this bot before a restart, or for another desk.
    const sent = this.sentMessages.after(scopeOf(message.chatId), afterMessageId);
    const ours = [...sent].find(([, print]) => print === printOf(message.chatId, message.text));
    if (ours !== undefined) return { kind: 'sent', messageId: ours[0] };
    let looked = 0;
    for (let id = afterMessageId + 1; looked < LOOK_AHEAD_MAX; id += 1) {
      await this.#limit.turn(message.chatId, this.#stopping.signal);
      // Exclusive, so that a message in flight reports its id before that id is tried.
      const outcome = await this.#oneByOne(async () =>
        this.#isKnown(message, id) || sent.has(id) ? null : this.#put(message, id),
      );
      if (outcome === null) continue;
      looked += 1;
      if (outcome.kind !== 'refused') return outcome;
      if (/not modified/.test(outcome.reason)) {
        this.#keep(message.chatId, id, message.text);
        return { kind: 'sent', messageId: id };
      }
      if (!/not found|can't be edited|no text in the message|MESSAGE_ID_INVALID/i.test(outcome.reason))
        return outcome;
    }
    return null;
  }

  /** Edits a message of the bot; buttons that are not given are removed. */
  async edit(message: Outgoing, messageId: number): Promise<SendOutcome> {
    await this.#limit.turn(message.chatId, this.#stopping.signal);
    return this.#put(message, messageId);
  }

  /**
   * Whether a chat would accept a message, without sending one. `quietly`: only asks whether the bot can see
   * the chat; otherwise shows "typing", which is refused wherever a message would be. Null: cut off because
   * this process is ending.
   */
  async askAbout(chatId: string, quietly: boolean): Promise<SendOutcome | null> {
    try {
      const signal = this.#signal();
      if (quietly) await this.api.getChat(chatId, signal);
      else await this.api.sendChatAction(chatId, 'typing', {}, signal);
      return { kind: 'sent', messageId: 0 };
    } catch (error) {
      if (this.#stopping.signal.aborted) return null;
      const outcome = outcomeOfError(error);
      // A channel has no "typing": then it is enough that the bot can see it.
      const noSuchSign = outcome.kind === 'refused' && !outcome.ofChat && !quietly;
      return noSuchSign ? this.askAbout(chatId, true) : outcome;
    }
  }

  /**
   * The bot's name if it is given only a part of what is written in this group, as in privacy mode, which is the default;
   * null if it is given all of it. Rejects if Telegram does not answer.
   */
  async partlyHeardAs(chatId: string): Promise<string | null> {
    const { id, username, can_read_all_group_messages: readsAll } = await this.api.getMe(this.#signal());
    if (readsAll) return null;
    const { status } = await this.api.getChatMember(chatId, id, this.#signal());
    return status === 'administrator' || status === 'creator' ? null : username;
  }

  #signal(): GrammySignal {
    return grammySignal(AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(REQUEST_MS)]));
  }

  #keep(chatId: string, messageId: number, text: string): void {
    this.saw(chatId, messageId);
    this.sentMessages.add(scopeOf(chatId), messageId, printOf(chatId, text));
  }

  #isKnown({ chatId }: Outgoing, messageId: number): boolean {
    return this.#seen.has(`${scopeOf(chatId)}:${messageId}`);
  }

  async #put(message: Outgoing, messageId: number): Promise<SendOutcome> {
    const silence = this.#limit.silence(message.chatId);
    if (silence !== null) return silence;
    return this.#attempt(message, `${message.text}${message.ending ?? ''}`, async (signal) => {
      await this.api.editMessageText(
        message.chatId,
        messageId,
        shownText(message),
        markupOf(message.buttons),
        signal,
      );
      return { message_id: messageId, chat: { id: Number(message.chatId) } };
    });
  }

  async #attempt(
    { chatId }: Pick<Outgoing, 'chatId'>,
    text: string,
    request: (signal: GrammySignal) => Promise<{ message_id: number; chat: { id: number } }>,
  ): Promise<SendOutcome> {
    try {
      const sent = await request(
        grammySignal(AbortSignal.any([this.#over.signal, AbortSignal.timeout(REQUEST_MS)])),
      );
      this.#keep(String(sent.chat.id), sent.message_id, text);
      return { kind: 'sent', messageId: sent.message_id };
    } catch (error) {
      const outcome = outcomeOfError(error);
      if (outcome.kind === 'later' && outcome.reason.startsWith('429'))
        this.#limit.pause(chatId, outcome.afterMs);
      return outcome;
    }
  }

  #oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work, work);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}

/** Telegram's limits, in characters: of a message, and of the caption of a picture. */
const TEXT_LENGTH_MAX = 4_096;
const CAPTION_LENGTH_MAX = 1_024;

/**
 * Commands as they can be typed here; amounts and times formatted for people. Only now it is known how long it is: Telegram
 * refuses a message that is too long, so that nothing of it would arrive.
 */
function shownText({ text, ending = '' }: Pick<Outgoing, 'text' | 'ending'>): string {
  const end = cut(forPeople(asTyped(ending)), ENDING_LENGTH_MAX);
  return `${cut(forPeople(asTyped(text)), TEXT_LENGTH_MAX - end.length)}${end}`;
}

/** What it belongs to stays readable above it. */
const ENDING_LENGTH_MAX = 3_000;

/** Never in the middle of a character: Telegram refuses half of one. */
export function cut(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  return `${text.slice(0, lengthMax - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

const topicOf = ({ topicId }: Pick<Place, 'topicId'>) =>
  topicId === undefined ? {} : { message_thread_id: topicId };

/** Supergroups and channels count their own messages; all other chats of an account share one count. */
function scopeOf(chatId: string): string {
  return chatId.startsWith('-100') ? chatId : 'account';
}

const printOf = (chatId: string, text: string): string => fingerprintOf(`${chatId}\n${text}`);

function markupOf(buttons: readonly NoticeButton[]) {
  if (buttons.length === 0) return {};
  return {
    reply_markup: {
      inline_keyboard: [buttons.map(({ text, data }) => ({ text, callback_data: data }))],
    },
  };
}

interface Allowance {
  readonly burst: number;
  readonly everyMs: number;
}

const PRIVATE_CHAT: Allowance = { burst: 5, everyMs: 1_000 };
const GROUP: Allowance = { burst: 5, everyMs: 3_000 };
/** For all chats together. */
const ALL: Allowance = { burst: 20, everyMs: 40 };
const ALL_CHATS = 'all';
const CHATS_KEPT = 1_000;

/**
 * How fast Telegram lets a bot write: a short burst to one chat, then one message a second; 20 a minute to a
 * group. Not grammY's throttler or auto-retry: they hold waiting messages in memory, while the outbox stores
 * them in Postgres and knows whether each has arrived.
 */
class RateLimit {
  readonly #next = new Map<string, number>();
  /** Until when nothing is sent to a chat, or to `ALL_CHATS`. */
  readonly #silent = new Map<string, number>();

  constructor(private readonly nowMs: () => number) {}

  /**
   * After a 429: nothing is sent to that chat for `ms` milliseconds. Telegram does not say whether it means the chat or the
   * bot: if a second chat is refused meanwhile it means the bot, and nothing is sent at all.
   */
  pause(chatId: string, ms: number): void {
    const now = this.nowMs();
    for (const [chat, untilMs] of this.#silent) if (untilMs <= now) this.#silent.delete(chat);
    const isOfBot = [...this.#silent.keys()].some((chat) => chat !== chatId);
    const key = isOfBot ? ALL_CHATS : chatId;
    this.#silent.set(key, Math.max(this.#silent.get(key) ?? 0, now + ms));
  }

  /** Not waited for here: what goes to other chats is behind it. Null if a message may go to this chat. */
  silence(chatId: string): Extract<SendOutcome, { kind: 'later' }> | null {
    const untilMs = Math.max(this.#silent.get(chatId) ?? 0, this.#silent.get(ALL_CHATS) ?? 0);
    const afterMs = untilMs - this.nowMs();
    return afterMs > 0 ? { kind: 'later', afterMs, reason: '429 Telegram asked for silence' } : null;
  }

  /** Waits until a message may go to this chat; rejects if aborted. */
  async turn(chatId: string, signal: AbortSignal): Promise<void> {
    const own = chatId.startsWith('-') ? GROUP : PRIVATE_CHAT;
    const waitMs = Math.max(this.#book(chatId, own), this.#book(ALL_CHATS, ALL));
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
  }

  /** Books a message and returns the milliseconds to wait. `next`: when each chat's burst would be full again. */
  #book(key: string, { burst, everyMs }: Allowance): number {
    const now = this.nowMs();
    const full = Math.max(this.#next.get(key) ?? 0, now);
    this.#next.delete(key);
    this.#next.set(key, full + everyMs);
    const [oldest] = this.#next.keys();
    if (this.#next.size > CHATS_KEPT && oldest !== undefined) this.#next.delete(oldest);
    return full + everyMs - now - burst * everyMs;
  }
}

// The ids of the messages that a bot has sent, and a fingerprint of each. They outlive this process in a file that all
// desks of the installation with the same bot share: so a message whose answer was lost is looked for without
// overwriting another one, and one that could not be recorded in Postgres is recognised.

/** A full file becomes the older one, and the older one of before is given up. A message takes about 40 bytes. */
const BYTES_MAX = 64 * 1024;
const KEPT_IN_MEMORY = 1_000;

/** One file for each bot in the run folder, named by a fingerprint of its token. */
export const sentFileOf = (home: string, token: string): string =>
  join(homePaths(home).servers.run, `bot-${fingerprintOf(token)}.sent`);

const fingerprintOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

export class SentMessages {
  /** Of this process: what could not be written, as on a full disk, is known at least until it ends. */
  readonly #ours = new Map<string, string>();

  constructor(private readonly file: string) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  }

  /** `scope`: what counts its messages by itself; without spaces. */
  add(scope: string, messageId: number, fingerprint: string): void {
    const key = `${scope} ${messageId}`;
    this.#ours.delete(key);
    this.#ours.set(key, fingerprint);
    const [oldest] = this.#ours.keys();
    if (this.#ours.size > KEPT_IN_MEMORY && oldest !== undefined) this.#ours.delete(oldest);
    try {
      appendFileSync(this.file, `${key} ${fingerprint}\n`, { mode: 0o600 });
      if (statSync(this.file).size > BYTES_MAX) renameSync(this.file, olderOf(this.file));
    } catch {
      // A message that is not recorded may be overwritten or come twice; that is better than no alert.
    }
  }

  /** The fingerprint of each message of a scope with a higher id than `messageId`, by id. */
  after(scope: string, messageId: number): ReadonlyMap<number, string> {
    const written = [olderOf(this.file), this.file].flatMap(linesOf);
    const ours = [...this.#ours].map(([key, print]) => `${key} ${print}`);
    const found = new Map<number, string>();
    for (const line of [...written, ...ours]) {
      const [of, id = '', print = ''] = line.split(' ');
      if (of === scope && Number(id) > messageId) found.set(Number(id), print);
    }
    return found;
  }
}

const olderOf = (file: string): string => `${file}.1`;

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
