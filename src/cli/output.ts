/** Standard output is for results, standard error for what went wrong. */
import { failureLines, presentFailure } from './failure.js';

export function printLines(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Prints the failure and answers with its exit code. With `json` a script finds it on standard output. */
export function printFailure(error: unknown, json: boolean): number {
  const failure = presentFailure(error);
  if (json) {
    const { exitCode: _, ...fields } = failure;
    printJson({ error: fields });
  } else {
    process.stderr.write(`${failureLines(failure).join('\n')}\n`);
  }
  if (process.env.FERMATA_DEBUG === '1' && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`);
  }
  return failure.exitCode;
}
