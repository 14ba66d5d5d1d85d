import { DAY_MS } from '../../domain/civil-date.js';
import { moment } from '../../domain/moment.js';
import { telegramCredentials } from '../../notify/telegram-credentials.js';
import { telegramProof } from '../../notify/telegram-proof.js';
import type { PreflightCheck } from './preflight-check.js';

/** People leave chats and block bots, so an old delivery says little. */
const DAYS_MAX = 30;
const SEND_ONE = 'with the desk running: fermata notify test telegram';

export const telegram: PreflightCheck = {
  key: 'telegram',
  title: 'Telegram configured',
  look: async ({ home, desk, env, nowMs }) => {
    const expected = `a test alert of this bot reached a chat or a linked person within ${DAYS_MAX} days`;
    const warn = (observed: string) => ({ verdict: 'warn', observed, expected }) as const;
    const found = telegramCredentials(home, desk, env);
    if (found === null) return warn(`none: ${desk.notify.telegram.tokenEnv} is not set, or Telegram is off`);
    const proof = await telegramProof(home, found.token);
    if (proof === null)
      return warn(`a token is given, and no test alert has reached anybody yet (${SEND_ONE})`);
    const days = (nowMs - proof.atMs) / DAY_MS;
    const at = moment(proof.atMs);
    if (days > DAYS_MAX)
      return warn(`the newest test alert arrived ${at}, ${Math.floor(days)} days ago (${SEND_ONE})`);
    return { verdict: 'pass', observed: `a test alert arrived ${at} (message ${proof.messageId})`, expected };
  },
};
