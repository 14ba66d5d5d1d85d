/**
 * The role `web`, by which people come in. Separate from the bot's role, which by itself neither loads this
 * nor may read its secrets.
 */
import { startWeb } from '../api/start-web.js';
import { deskEnvironment } from '../desk/desk-environment.js';
import type { Role, Runtime } from '../home/runtime.js';
import { beside, startChannels } from './channels.js';

/** The web server and, unless they have their own process, the Telegram bot and the mailer. */
export async function startWebProcess(runtime: Runtime): Promise<Role> {
  const web = await startWeb(runtime);
  return deskEnvironment().FERMATA_SEPARATE === '1' ? web : beside(web, () => startChannels(runtime));
}
