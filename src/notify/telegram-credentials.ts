/** The bot's token and the chat for alerts: from the environment or from files, never from the desk file. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Desk } from '../desk/schema.js';
import { homePaths } from '../home/runtime.js';
import { readSecret } from '../home/secrets.js';
import { keptSecret } from './kept-secret.js';

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
 * Null if Telegram is switched off or no token is given. Throws if a setting is invalid; no message contains the
 * token.
 */
export function telegramCredentials(
  home: string,
  { notify }: Pick<Desk, 'notify'>,
  env: NodeJS.ProcessEnv = process.env,
): TelegramCredentials | null {
  const { enabled, tokenEnv, chatIdEnv } = notify.telegram;
  const token = keptSecret(env, tokenEnv, home, 'telegram-bot-token');
  if (!enabled || token === null) return null;
  if (!TOKEN_FORM.test(token)) throw new Error(`${tokenEnv} does not hold a bot's token (digits:letters)`);
  const chatId = keptSecret(env, chatIdEnv, home, 'telegram-chat-id');
  if (chatId !== null && !CHAT_FORM.test(chatId))
    throw new Error(`${chatIdEnv} does not hold a chat's number`);
  const apiRoot = (env.TELEGRAM_API_ROOT || API_ROOT).replace(/\/+$/, '');
  // Every address contains the token: it must never leave this machine unencrypted.
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
  /** Covers everything here and the bot's token: a proof of another bot, or one written by hand, is invalid. */
  mac: z.string().length(64),
});

/**
 * Proof that a test alert reached a chat: written by the bot that sent it, checked before real money is traded.
 * Rejects if the installation has no key, or the disk is full.
 */
export async function keepTelegramProof(home: string, token: string, proof: TelegramProof): Promise<void> {
  const folder = join(homePaths(home).home, 'notify');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { chatId, messageId, atMs } = proof;
  const text = JSON.stringify({ version: 1, chatId, messageId, atMs, mac: macOf(home, token, proof) });
  await writeFile(join(folder, `${FILE}.new`), `${text}\n`, { mode: 0o600 });
  await rename(join(folder, `${FILE}.new`), join(folder, FILE));
}

/** Null if this bot has not delivered a test alert to anybody. */
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
