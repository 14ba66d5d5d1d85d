/**
 * The channels to people: the role `telegram`, which runs in the process of the role `web` unless it is
 * separate.
 */
import type { Role, Runtime } from '../home/runtime.js';
import { startMail } from '../mail/start-mail.js';
import { startTelegram } from '../telegram/start.js';

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
