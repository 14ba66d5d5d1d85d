import type { OperationResult } from '../operations/operation.js';

/**
 * A resumption that was accepted and continues by itself once a second person has decided or a check is clean again.
 */
export function waitingText(what: string, { detail }: OperationResult): string {
  return `⏳ ${what}: not yet. It ${detail}.`;
}

/** `run`: the address at which a person can read it. */
export const runLines = (run: string | null): readonly string[] => (run === null ? [] : [`Its run: ${run}`]);

export function outcomeText(what: string, outcome: OperationResult, run: string | null): string {
  const proven = outcome.ok && outcome.proven;
  return [
    proven ? `✅ ${what}: proven.` : `❌ ${what}: NOT proven.`,
    outcome.detail,
    ...outcome.problems.map((problem) => `! ${problem}`),
    ...(proven ? [] : ['Look at /status.']),
    ...runLines(run),
  ].join('\n');
}
