import { z } from 'zod';
import { contractWords } from '../domain/sessions/contract-months.js';
import { readStatus } from '../trader/read-status.js';
import { check } from './check.js';

const PARAMETERS = z.strictObject({
  symbol: z.string().default('').describe('A future of this desk; left out: the first one.'),
  month: z
    .string()
    .regex(/^(20\d{2}(0[1-9]|1[0-2]))?$/, 'expected a month in quotes, year first, for example "202612"')
    .default('')
    .describe('The month that it should stand for; left out: the one in force.'),
});

const READ_MS = 6_000;

/**
 * Reads back the proof of a roll: the trader and the broker name this month, its minutes arrive, and no
 * position or order is left that could be of another month.
 */
export const contractInForce = check('A future was rolled', PARAMETERS, async ({ trader }, given) => {
  const status = await readStatus({ trader });
  const contract = status.contracts?.find((one) => given.symbol === '' || one.symbol === given.symbol);
  const symbol = contract?.symbol ?? given.symbol;
  const month = given.month === '' ? (contract?.month ?? 'a month') : given.month;
  const expected = `${symbol} is ${month} here and at the broker, with its own minutes; flat, and no order rests`;
  if (contract === undefined)
    return { verdict: 'fail', observed: `the trader names no contract of ${symbol || 'a future'}`, expected };
  const wrong: string[] = [];
  if (contract.month !== month) wrong.push(`it stands for ${contract.month ?? 'the front month'}`);
  if (contract.phase === 'rolled') wrong.push('the trader has not started again');
  if (contract.atVenue !== null && contract.atVenue.traded.month !== month)
    wrong.push(`orders go to ${contract.atVenue.traded.name}`);
  const proof = await trader.call('flatProof', {}, { timeoutMs: READ_MS });
  const held = proof.venuePositions.filter((position) => position.symbol === symbol);
  for (const { quantity } of held) wrong.push(`${quantity} are held at the broker`);
  const resting = status.orders.filter((order) => order.symbol === symbol).length;
  if (resting > 0) wrong.push(`${resting} orders are open`);
  const { bars } = await trader.call('bars', { symbol, count: 1, sinceMs: 0 }, { timeoutMs: READ_MS });
  if (bars.length === 0) wrong.push('none of its minutes have come');
  const quote = status.marketData.lastPrices.find((one) => one.symbol === symbol);
  const price = quote === undefined ? 'no quote yet' : `bid ${quote.bid}, ask ${quote.ask}`;
  const close = bars[0] === undefined ? '' : `, last minute ${bars[0].close}`;
  return {
    verdict: wrong.length === 0 ? 'pass' : 'fail',
    observed: [...wrong, contractWords(contract), `${price}${close}`].join('; '),
    expected,
  };
});
