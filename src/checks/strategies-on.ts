import { NO_PARAMETERS } from '../desk/step-parts.js';
import { readStatus } from '../trader/read-status.js';
import { check } from './check.js';

/** Which strategies are switched off, whoever did it: a person decides about them. */
export const strategiesOn = check(
  'Each strategy of the desk file is on',
  NO_PARAMETERS,
  async ({ trader }) => {
    const { strategies } = await readStatus({ trader });
    const off = strategies.filter(({ enabled }) => !enabled);
    const names = off.map(({ name, symbol, state }) => `${name} on ${symbol} (${state})`);
    return {
      verdict: off.length === 0 ? 'pass' : 'warn',
      observed: off.length === 0 ? `${strategies.length} are on` : `off: ${names.join(', ')}`,
      expected: 'no strategy is switched off',
    };
  },
);
