/** The telegram role, if there is a bot: it, or only the notices that mail is sent from. */
import { pino } from 'pino';
import type { Desk } from '../desk/schema.js';
import { logOutput } from '../home/desk-in-process.js';
import { deskPaths, homePaths, type Role, type Runtime } from '../home/runtime.js';
import { readSecret } from '../home/secrets.js';
import {
  mailSettings,
  type TelegramCredentials,
  telegramCredentials,
} from '../notify/channel-credentials.js';
import { setUpOrSaidWhy } from '../notify/run-channel.js';
import { openOperations } from '../operations/operations.js';
import { openPool } from '../store/pool.js';
import { connectTrader } from '../trader/client.js';
import { loadDesk } from '../venue/load-desk.js';
import type { BotLog } from './bot-context.js';
import { keepNotices } from './reading/follow-journal.js';

/** Without a token there is no bot: the desk trades without Telegram. */
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
  const { runTelegram } = await import('./run-telegram.js');
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
