/** Who may lift what, written down a second time and differently. */
import type { Halt, ResumeRule } from '../../src/domain/mode.js';

type Authority = 'rule' | 'person' | 'two-people';

const LIFTED_BY: Readonly<Record<ResumeRule, readonly Authority[]>> = {
  auto: ['rule', 'person', 'two-people'],
  'next-day': ['person', 'two-people'],
  person: ['person', 'two-people'],
  'two-people': ['two-people'],
};

/** The halt that this authority must not have lifted; null where there is none. */
export function wronglyLifted(
  halts: readonly Halt[],
  authority: Authority,
  marketMs: number,
  dayStartMs: (marketMs: number) => number,
): Halt | null {
  const wrong = halts.find(({ resume, atMarketMs }) => {
    const nextDay = resume === 'next-day' && dayStartMs(marketMs) > dayStartMs(atMarketMs);
    return !LIFTED_BY[resume].includes(authority) && !nextDay;
  });
  return wrong ?? null;
}
