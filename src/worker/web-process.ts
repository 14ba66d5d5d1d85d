/**
 * The process for everything that people use to come in: the web server and, unless they have their own process, the
 * Telegram bot and the mailer.
 */
import { startWeb } from '../api/start.js';
import type { Role, Runtime } from '../home/runtime.js';
import { startChannels } from './channels.js';

export async function startWebProcess(runtime: Runtime): Promise<Role> {
  const web = await startWeb(runtime);
  try {
    const channels = process.env.FERMATA_SEPARATE === '1' ? null : await startChannels(runtime);
    return {
      stop: async () => {
        await Promise.all([channels?.stop(), web.stop()]);
      },
    };
  } catch (error) {
    await web.stop();
    throw error;
  }
}
