import { z } from 'zod';
import type { TraderStatus } from '../contracts/trader-status.js';
import { MINUTE_MS } from '../domain/civil-date.js';
import { isDatedAhead } from '../domain/moment.js';
import { type LastAudit, readLastAudit } from '../home/last-audit.js';
import { readStatus } from '../trader/read-status.js';
import { check } from './check.js';

/**
 * Compares the trader's books with the venue's newest snapshot: positions, orders, fills and cash. A position
 * adopted from the venue agrees from then on, but nobody expected it: the check fails while it is held. The
 * auditor's word counts as well: its halts, and that it has completed an audit lately.
 */
export const booksAgree = check(
  'Trader, venue and auditor agree',
  z.strictObject({ maxAgeMinutes: z.number().min(0).default(15) }),
  async ({ trader, runtime }, { maxAgeMinutes }) => {
    const expected = `a reading of the venue and an audit, each at most ${maxAgeMinutes} minutes old, that agree with the trader`;
    const status = await readStatus({ trader });
    const { reconciliation, books, cash, currency } = status;
    const { state, atWallMs, differences } = reconciliation;
    const differing = differences
      .filter(({ rule }) => rule !== 'correct')
      .map(({ what, symbol, ours, venues }) => `${what} ${symbol}: ours ${ours}, the venue's ${venues}`);
    const unexplained = unexpected(status);
    if (books.cashUnexplained !== null)
      unexplained.push(`cash: ours ${cash} ${currency}, unexplained ${books.cashUnexplained}`);
    if (state === 'differences' || unexplained.length > 0) {
      const observed = [...differing, ...unexplained].join('; ') || 'the books differ';
      return { verdict: 'fail', observed, expected };
    }
    if (state !== 'clean' || atWallMs === null)
      return { verdict: 'not_run', observed: `the venue was not read (${state})`, expected };
    const minutes = minutesSince(atWallMs);
    const audited = auditOf(readLastAudit(runtime.home), status);
    const observed = `read ${minutes.toFixed(1)} minutes ago: cash ${cash} ${currency}, no difference; ${audited.text}`;
    if (isDatedAhead(Math.max(atWallMs, audited.atMs), Date.now()))
      return {
        verdict: 'not_run',
        observed: `${observed}. A time ahead of now says nothing about age: the clock was wrong then, or is now`,
        expected,
      };
    const isYoung = Math.max(minutes, audited.minutes) <= maxAgeMinutes;
    return { verdict: isYoung ? 'pass' : 'not_run', observed, expected };
  },
);

const minutesSince = (wallMs: number): number => (Date.now() - wallMs) / MINUTE_MS;

/** A trader that has just started can't have been audited yet: the time counts from its start. */
function auditOf(
  last: LastAudit | null,
  { startedWallMs }: TraderStatus,
): { readonly atMs: number; readonly minutes: number; readonly text: string } {
  // An auditor of an earlier version keeps none.
  if (last === null) return { atMs: 0, minutes: 0, text: 'no auditor keeps its audits here' };
  const { atMs, problem } = last;
  const fromMs = Math.max(atMs ?? 0, startedWallMs);
  const minutes = minutesSince(fromMs);
  const when = atMs === null ? 'not audited yet' : `audited ${minutesSince(atMs).toFixed(1)} minutes ago`;
  return { atMs: fromMs, minutes, text: problem === null ? when : `${when}: ${problem}` };
}

/** Positions that no strategy opened, dust aside, and the reasons of halts for books that differed. */
const unexpected = ({ positions, halts }: TraderStatus): string[] => [
  ...positions
    .flatMap((position) => (position.parts ?? [position]).map((part) => ({ ...position, ...part })))
    .filter(
      ({ strategy, trade, protection }) => strategy === 'fermata' && trade !== null && protection !== 'dust',
    )
    .map(({ side, quantity, symbol }) => `${side} ${quantity} ${symbol}: no strategy of the desk opened it`),
  ...halts
    .filter(({ cause }) => cause === 'reconciliation' || cause === 'auditor')
    .map(({ reason }) => reason),
];
