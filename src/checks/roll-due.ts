import { z } from 'zod';
import type { Verdict } from '../contracts/evidence.js';
import type { ContractStatus } from '../contracts/trader-status.js';
import { contractWords } from '../domain/sessions/contract-months.js';
import { readStatus } from '../trader/read-status.js';
import { check } from './check.js';

const PARAMETERS = z.strictObject({
  warnDays: z
    .number()
    .int()
    .min(0)
    .max(60)
    .default(5)
    .describe(
      'Days before the roll day, or without a rule before the last trade or an earlier notice of delivery, from which on it warns.',
    ),
});

const DAY_MS = 86_400_000;

/** Whether the contract of each future may still be entered, and whether the broker names the same last trade. */
export const rollDue = check(
  'No future is due to be rolled',
  PARAMETERS,
  async ({ trader }, { warnDays }) => {
    const { contracts = [], marketData } = await readStatus({ trader });
    const expected = `no contract at its roll day, and none within ${warnDays} days of it; the last trade as the broker has it`;
    if (contracts.length === 0)
      return { verdict: 'pass', observed: 'nothing that is traded here expires', expected };
    const verdicts = contracts.map((contract) => verdictOn(contract, warnDays, marketData.marketMs));
    const worst = (['fail', 'warn'] as const).find((one) => verdicts.includes(one)) ?? 'pass';
    const observed = contracts
      .map((contract) => `${contractWords(contract)}${otherDay(contract)}`)
      .join('; ');
    return { verdict: worst, observed, expected };
  },
);

function verdictOn(contract: ContractStatus, warnDays: number, nowMs: number): Verdict {
  if (contract.phase !== 'trading') return 'fail';
  const { atVenue, lastTradeDay, noticeDay, rollDay } = contract;
  // The desk would hold on for longer than the contract trades.
  if (lastTradeDay !== null && atVenue !== null && atVenue.traded.lastTradeDay < lastTradeDay) return 'fail';
  const day = rollDay ?? noticeDay ?? lastTradeDay;
  if (day === null) return 'pass';
  return Date.parse(day) - nowMs <= warnDays * DAY_MS ? 'warn' : 'pass';
}

function otherDay({ atVenue, lastTradeDay }: ContractStatus): string {
  const theirs = atVenue?.traded.lastTradeDay ?? lastTradeDay;
  return theirs === lastTradeDay ? '' : `, which the broker has on ${theirs}`;
}
