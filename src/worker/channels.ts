/** How people come in and are told: the roles `web` and `telegram`. */
import type { Role, Runtime } from '../home/runtime.js';
import { startMail } from '../mail/start-mail.js';
import { startTelegram } from '../telegram/start.js';

/** The web server and, unless they have their own process, the Telegram bot and the mailer. */
export async function startWebProcess(runtime: Runtime): Promise<Role> {
  // Imported only here: a bot with its own process loads no web server.
  const { startWeb } = await import('../api/start.js');
  const web = await startWeb(runtime);
  return process.env.FERMATA_SEPARATE === '1' ? web : beside(web, () => startChannels(runtime));
}

/** Everything that tells people: the Telegram bot and the mailer. */
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
