/**
 * Whether alerts arrive: the outcome of each request and, while nothing is sent, what Telegram says about the
 * desk's chat.
 */

import type { Desk } from '../../desk/schema.js';
import { messageOf } from '../../domain/message-of.js';
import { type ChannelHealth, SaidHealth } from '../../home/channel-health.js';
import { sendRefusedAgain, type Undelivered, undelivered } from '../../store/outbox-repair.js';
import type { Pool } from '../../store/pool.js';
import type { BotLog } from '../bot-context.js';
import type { KnownPeople } from '../known-people.js';
import type { SendLane } from './send-lane.js';
import type { SendOutcome } from './send-outcome.js';

interface ChatWatchContext {
  readonly desk: Desk;
  readonly home: string;
  readonly pool: Pool;
  readonly lane: SendLane;
  readonly log: BotLog;
  readonly people: KnownPeople;
  readonly chatId: string | null;
  readonly nowMs: () => number;
}

type Standing = Pick<ChannelHealth, 'state' | 'why' | 'nobody'>;

export class ChatWatch {
  readonly #context: ChatWatchContext;
  /** Chats that refuse messages, and Telegram's reason. */
  readonly #refusing = new Map<string, string>();
  /** Chats that have accepted a message since they last refused one, or since this bot started. */
  readonly #proven = new Set<string>();
  /** A problem that affects every chat. */
  #telegram: Standing | null = null;
  /** Consecutive requests without an answer; a single one is not reported. */
  #unheard = 0;
  #asked = false;
  /** What people write in the desk's group and the bot does not get; null: it gets all of it. */
  #withheld: string | null = null;
  /** Who else reads what people write and press; null: only this bot does. */
  #readElsewhere: string | null = null;
  readonly #said: SaidHealth;

  constructor(context: ChatWatchContext) {
    this.#context = context;
    this.#said = new SaidHealth(context.home, context.desk.desk, 'telegram', context.nowMs);
  }

  /** Called after each request to a chat. */
  async saw(chatId: string, outcome: SendOutcome): Promise<void> {
    if (outcome.kind === 'refused' && !outcome.ofChat) return;
    const standing = standingOf(outcome);
    this.#unheard = standing?.state === 'silent' ? this.#unheard + 1 : 0;
    this.#telegram = this.#unheard === 1 ? null : standing;
    if (outcome.kind === 'refused') {
      this.#refusing.set(chatId, outcome.reason);
      this.#proven.delete(chatId);
    }
    if (outcome.kind !== 'sent' || this.#proven.has(chatId)) return;
    const { pool, desk } = this.#context;
    const heir = chatId === this.#mainChat() ? this.#known() : null;
    await sendRefusedAgain(pool, desk.desk, chatId, heir);
    this.#refusing.delete(chatId);
    this.#proven.add(chatId);
  }

  /**
   * Queries the desk's chat (or some person's, if there is none) and each chat that refuses; people see
   * nothing of it if all is well.
   */
  async ask(): Promise<void> {
    await this.#askAll().finally(() => {
      this.#asked = true;
    });
  }

  async #askAll(): Promise<void> {
    const { lane } = this.#context;
    const known = this.#known();
    const main = this.#mainChat();
    for (const gone of [...this.#refusing.keys()].filter((one) => !known.includes(one)))
      this.#refusing.delete(gone);
    for (const chat of new Set([...(main === undefined ? [] : [main]), ...this.#refusing.keys()])) {
      const outcome = await lane.askAbout(chat, this.#proven.has(chat));
      if (outcome !== null) await this.saw(chat, outcome);
    }
    await this.#askWhatIsWithheld();
  }

  /** Called as it changes: alerts go on arriving while commands and buttons do not. */
  readElsewhere(why: string | null): void {
    this.#readElsewhere = why;
  }

  /** A person may change it at any time. Without an answer, what was known stays. */
  async #askWhatIsWithheld(): Promise<void> {
    const { lane, chatId, log } = this.#context;
    if (chatId === null || !isGroup(chatId)) return;
    const withheld = await lane.partlyHeardAs(chatId).then(
      (name) => name && onlyCommandsReach(name),
      () => this.#withheld,
    );
    if (withheld !== null && withheld !== this.#withheld) log('warn', withheld);
    this.#withheld = withheld;
  }

  /** Records the health when it has changed, and at intervals. */
  async tell(): Promise<void> {
    // Until Telegram has been queried, the last known health stays: it no longer matters that this bot was
    // not running for a while.
    const health = this.#asked ? await this.#health() : this.#said.last;
    if (health !== null) this.#said.say(health);
  }

  async #health(): Promise<ChannelHealth> {
    const { pool, desk, nowMs } = this.#context;
    let left: Undelivered = {
      waiting: this.#said.last?.waiting ?? 0,
      refused: this.#said.last?.refused ?? 0,
    };
    let standing = this.#standing();
    try {
      left = await undelivered(pool, desk.desk, this.#known());
    } catch (error) {
      standing = { state: 'silent', why: `Postgres does not answer (${messageOf(error)})` };
    }
    const { last } = this.#said;
    const sinceMs = last?.state === standing.state ? last.sinceMs : nowMs();
    return { channel: 'telegram', ...standing, sinceMs, ...left };
  }

  #standing(): Standing {
    const { chatId, desk, people } = this.#context;
    if (this.#telegram !== null) return this.#telegram;
    if (this.#known().length === 0) {
      const why = `nobody to tell: set ${desk.notify.telegram.chatIdEnv}, or link somebody (\`fermata telegram link NAME\`)`;
      return { state: 'silent', why, nobody: true };
    }
    const refusals = [...this.#refusing].map(([chat, reason]) => {
      const whose =
        chat === chatId
          ? `the chat of the alerts (${desk.notify.telegram.chatIdEnv})`
          : `the chat of ${people.personOf(chat) ?? 'somebody'}`;
      return `${whose} takes no messages: ${reason}`;
    });
    if (refusals.length > 0) return { state: 'refusing', why: refusals.join('; ') };
    if (!this.#proven.has(this.#mainChat() ?? ''))
      return { state: 'silent', why: 'Telegram has not answered since the bot was started' };
    const lost = [this.#readElsewhere, this.#withheld].filter((why) => why !== null);
    return { state: 'ok', why: lost.length === 0 ? null : lost.join('; ') };
  }

  /** The desk's chat or, if it has none, that of the first linked person. */
  #mainChat(): string | undefined {
    return this.#context.chatId ?? this.#known()[0];
  }

  #known(): readonly string[] {
    const { chatId, people } = this.#context;
    return [...new Set([...(chatId === null ? [] : [chatId]), ...people.chats()])];
  }
}

const isGroup = (chatId: string): boolean => chatId.startsWith('-');

const onlyCommandsReach = (bot: string): string =>
  `in the group of the alerts the bot gets only commands and replies: write /stop@${bot} there, since the bare word ` +
  'stop does not arrive. To change that, make the bot an administrator of the group';

/** Null if Telegram itself was reached and accepted the token. */
function standingOf(outcome: SendOutcome): Standing | null {
  if (outcome.kind === 'unknown') return { state: 'silent', why: outcome.reason };
  if (outcome.kind !== 'later') return null;
  if (outcome.ofToken === true)
    return { state: 'refusing', why: `Telegram does not accept the token (${outcome.reason})` };
  return outcome.reason.startsWith('429') ? null : { state: 'silent', why: outcome.reason };
}
