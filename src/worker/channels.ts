/** The role `telegram`: everything that tells people, namely the Telegram bot and the mailer. */
import type { Role, Runtime } from '../home/runtime.js';
import { startMail } from '../mail/start-mail.js';
import { startTelegram } from '../telegram/start.js';

export async function startChannels(runtime: Runtime): Promise<Role> {
  const mail = await startMail(runtime);
  try {
    const telegram = await startTelegram(runtime);
    return {
      stop: async () => {
        await Promise.all([telegram.stop(), mail.stop()]);
      },
    };
  } catch (error) {
    await mail.stop();
    throw error;
  }
}
