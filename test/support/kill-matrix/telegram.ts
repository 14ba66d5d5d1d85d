/** A Telegram of its own for a desk, so that its bot has something to do. */
import { DEFAULT_TOKEN } from '../../../simulators/telegram/simulation.js';
import { startTelegramSimulator } from '../../../simulators/telegram/start.js';
import { chatOf } from '../chat-of.js';

export const TELEGRAM_TOKEN = DEFAULT_TOKEN;
const ALERTS_CHAT = 7;

export async function openTelegram(): Promise<{
  /** Of the desk's environment. */
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}> {
  const telegram = await startTelegramSimulator();
  return {
    variables: {
      TELEGRAM_BOT_TOKEN: TELEGRAM_TOKEN,
      TELEGRAM_CHAT_ID: String(chatOf(telegram, ALERTS_CHAT).id),
      TELEGRAM_API_ROOT: telegram.address,
    },
    close: () => telegram.close(),
  };
}
