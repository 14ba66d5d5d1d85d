/** A Telegram of its own for a desk, so that its bot has something to do. */
import { startTelegramSimulator } from '../../../simulators/telegram/start.js';

export const TELEGRAM_TOKEN = '123456:abcdefghijklmnopqrstuvwxyz';

export async function openTelegram(): Promise<{
  /** Of the desk's environment. */
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}> {
  const telegram = await startTelegramSimulator({ tokens: [TELEGRAM_TOKEN] });
  return {
    variables: { TELEGRAM_BOT_TOKEN: TELEGRAM_TOKEN, TELEGRAM_API_ROOT: telegram.address },
    close: () => telegram.close(),
  };
}
