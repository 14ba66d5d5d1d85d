/** All checks before a start with real money, in the order of the runbook. */
import { existsSync, readFileSync } from 'node:fs';
import type {
  PreflightOutcome,
  PreflightReport,
  PreflightResult,
  PreflightVerdict,
} from '../../contracts/published.js';
import { secretVariable } from '../../desk/desk-environment.js';
import type { Setting } from '../../desk/desk-settings.js';
import { notTheDesks } from '../../desk/desk-venue.js';
import { chatVotesMax, goLiveApprovers } from '../../desk/live-rules.js';
import { stopsShared } from '../../desk/strategy-rules.js';
import { DAY_MS } from '../../domain/civil-date.js';
import { counted, placesIn } from '../../domain/figure-text.js';
import { messageOf } from '../../domain/message-of.js';
import { moment } from '../../domain/moment.js';
import { formatMoney, parseMoney } from '../../domain/money.js';
import { FREE_MB_MIN, freeBytes, wholeMegabytes } from '../../home/free-space.js';
import { verifyPassword } from '../../home/people-passwords.js';
import { personKeysOf } from '../../home/person-keys.js';
import { secretFile } from '../../home/runtime.js';
import { judgeGiven } from '../../home/secrets.js';
import { telegramCredentials, telegramProof } from '../../notify/channel-credentials.js';
import { buildInstruments } from '../../trader/engine-config.js';
import { credentialNames } from '../../venue/environment.js';
import { tradedVenue } from '../../venue/registry.js';
import { type PreflightCheck, type PreflightSubject, withAdvice } from './exchange-reading.js';
import { newestGo } from './newest-go.js';
import { APPROVERS_KEYS } from './pre-live-checklist.js';

const dailyLoss: PreflightCheck = {
  key: 'daily-loss',
  title: 'Daily loss limit',
  look: ({ desk }) => ({
    verdict: desk.risk.dailyLossLimitPct > 0 ? 'pass' : 'fail',
    observed: `risk.dailyLossLimitPct is ${desk.risk.dailyLossLimitPct} %`,
    expected: 'above 0 %',
  }),
};

const stopLoss: PreflightCheck = {
  key: 'stop-loss',
  title: 'Stop-loss configured',
  look: ({ desk }) => ({
    verdict: desk.risk.stopLossPct > 0 ? 'pass' : 'fail',
    observed: `risk.stopLossPct is ${desk.risk.stopLossPct} %`,
    expected: 'above 0 %',
  }),
};

/** A vote about real money must be signed; this finds a missing key before people are asked to vote. */
const approversKeys: PreflightCheck = {
  key: APPROVERS_KEYS,
  title: 'Approvers can sign',
  look: ({ desk, home }) => {
    const { needed } = desk.goLive;
    const signed = Math.max(1, needed - chatVotesMax(desk, needed));
    const approvers = goLiveApprovers(desk);
    const without = approvers.filter((person) => personKeysOf(home, person).length === 0);
    const expected = `at least ${signed} of the approvers ${approvers.join(', ')} have enrolled a key to sign with; without a key a person can vote only through Telegram`;
    if (without.length === 0) return { verdict: 'pass', observed: 'all of them have a key', expected };
    const missing = `no key: ${without.map((person) => `${person} (fermata person key ${person})`).join(', ')}`;
    const able = approvers.length - without.length;
    const tooFew = `real money can’t be approved yet, since ${able} of the ${signed} who must sign can; `;
    return { verdict: 'warn', observed: `${able < signed ? tooFew : ''}${missing}`, expected };
  },
};

/** The value in a copied example file, and what people type first. */
const KNOWN = ['your-secure-password', 'changeme', 'change-me', 'password', 'admin', 'fermata', 'secret'];
const LENGTH_MIN = 12;

