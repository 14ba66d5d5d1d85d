/** The mailer, if there is a mail server. Runs in the role `telegram`, alongside the bot. */
import { pino } from 'pino';
import type { Desk } from '../desk/schema.js';
import { logOutput } from '../home/desk-in-process.js';
import type { Role, Runtime } from '../home/runtime.js';
import { type MailSettings, mailSettings } from '../notify/channel-credentials.js';
import { setUpOrSaidWhy } from '../notify/run-channel.js';
import { openPool } from '../store/pool.js';
import { loadDesk } from '../venue/load-desk.js';
import type { MailLog } from './run-mail.js';

/** Without a mail server, the mailer does nothing: the desk trades without mail. */
export async function startMail(runtime: Runtime): Promise<Role> {
  const logger = pino({ name: 'mail' }, logOutput());
  const log: MailLog = (level, text) => logger[level](text);
  const { desk } = loadDesk(runtime.deskFile);
  const settings = settingsOrSaidWhy(runtime, desk, log);
  if (settings === null) return { stop: async () => undefined };
  // Only now: without a mail server the library is not loaded.
  const { runMail } = await import('./run-mail.js');
  const pool = openPool(runtime, 'mail');
  const running = runMail({ home: runtime.home, desk, settings, pool, log });
  return {
    stop: async () => {
      await running.stop();
      await pool.end();
    },
  };
}

const settingsOrSaidWhy = ({ home }: Runtime, desk: Desk, log: MailLog): MailSettings | null =>
  setUpOrSaidWhy(
    { home, desk: desk.desk, channel: 'mail', named: 'mail', log },
    () => mailSettings(home, desk),
    () =>
      desk.notify.mail?.enabled === false
        ? 'mail is switched off in the desk file (notify.mail.enabled)'
        : 'mail is not set up: set SMTP_SERVER and SENDER_EMAIL',
  );
