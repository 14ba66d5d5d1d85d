import type { StrategyStatus } from '../contracts/trader-status.js';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import { moment } from '../domain/moment.js';
import { readStatus } from '../trader/read-status.js';
import { check } from './check.js';

function whyOff({ off }: StrategyStatus): string {
  if (off === null) return 'the desk file has it off';
  const { by, reason, nextReviewMarketMs: reviewMs } = off;
  const again = reviewMs === null ? '' : `; looked at again at ${moment(reviewMs)} by market time`;
  return `switched off by ${by}: ${reason}${again}`;
}

/** Which strategies are switched off, whoever did it: a person decides about them. */
export const strategiesOn = check(
  'Each strategy of the desk file is on',
  NO_PARAMETERS,
  async ({ trader }) => {
    const { strategies } = await readStatus({ trader });
    const off = strategies.filter(({ enabled }) => !enabled);
    const names = off.map((one) => `${one.name} on ${one.symbol} (${whyOff(one)})`);
    return {
      verdict: off.length === 0 ? 'pass' : 'warn',
      observed: off.length === 0 ? `${strategies.length} are on` : `off: ${names.join(', ')}`,
      expected: 'no strategy is switched off',
    };
  },
);
