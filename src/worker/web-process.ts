/** The process of everything that people come in by: the web server and, unless it runs apart, the Telegram bot. */
import { startWeb } from '../api/start.js';
import type { Role, Runtime } from '../home/runtime.js';
import { startTelegram } from '../telegram/start.js';

export async function startWebProcess(runtime: Runtime): Promise<Role> {
  const web = await startWeb(runtime);
  try {
    const telegram = process.env.FERMATA_SEPARATE === '1' ? null : await startTelegram(runtime);
    return {
      stop: async () => {
        await Promise.all([telegram?.stop(), web.stop()]);
      },
    };
  } catch (error) {
    await web.stop();
    throw error;
  }
}
