/**
 * How people come in: the role `web`, and the channels of the role `telegram`, which run in the process of `web` unless
 * they are separate. By itself the bot's role neither loads the web server nor may read its secrets.
 */
import { deskEnvironment } from '../desk/desk-environment.js';
import type { Role, Runtime } from '../home/runtime.js';
import { startMail } from '../mail/start-mail.js';
import { startTelegram } from '../telegram/start.js';

/** The web server and, unless they have their own process, the Telegram bot and the mailer. */
export async function startWebRole(runtime: Runtime): Promise<Role> {
  const web = await (await import('../api/start.js')).startWeb(runtime);
  return deskEnvironment().FERMATA_SEPARATE === '1' ? web : beside(web, () => startChannels(runtime));
}

/** All channels to people: the Telegram bot and the mailer. */
export async function startChannels(runtime: Runtime): Promise<Role> {
  const mail = await startMail(runtime);
  return beside(mail, () => startTelegram(runtime));
}

/** Both as one role. If the second one does not start, the first one is stopped. */
async function beside(first: Role, start: () => Promise<Role>): Promise<Role> {
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
