/**
 * Whether mail arrives: the outcome of the newest one to each address and, while none is sent, what the server
 * answers when asked.
 */
import type { Desk } from '../desk/schema.js';
import { messageOf } from '../domain/message-of.js';
import { type ChannelHealth, keepChannelHealth, lastHealth, SAID_EVERY_MS } from '../home/channel-health.js';
import { newestOfAddresses, undeliveredMail } from '../store/mail-outbox.js';
import type { Pool } from '../store/pool.js';
import { isAnswer, type MailServer } from './mail-server.js';

interface MailWatchContext {
  readonly desk: Desk;
  readonly home: string;
  readonly pool: Pool;
  readonly server: MailServer;
  readonly to: readonly string[];
  readonly nowMs: () => number;
}

type Standing = Pick<ChannelHealth, 'state' | 'why'>;

const WELL: Standing = { state: 'ok', why: null };

export class MailWatch {
  readonly #context: MailWatchContext;
  /** The server's state when it was last asked; null: not yet. */
  #server: Standing | null = null;
  #said: ChannelHealth | null;
  #saidMs = 0;

  constructor(context: MailWatchContext) {
    this.#context = context;
    this.#said = lastHealth(context.home, context.desk.desk, 'mail')?.health ?? null;
  }

  /** True if the server would accept mail. */
  async ask(): Promise<boolean> {
    const { kind, reply } = await this.#context.server.ask();
    this.#server = kind === 'sent' ? WELL : standingOf(reply);
    return kind === 'sent';
  }

  /** Records the health when it has changed, and at intervals. */
  async tell(): Promise<void> {
    const { desk, home, nowMs } = this.#context;
    // Until the server has been asked, the last known health stays.
    const health = this.#server === null ? this.#said : await this.#health(this.#server);
    if (health === null) return;
    const same = JSON.stringify(health) === JSON.stringify(this.#said);
    if (same && nowMs() - this.#saidMs < SAID_EVERY_MS) return;
    keepChannelHealth(home, desk.desk, health, nowMs());
    this.#said = health;
    this.#saidMs = nowMs();
  }

  async #health(server: Standing): Promise<ChannelHealth> {
    const { pool, desk, to, nowMs } = this.#context;
    let left = { waiting: this.#said?.waiting ?? 0, refused: this.#said?.refused ?? 0 };
    let standing: Standing;
    try {
      left = await undeliveredMail(pool, desk.desk);
      standing = server.state === 'ok' ? await this.#ofAddresses(to) : server;
    } catch (error) {
      standing = { state: 'silent', why: `Postgres does not answer (${messageOf(error)})` };
    }
    const sinceMs = this.#said?.state === standing.state ? this.#said.sinceMs : nowMs();
    return { channel: 'mail', ...standing, sinceMs, ...left };
  }

  async #ofAddresses(to: readonly string[]): Promise<Standing> {
    const { pool, desk } = this.#context;
    const newest = await newestOfAddresses(pool, desk.desk, to);
    const bad = newest.filter(({ state, reply }) => state !== 'sent' && reply !== '');
    if (bad.length === 0) return WELL;
    const why = bad.map(({ address, reply }) => `${address} takes no mail: ${reply}`).join('; ');
    return { state: bad.some(({ reply }) => isAnswer(reply)) ? 'refusing' : 'silent', why };
  }
}

const standingOf = (reply: string): Standing => ({
  state: isAnswer(reply) ? 'refusing' : 'silent',
  why: isAnswer(reply) ? `the mail server takes no mail: ${reply}` : reply,
});
