import type { OperationResult } from '../operations/operation.js';

export function outcomeText(what: string, outcome: OperationResult): string {
  const proven = outcome.ok && outcome.proven;
  return [
    proven ? `✅ ${what}: proven.` : `❌ ${what}: NOT proven.`,
    outcome.detail,
    ...outcome.problems.map((problem) => `! ${problem}`),
    ...(proven ? [] : ['Look at /status.']),
  ].join('\n');
}
