/** Text that a person reads in Temporal's UI while a procedure runs. */
import { patched, setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import type { Verdict } from '../contracts/evidence.js';
import { FERMATA_VERDICT } from '../contracts/run-label.js';

/**
 * The current details are Markdown, but can be read only while a worker runs; the server stores the memo,
 * which shows the phase in any case.
 */
export function showPhase(phase: string, lines: readonly string[] = []): void {
  showDetails(phase, lines);
  if (phase === written && patched(UNCHANGED)) return;
  written = phase;
  upsertMemo({ phase });
}

/** Runs that began before this patch write an unchanged memo again. */
const UNCHANGED = 'an-unchanged-memo-is-not-written';
let written: string | null = null;

const MARK: Readonly<Record<Verdict, string>> = { pass: '✓', warn: '!', fail: '✗', not_run: '–' };

export const stepLine = (name: string, verdict: Verdict, observed: string): string =>
  `${MARK[verdict]} ${name}: ${observed}`;

/** For a change between two phases: nothing is written to the server. */
export function showDetails(phase: string, lines: readonly string[]): void {
  // Markdown needs an empty line before a list; without it, everything becomes one paragraph.
  setCurrentDetails([`**${phase}**`, '', ...lines.map((line) => `- ${line}`)].join('\n'));
}

export function showVerdict(verdict: Verdict | 'missed'): void {
  upsertSearchAttributes([{ key: FERMATA_VERDICT, value: verdict }]);
}
