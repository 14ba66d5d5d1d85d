import { telegramCredentials } from '../../notify/telegram-credentials.js';
import type { PreflightCheck } from './preflight-check.js';

export const telegram: PreflightCheck = {
  key: 'telegram',
  title: 'Telegram configured',
  look: ({ home, desk, env }) => {
    const expected = 'a bot’s token is given, so that alerts reach people';
    const found = telegramCredentials(home, desk, env);
    return found === null
      ? {
          verdict: 'warn',
          observed: `none: ${desk.notify.telegram.tokenEnv} is not set, or Telegram is off`,
          expected,
        }
      : { verdict: 'pass', observed: 'configured', expected };
  },
};
