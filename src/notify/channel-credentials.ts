/**
 * What the bot and the mailer need to reach their servers: from the environment and the desk file, secrets
 * from the environment or from files.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { deskEnvironment, fromWorkingFolder, secretVariable } from '../desk/desk-environment.js';
import { mailChoices } from '../desk/notify-schema.js';
import type { Desk } from '../desk/schema.js';
import { homePaths } from '../home/runtime.js';
import { readSecret } from '../home/secrets.js';

/**
 * From the environment, or else from a file that somebody put next to the secrets. Null: there is neither.
 * Throws as `secretVariable` does.
 */
export function keptSecret(env: NodeJS.ProcessEnv, name: string, home: string, file: string): string | null {
  const given = secretVariable(env, name);
  if (given !== null) return given;
  try {
    return readFileSync(join(homePaths(home).secrets, file), 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/** Of a secret kept in this file. The environment of another shell, or of a unit, is not known here. */
export const unlessInEnvironment = (home: string, kept: string, name: string): readonly string[] =>
  kept.startsWith(homePaths(home).secrets)
    ? [`A start with ${name} in its environment goes on with that one: take it out there.`]
    : [];

/**
 * What a start says of each secret that is kept below the secrets, where `fermata secret rotate` puts a new one, while
 * the environment has another, which counts. Throws as `secretVariable` does.
 */
export function secretsNotUsed(
  home: string,
  { notify }: Pick<Desk, 'notify'>,
  env: NodeJS.ProcessEnv,
): readonly string[] {
  const names = [
    [notify.telegram.tokenEnv, 'telegram-bot-token'],
    [notify.telegram.chatIdEnv, 'telegram-chat-id'],
    ['SMTP_PASSWORD', 'smtp-password'],
  ] as const;
  return names.flatMap(([name, file]) => {
    const kept = keptSecret({}, name, home, file);
    return kept === null || kept === keptSecret(env, name, home, file)
      ? []
      : [
          `${name} of the environment is used, not secrets/${file}, which is another one: take the old one out`,
        ];
  });
}

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
const HERE: readonly string[] = ['127.0.0.1', 'localhost', '::1'];
const SUBMISSION = 587;
const IMPLICIT_TLS = 465;

/**
 * Which server gets the mail, and the addresses of sender and recipients: from the environment and the desk
 * file. The password is never in the desk file or in a log. Null: mail is switched off or no server is given.
 * Throws if a setting is invalid; no message contains the password.
 */
export function mailSettings(
  home: string,
  { notify }: Pick<Desk, 'notify'>,
  env: NodeJS.ProcessEnv = deskEnvironment(),
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
  const isHere = HERE.includes(host) && authority === null;
  return {
    ...{ host, port, authority, from: sender, to: to ?? [sender] },
    tls: port === IMPLICIT_TLS ? 'implicit' : isHere ? 'none' : 'starttls',
    login: password === null ? null : { user: env.SMTP_USER?.trim() || sender, password },
  };
}

function authorityIn(file: string | undefined): string | null {
  if (!file) return null;
  try {
    return readFileSync(fromWorkingFolder(file), 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new Error(`SMTP_CA_FILE: expected a file that can be read, ${file} can't be (${code})`);
  }
}

export interface TelegramCredentials {
  readonly token: string;
  /** Null: alerts go to linked people only. */
  readonly chatId: string | null;
  readonly apiRoot: string;
}

const API_ROOT = 'https://api.telegram.org';
const TOKEN_FORM = /^\d{1,20}:[A-Za-z0-9_-]{10,100}$/;
const CHAT_FORM = /^-?\d{1,20}$/;
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/**
 * The bot's token and the chat for alerts: from the environment or from files, never from the desk file.
 * Null: Telegram is switched off or no token is given. Throws if a setting is invalid; no message contains
 * the token.
 */
export function telegramCredentials(
  home: string,
  { notify }: Pick<Desk, 'notify'>,
  env: NodeJS.ProcessEnv = deskEnvironment(),
): TelegramCredentials | null {
  const { enabled, tokenEnv, chatIdEnv } = notify.telegram;
  const token = keptSecret(env, tokenEnv, home, 'telegram-bot-token');
  if (!enabled || token === null) return null;
  if (!TOKEN_FORM.test(token)) throw new Error(`${tokenEnv} does not hold a bot's token (digits:letters)`);
  const chatId = keptSecret(env, chatIdEnv, home, 'telegram-chat-id');
  if (chatId !== null && !CHAT_FORM.test(chatId))
    throw new Error(`${chatIdEnv} does not hold a chat's number`);
  const apiRoot = (env.TELEGRAM_API_ROOT || API_ROOT).replace(/\/+$/, '');
  // Every URL contains the token, which must never leave this machine unencrypted.
  if (!apiRoot.startsWith('https://') && !LOOPBACK.test(apiRoot))
    throw new Error('TELEGRAM_API_ROOT must be https, or on this machine');
  return { token, chatId, apiRoot };
}

export const TEST_EVENT = 'test';

interface TelegramProof {
  readonly chatId: string;
  readonly messageId: number;
  readonly atMs: number;
}

const FILE = 'telegram-test.json';
const PURPOSE = 'fermata telegram test';
const proofSchema = z.strictObject({
  version: z.literal(1),
  chatId: z.string().max(30),
  messageId: z.number().int(),
  atMs: z.number().int(),
  /**
   * Covers every field here and the bot's token: a proof of another bot, or one written by hand, is invalid.
   */
  mac: z.string().length(64),
});

/**
 * Proof that a test alert reached a chat: written by the bot that sent it, checked before real money is
 * traded. Rejects if the installation has no key, or the disk is full.
 */
export async function keepTelegramProof(home: string, token: string, proof: TelegramProof): Promise<void> {
  const folder = join(homePaths(home).home, 'notify');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { chatId, messageId, atMs } = proof;
  const text = JSON.stringify({ version: 1, chatId, messageId, atMs, mac: macOf(home, token, proof) });
  await writeFile(join(folder, `${FILE}.new`), `${text}\n`, { mode: 0o600 });
  await rename(join(folder, `${FILE}.new`), join(folder, FILE));
}

/** Null: this bot has delivered no test alert to anybody. */
export async function telegramProof(home: string, token: string): Promise<TelegramProof | null> {
  try {
    const text = await readFile(join(homePaths(home).home, 'notify', FILE), 'utf8');
    const { mac, chatId, messageId, atMs } = proofSchema.parse(JSON.parse(text));
    const proof = { chatId, messageId, atMs };
    const expected = Buffer.from(macOf(home, token, proof));
    return timingSafeEqual(Buffer.from(mac), expected) ? proof : null;
  } catch {
    return null;
  }
}

function macOf(home: string, token: string, { chatId, messageId, atMs }: TelegramProof): string {
  const said = JSON.stringify([PURPOSE, token, chatId, messageId, atMs]);
  return createHmac('sha256', Buffer.from(readSecret(home, 'decisionKey'), 'hex'))
    .update(said)
    .digest('hex');
}
