/** What a person reads in Temporal's UI while a procedure runs. */
import { patched, setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import type { Verdict } from '../contracts/evidence.js';
import { FERMATA_VERDICT } from '../contracts/search-attributes.js';

/**
 * Current details are Markdown but answer only while a worker runs; the memo is kept by the server and says the
 * phase in any case.
 */
export function showPhase(phase: string, lines: readonly string[] = []): void {
  showDetails(phase, lines);
  if (phase === written && patched(UNCHANGED)) return;
  written = phase;
  upsertMemo({ phase });
}

/** Runs that began before that write it again. */
const UNCHANGED = 'an-unchanged-memo-is-not-written';
let written: string | null = null;

const MARK: Readonly<Record<Verdict, string>> = { pass: '✓', warn: '!', fail: '✗', not_run: '–' };

export const stepLine = (name: string, verdict: Verdict, observed: string): string =>
  `${MARK[verdict]} ${name}: ${observed}`;

/** Between two phases: nothing is written to the server. */
export function showDetails(phase: string, lines: readonly string[]): void {
  // A list needs an empty line before it: without one, all of it is a paragraph.
  setCurrentDetails([`**${phase}**`, '', ...lines.map((line) => `- ${line}`)].join('\n'));
}

export function showVerdict(verdict: Verdict | 'missed'): void {
  upsertSearchAttributes([{ key: FERMATA_VERDICT, value: verdict }]);
}
