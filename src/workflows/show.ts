/** What a person reads in Temporal's UI while a procedure runs. */
import { setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import type { Verdict } from './evidence.js';
import { FERMATA_VERDICT } from './search-attributes.js';

/**
 * Current details are Markdown but answer only while a worker runs; the memo is kept by the server and says the
 * phase in any case.
 */
export function showPhase(phase: string, lines: readonly string[] = []): void {
  showDetails(phase, lines);
  upsertMemo({ phase });
}

const MARK: Readonly<Record<Verdict, string>> = { pass: '✓', warn: '!', fail: '✗', not_run: '–' };

export const stepLine = (name: string, verdict: Verdict, observed: string): string =>
  `${MARK[verdict]} ${name}: ${observed}`;

/** Between two phases: nothing is written to the server. */
export function showDetails(phase: string, lines: readonly string[]): void {
  setCurrentDetails([`**${phase}**`, ...lines.map((line) => `- ${line}`)].join('\n'));
}

export function showVerdict(verdict: Verdict | 'missed'): void {
  upsertSearchAttributes([{ key: FERMATA_VERDICT, value: verdict }]);
}
