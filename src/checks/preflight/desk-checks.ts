import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chatVotesMax, goLiveApprovers } from '../../desk/go-live-people.js';
import { secretVariable } from '../../desk/secret-variable.js';
import { DAY_MS } from '../../domain/civil-date.js';
import { moment } from '../../domain/moment.js';
import { verifyPassword } from '../../home/people-passwords.js';
import { personKeysOf } from '../../home/person-keys.js';
import { homePaths, SECRET_FILES } from '../../home/runtime.js';
import { telegramCredentials, telegramProof } from '../../notify/telegram-credentials.js';
import { tradedVenue } from '../../venue/registry.js';
import { newestGo } from './newest-go.js';
import type { PreflightCheck } from './preflight-check.js';

export const dailyLoss: PreflightCheck = {
  key: 'daily-loss',
  title: 'Daily loss limit',
  look: ({ desk }) => ({
    verdict: desk.risk.dailyLossLimitPct > 0 ? 'pass' : 'fail',
    observed: `risk.dailyLossLimitPct is ${desk.risk.dailyLossLimitPct} %`,
    expected: 'above 0 %',
  }),
};

export const stopLoss: PreflightCheck = {
  key: 'stop-loss',
  title: 'Stop-loss configured',
  look: ({ desk }) => ({
    verdict: desk.risk.stopLossPct > 0 ? 'pass' : 'fail',
    observed: `risk.stopLossPct is ${desk.risk.stopLossPct} %`,
    expected: 'above 0 %',
  }),
};

/** A vote about real money must be signed; this finds a missing key before people are asked to vote. */
export const approversKeys: PreflightCheck = {
  key: 'approvers-keys',
  title: 'Approvers can sign',
  look: ({ desk, home }) => {
    const { needed } = desk.goLive;
    const signed = Math.max(1, needed - chatVotesMax(desk, needed));
    const approvers = goLiveApprovers(desk);
    const without = approvers.filter((person) => personKeysOf(home, person).length === 0);
    const expected = `at least ${signed} of the approvers ${approvers.join(', ')} have enrolled a key to sign with; without one nobody votes but through Telegram`;
    if (without.length === 0) return { verdict: 'pass', observed: 'all of them have a key', expected };
    const missing = `no key: ${without.map((person) => `${person} (fermata person key ${person})`).join(', ')}`;
    return { verdict: 'warn', observed: missing, expected };
  },
};

/** The value in a copied example file, and what people type first. */
const KNOWN = ['your-secure-password', 'changeme', 'change-me', 'password', 'admin', 'fermata', 'secret'];
const LENGTH_MIN = 12;

/** Signing in can't be switched off here; this checks that a person has chosen a password, and a good one. */
export const password: PreflightCheck = {
  key: 'password',
  title: 'Password changed',
  look: async ({ home, env }) => {
    const expected = `DASHBOARD_PASSWORD was set by a person: ${LENGTH_MIN} characters or more, none of the usual ones`;
    const warn = (observed: string) => ({ verdict: 'warn', observed, expected }) as const;
    const given = secretVariable(env, 'DASHBOARD_PASSWORD');
    if (given !== null && given.length < LENGTH_MIN) return warn('DASHBOARD_PASSWORD is short');
    const { secrets } = homePaths(home);
    const hashFile = join(secrets, SECRET_FILES.operatorPasswordHash);
    if (!given && existsSync(join(secrets, SECRET_FILES.operatorPassword)))
      return warn('the password is the generated one, in plain text in a file');
    if (!given && !existsSync(hashFile)) return warn('no password was set yet');
    const isKnown = given ? KNOWN.includes(given) : await oneOf(KNOWN, readFileSync(hashFile, 'utf8').trim());
    if (isKnown) return warn('it is one of the usual passwords');
    return { verdict: 'pass', observed: 'set by a person', expected };
  },
};

async function oneOf(words: readonly string[], hash: string): Promise<boolean> {
  for (const word of words) if (await verifyPassword(word, hash)) return true;
  return false;
}

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

export const validationReport: PreflightCheck = {
  key: 'validation',
  title: 'Paper validation',
  look: (subject) => {
    const expected =
      'the newest report of this very desk file is a GO of this installation, for this exchange, and not too old';
    const { desk, env, simulatedVenue, nowMs } = subject;
    const endpoint = tradedVenue(desk.venue.name).live.endpoint(desk, simulatedVenue, env);
    const found = newestGo(subject, { endpoint, nowMs });
    if (!found.ok) return { verdict: 'warn', observed: found.why, expected };
    const { created, results } = found.value.report;
    const figures = `${results.trades} trades, win rate ${shown(results.winRatePct)} %, Sharpe ${shown(results.sharpe)}, drawdown ${shown(results.maxDrawdownPct)} %`;
    return { verdict: 'pass', observed: `GO of ${created}: ${figures}`, expected };
  },
};

function shown(figure: number | null): string {
  return figure === null ? 'unknown' : figure.toFixed(2);
}
