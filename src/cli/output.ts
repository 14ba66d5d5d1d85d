/** Standard output is for results, standard error for what went wrong. */
import { forPeople } from '../domain/for-people.js';
import { asTyped } from '../home/as-typed.js';
import { withMark } from './colour.js';
import { failureLines, type PresentedFailure, presentFailure } from './failure.js';

/** For people: commands in the form in which they are typed here, amounts and times in the form for people. */
export function printLines(lines: readonly string[]): void {
  printExact(lines.map((line) => forPeople(asTyped(line))));
}

/** Text that somebody else has written, unchanged. */
export function printExact(lines: readonly string[]): void {
  if (lines.length > 0) {
    process.stdout.write(`${lines.map((line) => withMark(line, process.stdout)).join('\n')}\n`);
  }
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** As a script reads it; a person may type the command in it. */
export function failureJson({ exitCode: _, message, doThis, ...rest }: PresentedFailure): object {
  return { error: { message: asTyped(message), ...rest, doThis: asTyped(doThis) } };
}

/** Prints the failure and returns its exit code. With `json` it goes to standard output, for scripts. */
export function printFailure(error: unknown, json: boolean): number {
  const failure = presentFailure(error);
  if (json) {
    printJson(failureJson(failure));
  } else {
    const lines = failureLines(failure).map((line) => withMark(line, process.stderr));
    process.stderr.write(`${lines.join('\n')}\n`);
  }
  if (process.env.FERMATA_DEBUG === '1' && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`);
  }
  return failure.exitCode;
}
