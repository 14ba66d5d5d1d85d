/** The mailer while it runs: sends notices from the outbox to the mail server. */
import { mailChoices } from '../desk/notify-schema.js';
import type { Desk } from '../desk/schema.js';
import { backoffMs } from '../domain/backoff.js';
import { messageOf } from '../domain/message-of.js';
import { type ChannelHealth, SaidHealth } from '../home/channel-health.js';
import type { Role } from '../home/runtime.js';
import { keepDoing } from '../home/try-again.js';
import type { MailSettings } from '../notify/channel-credentials.js';
import {
  addressMail,
  giveBack,
  giveUpOldMail,
  type Mail,
  mailLater,
  markMailed,
  markMailRefused,
  newestOfAddresses,
  takeDueMail,
  undeliveredMail,
} from '../store/mail-outbox.js';
import type { Pool } from '../store/pool.js';
import { isAnswer, type MailOutcome, type MailServer, type MailTimeouts, mailServer } from './mail-server.js';

export interface MailTiming {
  readonly deliverEveryMs: number;
  readonly retryMs: number;
  /** Interval while the server accepts mail. Otherwise the server is polled at least every minute. */
  readonly askEveryMs: number;
  readonly tellEveryMs: number;
  readonly timeouts?: MailTimeouts;
}

const MAIL_TIMING: MailTiming = {
  deliverEveryMs: 1_000,
  retryMs: 30_000,
  askEveryMs: 900_000,
  tellEveryMs: 2_000,
};
const ASK_AGAIN_MS_MAX = 60_000;
const GIVE_UP_EVERY_MS = 3_600_000;

interface MailParts {
  readonly home: string;
  readonly desk: Desk;
  readonly settings: MailSettings;
  readonly pool: Pool;
  readonly log: MailLog;
  readonly timing?: MailTiming;
}

export function runMail({ home, desk, settings, pool, log, timing = MAIL_TIMING }: MailParts): Role {
  const stopping = new AbortController();
  const server = mailServer(desk.desk, settings, stopping.signal, timing.timeouts);
  const { to } = settings;
  const watch = new MailWatch({ ...{ desk, home, pool, server, to }, nowMs: Date.now });
  const context: DeliveryContext = { desk, pool, server, to, log, retryMs: timing.retryMs };
  const tasks = [
    keepDoing('notices by mail', log, async (stopping) =>
      (await deliverMail(context, stopping)) ? 0 : timing.deliverEveryMs,
    ),
    keepDoing('mail of days ago', log, async () => {
      const lost = await giveUpOldMail(pool, desk.desk);
      if (lost > 0) log('error', `${lost} mails were given up undelivered`);
      return GIVE_UP_EVERY_MS;
    }),
    keepDoing('the mail server', log, async () => {
      const takes = await watch.ask();
      await watch.tell();
      return takes ? timing.askEveryMs : Math.min(timing.askEveryMs, ASK_AGAIN_MS_MAX);
    }),
    keepDoing('how mail is', log, async () => {
      await watch.tell();
      return timing.tellEveryMs;
    }),
  ];
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(tasks.map((task) => task.stop()));
    },
  };
}

export type MailLog = (level: 'info' | 'warn' | 'error', text: string) => void;

interface DeliveryContext {
  readonly desk: Desk;
  readonly pool: Pool;
  readonly server: MailServer;
  readonly to: readonly string[];
  readonly log: MailLog;
  /**
   * Pause before the second attempt, in milliseconds. It doubles with each further attempt, up to half an
   * hour, or up to a minute if the server can't be reached.
   */
  readonly retryMs: number;
}

/**
 * Handing over a mail takes seconds: one that is still being sent after this time was lost with its mailer.
 */
const LEASE_MS = 120_000;
const RETRY_MS_MAX = 1_800_000;
/**
 * A server that comes back gets the waiting mail soon. A server that was reached needs time, or delivers mail
 * without ever answering.
 */
const UNREACHED_RETRY_MS_MAX = 60_000;

/**
 * Sends the outbox to the mail server: critical notices first, each address separately, retried until
 * accepted or refused. True if anything was done: then there may be more. After `stopping`, it begins no
 * further mail.
 */
async function deliverMail(context: DeliveryContext, stopping: AbortSignal): Promise<boolean> {
  const { desk, pool, to, server } = context;
  const { events, critical } = mailChoices(desk.notify);
  const addressed = await addressMail(pool, desk.desk, { to, events, critical });
  const due = await takeDueMail(pool, desk.desk, LEASE_MS);
  for (const [at, mail] of due.entries()) {
    if (stopping.aborted) {
      await giveBack(
        pool,
        due.slice(at).map(({ id }) => id),
      );
      break;
    }
    await keep(context, mail, await server.send(mail));
  }
  return addressed > 0 || due.length > 0;
}

async function keep({ pool, log, retryMs }: DeliveryContext, mail: Mail, outcome: MailOutcome) {
  const { kind, reply } = outcome;
  if (kind === 'sent') return markMailed(pool, mail.id, reply);
  if (kind === 'refused') {
    log('error', `mail to ${mail.address} ("${mail.title}") is refused and not sent again: ${reply}`);
    return markMailRefused(pool, mail.id, reply);
  }
  const mostMs = outcome.wasReached ? RETRY_MS_MAX : UNREACHED_RETRY_MS_MAX;
  const afterMs = backoffMs(mail.attempts, { firstMs: retryMs, mostMs });
  log(
    'warn',
    `mail to ${mail.address} ("${mail.title}") is sent again in ${Math.ceil(afterMs / 1_000)} s: ${reply}`,
  );
  return mailLater(pool, mail.id, afterMs, reply);
}

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

/**
 * Whether mail arrives: judged by the newest mail to each address and, while none is sent, by the server's
 * answer when polled.
 */
class MailWatch {
  readonly #context: MailWatchContext;
  /** The server's state at the last poll. Null: not polled yet. */
  #server: Standing | null = null;
  readonly #said: SaidHealth;

  constructor(context: MailWatchContext) {
    this.#context = context;
    this.#said = new SaidHealth(context.home, context.desk.desk, 'mail', context.nowMs);
  }

  /** True: the server would accept mail. */
  async ask(): Promise<boolean> {
    const { kind, reply } = await this.#context.server.ask();
    this.#server = kind === 'sent' ? WELL : standingOf(reply);
    return kind === 'sent';
  }

  /** Records the health when it changes, and at intervals. */
  async tell(): Promise<void> {
    // Until the server has been polled, the last known health stays.
    const health = this.#server === null ? this.#said.last : await this.#health(this.#server);
    if (health !== null) this.#said.say(health);
  }

  async #health(server: Standing): Promise<ChannelHealth> {
    const { pool, desk, to, nowMs } = this.#context;
    let left = { waiting: this.#said.last?.waiting ?? 0, refused: this.#said.last?.refused ?? 0 };
    let standing: Standing;
    try {
      left = await undeliveredMail(pool, desk.desk);
      standing = server.state === 'ok' ? await this.#ofAddresses(to) : server;
    } catch (error) {
      standing = { state: 'silent', why: `Postgres does not answer (${messageOf(error)})` };
    }
    const { last } = this.#said;
    const sinceMs = last?.state === standing.state ? last.sinceMs : nowMs();
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
