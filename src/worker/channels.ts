/**
 * The channels to people: the role `telegram`, which runs in the process of the role `web` unless it is
 * separate. Without a bot or a mail server the desk trades all the same, and says why there is none.
 */
import { pino } from 'pino';
import type { Desk } from '../desk/schema.js';
import { messageOf } from '../domain/message-of.js';
import { type Channel, keepChannelHealth } from '../home/channel-health.js';
import { logOutput } from '../home/desk-in-process.js';
import { deskPaths, homePaths, type Role, type Runtime } from '../home/runtime.js';
import { readSecret } from '../home/secrets.js';
import type { MailLog } from '../mail/run-mail.js';
import {
  type MailSettings,
  mailSettings,
  type TelegramCredentials,
  telegramCredentials,
} from '../notify/channel-credentials.js';
import { openOperations } from '../operations/operations.js';
import { openPool } from '../store/pool.js';
import type { BotLog } from '../telegram/bot-context.js';
import { keepNotices } from '../telegram/reading/journal-notices.js';
import { connectTrader } from '../trader/client.js';
import { loadDesk } from '../venue/load-desk.js';

/** All channels to people: the Telegram bot and the mailer. */
export async function startChannels(runtime: Runtime): Promise<Role> {
  const mail = await startMail(runtime);
  return beside(mail, () => startTelegram(runtime));
}

/** Both as one role. If the second one does not start, the first one is stopped. */
export async function beside(first: Role, start: () => Promise<Role>): Promise<Role> {
  try {
    const second = await start();
    return {
      stop: async () => {
        await Promise.all([second.stop(), first.stop()]);
      },
    };
  } catch (error) {
    await first.stop();
    throw error;
  }
}

/** The mailer, if there is a mail server. */
export async function startMail(runtime: Runtime): Promise<Role> {
  const logger = pino({ name: 'mail' }, logOutput());
  const log: MailLog = (level, text) => logger[level](text);
  const { desk } = loadDesk(runtime.deskFile);
  const settings = mailSettingsOrSaidWhy(runtime, desk, log);
  if (settings === null) return { stop: async () => undefined };
  // Only now: without a mail server the library is not loaded.
  const { runMail } = await import('../mail/run-mail.js');
  const pool = openPool(runtime, 'mail');
  const running = runMail({ home: runtime.home, desk, settings, pool, log });
  return {
    stop: async () => {
      await running.stop();
      await pool.end();
    },
  };
}

const mailSettingsOrSaidWhy = ({ home }: Runtime, desk: Desk, log: MailLog): MailSettings | null =>
  setUpOrSaidWhy(
    { home, desk: desk.desk, channel: 'mail', named: 'mail', log },
    () => mailSettings(home, desk),
    () =>
      desk.notify.mail?.enabled === false
        ? 'mail is switched off in the desk file (notify.mail.enabled)'
        : 'mail is not set up: set SMTP_SERVER and SENDER_EMAIL',
  );

/** The bot, if there is one; otherwise only the notices that mail is sent from. */
export async function startTelegram(runtime: Runtime): Promise<Role> {
  const logger = pino({ name: 'telegram' }, logOutput());
  const log: BotLog = (level, text) => logger[level](text);
  const { desk } = loadDesk(runtime.deskFile);
  const credentials = credentialsOrSaidWhy(runtime, desk, log);
  if (credentials === null && !isMailed(runtime, desk)) return { stop: async () => undefined };
  const pool = openPool(runtime, 'telegram');
  const trader = connectTrader(deskPaths(homePaths(runtime.home), runtime.desk).controlSocket);
  if (credentials === null) {
    const tasks = keepNotices({ home: runtime.home, desk, pool, trader, log });
    return {
      stop: async () => {
        await Promise.all(tasks.map((task) => task.stop()));
        trader.close();
        await pool.end();
      },
    };
  }
  const operations = await openOperations(runtime, undefined, () =>
    readSecret(runtime.home, 'telegramVoteKey'),
  );
  // Only now: loading the bot's library takes a seventh of a web role's start.
  const { runTelegram } = await import('../telegram/run-telegram.js');
  const running = runTelegram({ home: runtime.home, desk, credentials, pool, trader, operations, log });
  return {
    stop: async () => {
      await running.stop();
      trader.close();
      await Promise.allSettled([operations.close(), pool.end()]);
    },
  };
}

/** If mail is set up, the journal is turned into notices even without a bot. */
function isMailed({ home }: Runtime, desk: Desk): boolean {
  try {
    return mailSettings(home, desk) !== null;
  } catch {
    // The mailer has reported it.
    return false;
  }
}

const credentialsOrSaidWhy = ({ home }: Runtime, desk: Desk, log: BotLog): TelegramCredentials | null =>
  setUpOrSaidWhy(
    { home, desk: desk.desk, channel: 'telegram', named: 'Telegram', log },
    () => telegramCredentials(home, desk),
    () =>
      desk.notify.telegram.enabled
        ? `Telegram is not set up: set ${desk.notify.telegram.tokenEnv} to be told of halts`
        : 'Telegram is switched off in the desk file (notify.telegram.enabled)',
  );

interface ChannelPlace {
  readonly home: string;
  readonly desk: string;
  readonly channel: Channel;
  /** For use at the beginning of a log line, or within one. */
  readonly named: string;
  readonly log: (level: 'info' | 'error', text: string) => void;
}

/**
 * Null if `read` finds no settings (`whyOff` says why) or throws. Either is logged and recorded as the
 * channel's health, and goes no further: the rest of the process runs without the channel.
 */
function setUpOrSaidWhy<T>(
  { home, desk, channel, named, log }: ChannelPlace,
  read: () => T | null,
  whyOff: () => string,
): T | null {
  const say = (state: 'off' | 'silent', why: string): void => {
    const health = { channel, state, sinceMs: Date.now(), why, waiting: 0, refused: 0 };
    try {
      keepChannelHealth(home, desk, health, Date.now());
    } catch (error) {
      // A full disk must not end the process.
      log('error', `the state of ${named} could not be kept: ${messageOf(error)}`);
    }
  };
  try {
    const found = read();
    if (found !== null) return found;
    const why = whyOff();
    log('info', why);
    say('off', why);
  } catch (error) {
    log('error', `${named} is off: ${messageOf(error)}`);
    say('silent', messageOf(error));
  }
  return null;
}