/** Signing in can't be switched off here; this checks that a person has chosen a password, and a good one. */
const password: PreflightCheck = {
  key: 'password',
  title: 'Password changed',
  look: async ({ home, env }) => {
    const expected = `DASHBOARD_PASSWORD was set by a person: ${LENGTH_MIN} characters or more, none of the usual ones`;
    const warn = (observed: string) => ({ verdict: 'warn', observed, expected }) as const;
    const named = secretVariable(env, 'DASHBOARD_PASSWORD');
    // One that a start does not use says nothing.
    const given = named !== null && (await judgeGiven(home, named)).refused !== null ? null : named;
    if (given !== null && given.length < LENGTH_MIN) return warn('DASHBOARD_PASSWORD is short');
    const hashFile = secretFile(home, 'operatorPasswordHash');
    if (!given && existsSync(secretFile(home, 'operatorPassword')))
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

const telegram: PreflightCheck = {
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
      return warn(
        `the newest test alert arrived ${at}, ${counted(Math.floor(days), 'day')} ago (${SEND_ONE})`,
      );
    return { verdict: 'pass', observed: `a test alert arrived ${at} (message ${proof.messageId})`, expected };
  },
};

const validationReport: PreflightCheck = {
  key: 'validation',
  title: 'Paper validation',
  look: (subject) => {
    const expected =
      'the newest report of this very desk file is a GO of this installation, for this exchange, and not too old: fermata validate makes one';
    const { desk, env, simulatedVenue, nowMs } = subject;
    const endpoint = tradedVenue(desk.venue.name).live.endpoint(desk, simulatedVenue, env);
    const found = newestGo(subject, { endpoint, nowMs });
    if (!found.ok) return { verdict: 'warn', observed: found.why, expected };
    const { beyondFile = [] } = subject;
    if (beyondFile.length > 0) return { verdict: 'warn', observed: notValidated(beyondFile), expected };
    const { created, results } = found.value.report;
    const figures = `${counted(results.trades, 'trade')}, win rate ${shown(results.winRatePct)} %, Sharpe ${shown(results.sharpe)}, drawdown ${shown(results.maxDrawdownPct)} %`;
    return { verdict: 'pass', observed: `GO of ${created}: ${figures}`, expected };
  },
};

function notValidated(settings: readonly Setting[]): string {
  const changes = settings.map(({ key, value, fileValue }) => `${key} is ${value} (file: ${fileValue})`);
  return `the GO is of the desk file, and the desk trades by other settings: ${changes.join(', ')}. Write them into the file and validate again, or change them back`;
}

function shown(figure: number | null): string {
  return figure === null ? 'unknown' : figure.toFixed(2);
}

/** A signed call: the exchange itself refuses a key that is deleted, mistyped, or not valid from this address. */
const apiKey: PreflightCheck = {
  key: 'api-key',
  title: 'API key validity',
  look: (subject) => {
    const expected = 'the exchange answers a signed call';
    const { balances, permissions, endpoint } = subject.exchange;
    const failed = [balances, permissions].find(({ ok }) => !ok);
    return failed?.ok === false
      ? { verdict: 'fail', observed: withAdvice(failed.why, subject), expected }
      : { verdict: 'pass', observed: `${endpoint} answered`, expected };
  },
};

/** A key that may withdraw is refused: whoever steals it takes everything. */
export const keyPermissions: PreflightCheck = {
  key: 'key-permissions',
  title: 'Key permissions',
  look: ({ desk, exchange: { permissions } }) => {
    const { expected, found } = tradedVenue(desk.venue.name).live.permissions;
    if (!permissions.ok) return { verdict: 'fail', observed: `not known: ${permissions.why}`, expected };
    const { problems, warnings } = permissions.value;
    if (problems.length > 0) return { verdict: 'fail', observed: problems.join('; '), expected };
    if (warnings.length > 0) return { verdict: 'warn', observed: warnings.join('; '), expected };
    return { verdict: 'pass', observed: found, expected };
  },
};

/**
 * Reads the account as the auditor will. Under `fermata up` the auditor may use the trader's key; in its own
 * container it only has its own.
 */
const auditorKey: PreflightCheck = {
  key: 'auditor-key',
  title: 'Auditor can read the account',
  look: async (subject) => {
    const { desk, env } = subject;
    const [variable] = credentialNames(tradedVenue(desk.venue.name).live, 'auditor');
    if (variable === undefined) {
      const expected = 'read over a connection of its own, so that the account is watched from outside';
      return readAsAuditor(subject, 'over a connection of its own; the venue has no keys', expected);
    }
    const expected = `${variable} and its secret: a key that reads the account and may do nothing else, so that the account is watched from outside`;
    if (secretVariable(env, variable) !== null)
      return readAsAuditor(subject, 'by a key of its own', expected);
    const isSeparate = env.FERMATA_SEPARATE === '1' && !env.FERMATA_RUNTIME;
    return isSeparate
      ? { verdict: 'warn', observed: `${variable} is not set: the auditor can’t run`, expected }
      : readAsAuditor(subject, 'by the trader’s key', expected);
  },
};

async function readAsAuditor(
  { desk, env, simulatedVenue, months }: PreflightSubject,
  how: string,
  expected: string,
): Promise<PreflightOutcome> {
  const { live } = tradedVenue(desk.venue.name);
  const fail = (observed: string) => ({ verdict: 'fail', observed, expected }) as const;
  const signedIn = live.signInToRead(env);
  if (!signedIn.ok) return fail(`${signedIn.problem}. ${signedIn.doThis}`);
  try {
    const { problems, warnings } = await signedIn.access.tryOut({
      endpoint: live.endpoint(desk, simulatedVenue, env),
      instruments: buildInstruments(desk, months),
      foreign: notTheDesks(desk),
    });
    if (problems.length > 0) return fail(problems.join('; '));
    if (warnings.length > 0) return { verdict: 'warn', observed: warnings.join('; '), expected };
    return { verdict: 'pass', observed: `read ${how}`, expected };
  } catch (error) {
    return fail(messageOf(error));
  }
}

const balance: PreflightCheck = {
  key: 'balance',
  title: 'Sufficient balance',
  look: ({ desk, exchange: { balances } }) => {
    const least = parseMoney(desk.goLive.minBalance);
    const shown = (amount: number | bigint, of: string) => `${formatMoney(amount, placesIn(of))} ${of}`;
    const expected = `at least ${shown(least, desk.paper.currency)}`;
    if (!balances.ok) return { verdict: 'fail', observed: `not known: ${balances.why}`, expected };
    const { cash, currency } = balances.value;
    const observed = shown(cash, currency);
    const enough = cash >= least && currency === desk.paper.currency;
    return { verdict: enough ? 'pass' : 'fail', observed, expected };
  },
};

const symbols: PreflightCheck = {
  key: 'symbols',
  title: 'Symbol availability',
  look: ({ desk, exchange }) => {
    const wanted = desk.instruments.map(({ symbol }) => symbol);
    const expected = `${wanted.join(', ')}: listed and trading, with the desk file's steps`;
    if (!exchange.symbols.ok)
      return { verdict: 'fail', observed: `not known: ${exchange.symbols.why}`, expected };
    const found = exchange.symbols.value;
    const problems = wanted.flatMap((symbol) => {
      const problem = found.get(symbol);
      return problem === null ? [] : [problem ?? `${symbol} is not listed at the exchange`];
    });
    return problems.length > 0
      ? { verdict: 'fail', observed: problems.join('; '), expected }
      : { verdict: 'pass', observed: `${wanted.length} of ${wanted.length} can be traded`, expected };
  },
};

/** What the desk then does is safe, and not what its file seems to say: it enters less, and a stop moves with a gap. */
const stopRoom: PreflightCheck = {
  key: 'stop-room',
  title: 'Room for every stop',
  look: ({ desk }) => {
    const { name, live } = tradedVenue(desk.venue.name);
    const expected = 'fewer strategies in an instrument than the venue takes stop orders';
    const short = stopsShared(desk, [{ name, takes: live.takes }]);
    return short.length > 0
      ? { verdict: 'warn', observed: short.join('; '), expected }
      : { verdict: 'pass', observed: 'enough for each strategy, and for one that moves', expected };
  },
};

/** The trader arms nothing with less: this finds it before people are asked. */
const diskRoom: PreflightCheck = {
  key: 'disk-room',
  title: 'Room on the disk',
  look: async ({ home, free = freeBytes }) => {
    const freeMb = wholeMegabytes(await free(home));
    const expected = `at least ${FREE_MB_MIN} MB free where FERMATA_HOME lies`;
    const observed = `${freeMb} MB free`;
    return freeMb >= FREE_MB_MIN
      ? { verdict: 'pass', observed, expected }
      : { verdict: 'fail', observed: `${observed}; fermata doctor shows how much is free`, expected };
  },
};

const rateLimit: PreflightCheck = {
  key: 'rate-limit',
  title: 'Rate limit configured',
  look: ({ exchange }) => ({
    verdict: exchange.rateLimited ? 'pass' : 'warn',
    observed: exchange.rateLimited
      ? 'on'
      : 'off: venue.rateLimit.enabled is false, the exchange may ban the address',
    expected: 'requests wait for the exchange’s allowance',
  }),
};

const PREFLIGHT_CHECKS: readonly PreflightCheck[] = [
  apiKey,
  balance,
  symbols,
  stopRoom,
  rateLimit,
  stopLoss,
  dailyLoss,
  password,
  validationReport,
  telegram,
  keyPermissions,
  auditorKey,
  approversKeys,
  diskRoom,
];

export async function runPreflight(subject: PreflightSubject): Promise<PreflightReport> {
  const results = await Promise.all(PREFLIGHT_CHECKS.map((check) => resultOf(check, subject)));
  return {
    desk: subject.desk.desk,
    configHash: subject.configHash,
    endpoint: subject.exchange.endpoint,
    verdict: worst(results),
    results,
    atMs: subject.nowMs,
  };
}

async function resultOf(
  { key, title, look }: PreflightCheck,
  subject: PreflightSubject,
): Promise<PreflightResult> {
  try {
    return { key, title, ...(await look(subject)) };
  } catch (error) {
    const observed = messageOf(error);
    return { key, title, verdict: 'fail', observed, expected: 'the check can be made' };
  }
}

function worst(results: readonly PreflightResult[]): PreflightVerdict {
  if (results.some(({ verdict }) => verdict === 'fail')) return 'fail';
  return results.some(({ verdict }) => verdict === 'warn') ? 'warn' : 'pass';
}
