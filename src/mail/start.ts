/** The mailer: sends notices from the outbox to the mail server. Runs in the role `telegram`, beside the bot. */
import { pino } from 'pino';
import type { Desk } from '../desk/schema.js';
import { logOutput } from '../home/desk-in-process.js';
import type { Role, Runtime } from '../home/runtime.js';
import { type MailSettings, mailSettings } from '../notify/mail-settings.js';
import { keepDoing, setUpOrSaidWhy } from '../notify/run-channel.js';
import { giveUpOldMail } from '../store/mail-outbox.js';
import { openPool, type Pool } from '../store/pool.js';
import { loadDesk } from '../venue/load-desk.js';
import { type DeliveryContext, deliverMail } from './deliver-mail.js';
import { type MailTimeouts, mailServer } from './mail-server.js';
import { MailWatch } from './mail-watch.js';

export interface MailTiming {
  readonly deliverEveryMs: number;
  readonly retryMs: number;
  /** Interval while the server accepts mail; otherwise it is asked at least every minute. */
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

/** Without a mail server the mailer does nothing: the desk trades without mail. */
export async function startMail(runtime: Runtime): Promise<Role> {
  const logger = pino({ name: 'mail' }, logOutput());
  const log: DeliveryContext['log'] = (level, text) => logger[level](text);
  const { desk } = loadDesk(runtime.deskFile);
  const settings = settingsOrSaidWhy(runtime, desk, log);
  if (settings === null) return { stop: async () => undefined };
  const pool = openPool(runtime, 'mail');
  const running = runMail({ home: runtime.home, desk, settings, pool, log });
  return {
    stop: async () => {
      await running.stop();
      await pool.end();
    },
  };
}

const settingsOrSaidWhy = ({ home }: Runtime, desk: Desk, log: DeliveryContext['log']): MailSettings | null =>
  setUpOrSaidWhy(
    { home, desk: desk.desk, channel: 'mail', named: 'mail', log },
    () => mailSettings(home, desk),
    () =>
      desk.notify.mail?.enabled === false
        ? 'mail is switched off in the desk file (notify.mail.enabled)'
        : 'mail is not set up: set SMTP_SERVER and SENDER_EMAIL',
  );

interface MailParts {
  readonly home: string;
  readonly desk: Desk;
  readonly settings: MailSettings;
  readonly pool: Pool;
  readonly log: DeliveryContext['log'];
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
