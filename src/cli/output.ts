/** Standard output is for results, standard error for what went wrong. */
import { styleText } from 'node:util';
import type { StepResult } from '../contracts/routine.js';
import type { Headline } from '../domain/headline.js';
import { forPeople } from '../domain/moment.js';
import { asTyped } from '../home/desk-in-process.js';
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

/** For scripts. Commands in it are in the form in which they are typed here: a person may use them. */
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

type Colour = 'green' | 'yellow' | 'red' | 'gray';
type Stream = NodeJS.WriteStream;

const MARK_COLOURS: Readonly<Record<string, Colour>> = {
  '✓': 'green',
  '✗': 'red',
  '!': 'yellow',
  '…': 'gray',
};
const TONES: Readonly<Record<Headline['tone'], Colour>> = { go: 'green', caution: 'yellow', alarm: 'red' };
const LEVELS: Readonly<Record<string, Colour>> = { debug: 'gray', warn: 'yellow', error: 'red' };

/**
 * Colours only the mark of a line that begins with one of our marks; files, pipes and NO_COLOR get plain text, since
 * `styleText` checks the stream and the environment.
 */
export function withMark(line: string, stream: Stream): string {
  return line.replace(/^( *)([✓✗!…])(?= )/u, (_, indent: string, mark: string) =>
    indent.concat(paint(mark, MARK_COLOURS[mark], stream)),
  );
}

export const inTone = (text: string, tone: Headline['tone'], stream: Stream): string =>
  paint(text, TONES[tone], stream);

export const byLevel = (line: string, level: string | null, stream: Stream): string =>
  paint(line, level === null ? undefined : LEVELS[level], stream);

function paint(text: string, colour: Colour | undefined, stream: Stream): string {
  return colour === undefined ? text : styleText(colour, text, { stream });
}

export const MARKS = { pass: '✓', warn: '!', fail: '✗', not_run: '-' } as const;

export function stepLine({ title, verdict, observed, expected }: StepResult): string {
  return `  ${MARKS[verdict]} ${title}: ${observed}${verdict === 'pass' ? '' : ` (expected: ${expected})`}`;
}
