import { NO_PARAMETERS } from '../desk/step-parts.js';
import { check } from './check.js';

const STATUS_MS = 3_000;

/** Which strategies are switched off, by whomever: a person decides what becomes of them. */
export const strategiesOn = check(NO_PARAMETERS, async ({ trader }) => {
  const { strategies } = await trader.call('status', {}, { timeoutMs: STATUS_MS });
  const off = strategies.filter(({ enabled }) => !enabled);
  const names = off.map(({ name, symbol, state }) => `${name} on ${symbol} (${state})`);
  return {
    verdict: off.length === 0 ? 'pass' : 'warn',
    observed: off.length === 0 ? `${strategies.length} are on` : `off: ${names.join(', ')}`,
    expected: 'no strategy is switched off',
  };
});
