/** Who may lift what, written down a second time and differently. */
import type { Halt, HaltCause, ResumeRule } from '../../src/domain/mode.js';
import type { ResumeRules } from '../../src/engine/config.js';

type Authority = 'rule' | 'person' | 'two-people';

const LIFTED_BY: Readonly<Record<ResumeRule, readonly Authority[]>> = {
  auto: ['rule', 'person', 'two-people'],
  'next-day': ['person', 'two-people'],
  person: ['person', 'two-people'],
  'two-people': ['two-people'],
};

/** Which part of the desk file says what a halt needs. */
const ASKED_OF: Readonly<Record<HaltCause, keyof ResumeRules>> = {
  startup: 'startup',
  shutdown: 'startup',
  person: 'person',
  'close-all-incomplete': 'person',
  kill: 'kill',
  'daily-loss': 'dailyLoss',
  drawdown: 'drawdown',
  venue: 'venue',
  'stale-data': 'venue',
  'clock-jump': 'fault',
  'heartbeat-operations': 'fault',
  'supervisor-lost': 'fault',
  reconciliation: 'fault',
  'journal-fault': 'fault',
  'protection-missing': 'fault',
  'recording-ended': 'fault',
  'ledger-mismatch': 'fault',
  auditor: 'fault',
  'check-failed': 'fault',
};

/** What a halt asks for and should not; null where it asks for what the desk file says. */
export function wronglyAsked(
  { cause, resume }: Pick<Halt, 'cause' | 'resume'>,
  rules: ResumeRules,
): string | null {
  // A permission that was taken back is a person's to give again.
  const due = cause === 'check-failed' ? 'person' : rules[ASKED_OF[cause]];
  return resume === due ? null : `a halt for ${cause} asks for ${resume}, the desk file says ${due}`;
}

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
