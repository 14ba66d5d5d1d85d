/**
 * Which server mail is handed to, from and to which addresses: from the environment and the desk file. The password
 * is never in the desk file or in a log.
 */
import { readFileSync } from 'node:fs';
import { mailChoices } from '../desk/notify-schema.js';
import type { Desk } from '../desk/schema.js';
import { keptSecret } from './kept-secret.js';

export interface MailSettings {
  readonly host: string;
  readonly port: number;
  /**
   * `implicit`: from the first byte; `starttls`: required before anything is sent; `none`: the server is on this
   * machine.
   */
  readonly tls: 'implicit' | 'starttls' | 'none';
  /** PEM; null: the authorities that Node trusts. */
  readonly authority: string | null;
  readonly login: { readonly user: string; readonly password: string } | null;
  readonly from: string;
  readonly to: readonly string[];
}

const HOST_FORM = /^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|::1)$/;
const ADDRESS_FORM = /^[^\s@<>,;:"]{1,64}@[A-Za-z0-9.-]{1,190}$/;
const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '::1'];
const SUBMISSION = 587;
const IMPLICIT_TLS = 465;

/**
 * Null if mail is switched off or no server is given. Throws if a setting is invalid; no message contains the
 * password.
 */
export function mailSettings(
  home: string,
  { notify }: Pick<Desk, 'notify'>,
  env: NodeJS.ProcessEnv = process.env,
): MailSettings | null {
  const { enabled, from, to } = mailChoices(notify);
  const host = env.SMTP_SERVER?.trim();
  if (!enabled || !host) return null;
  if (!HOST_FORM.test(host))
    throw new Error('SMTP_SERVER does not hold the name of a mail server (smtp.desk.example)');
  const port = Number(env.SMTP_PORT?.trim() || SUBMISSION);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error('SMTP_PORT does not hold a port from 1 to 65535');
  const sender = from ?? env.SENDER_EMAIL?.trim();
  if (!sender) throw new Error('nobody sends: set SENDER_EMAIL, or notify.mail.from in the desk file');
  if (!ADDRESS_FORM.test(sender))
    throw new Error('SENDER_EMAIL does not hold an address (trader@desk.example)');
  const password = keptSecret(env, 'SMTP_PASSWORD', home, 'smtp-password');
  const authority = authorityIn(env.SMTP_CA_FILE?.trim());
  const isHere = LOOPBACK.includes(host) && authority === null;
  return {
    ...{ host, port, authority, from: sender, to: to ?? [sender] },
    tls: port === IMPLICIT_TLS ? 'implicit' : isHere ? 'none' : 'starttls',
    login: password === null ? null : { user: env.SMTP_USER?.trim() || sender, password },
  };
}

function authorityIn(file: string | undefined): string | null {
  if (!file) return null;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new Error(`SMTP_CA_FILE: expected a file that can be read, ${file} can't be (${code})`);
  }
}
