import { secretVariable } from '../../desk/secret-variable.js';
import { formatMoney, parseMoney } from '../../domain/money.js';
import { credentialNames } from '../../venue/environment.js';
import { tradedVenue } from '../../venue/registry.js';
import type { PreflightCheck } from './preflight-check.js';

/** A signed call: the exchange itself refuses a key that is deleted, mistyped, or not valid from this address. */
export const apiKey: PreflightCheck = {
  key: 'api-key',
  title: 'API key validity',
  look: ({ exchange }) => {
    const expected = 'the exchange answers a signed call';
    const { balances, permissions, endpoint } = exchange;
    const failed = [balances, permissions].find(({ ok }) => !ok);
    return failed?.ok === false
      ? { verdict: 'fail', observed: failed.why, expected }
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

/** Under `fermata up` the auditor may use the trader's key; in its own container it only has this one. */
export const auditorKey: PreflightCheck = {
  key: 'auditor-key',
  title: 'Auditor can read the account',
  look: ({ desk, env }) => {
    const [variable] = credentialNames(tradedVenue(desk.venue.name).live, 'auditor');
    if (variable === undefined) {
      const expected = 'a connection of its own, so that the account is watched from outside';
      return { verdict: 'pass', observed: 'by a connection of its own; the venue has no keys', expected };
    }
    const expected = `${variable} and its secret: a read-only key, so that the account is watched from outside`;
    if (secretVariable(env, variable) !== null)
      return { verdict: 'pass', observed: 'by a key of its own', expected };
    const isAlone = env.FERMATA_SEPARATE === '1' && !env.FERMATA_RUNTIME;
    return isAlone
      ? { verdict: 'warn', observed: `${variable} is not set: the auditor can’t run`, expected }
      : { verdict: 'pass', observed: 'by the trader’s key', expected };
  },
};

export const balance: PreflightCheck = {
  key: 'balance',
  title: 'Sufficient balance',
  look: ({ desk, exchange: { balances } }) => {
    const least = parseMoney(desk.goLive.minBalance);
    const expected = `at least ${formatMoney(least, 2)} ${desk.paper.currency}`;
    if (!balances.ok) return { verdict: 'fail', observed: `not known: ${balances.why}`, expected };
    const { cash, currency } = balances.value;
    const observed = `${formatMoney(cash, 2)} ${currency}`;
    const enough = cash >= least && currency === desk.paper.currency;
    return { verdict: enough ? 'pass' : 'fail', observed, expected };
  },
};

export const symbols: PreflightCheck = {
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

export const rateLimit: PreflightCheck = {
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
