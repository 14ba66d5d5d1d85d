/** The bot's token and the chat for alerts: from the environment or from files, never from the desk file. */
import type { Desk } from '../desk/schema.js';
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
