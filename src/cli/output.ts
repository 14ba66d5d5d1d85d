/**
 * What a command prints: results on standard output, errors on standard error. A terminal also shows what
 * goes on: a screen redrawn in place, the progress of a start, what a command waits for, and what a person
 * types. Elsewhere, one text follows the other.
 */
import { styleText } from 'node:util';
import type { StepResult } from '../contracts/routine.js';
import type { Headline } from '../domain/mode.js';
import { forPeople } from '../domain/moment.js';
import { plainText } from '../domain/plain-text.js';
import { asTyped } from '../home/desk-in-process.js';
import { homePaths } from '../home/runtime.js';
import type { OnProgress } from '../supervisor/up-options.js';
import { failureLines, type PresentedFailure, presentFailure, usageFailure } from './failure.js';

/** For people: each is one line, with commands as they are typed here, amounts and times formatted for people. */
export function printLines(lines: readonly string[]): void {
  printExact(lines.map(forTerminal));
}

/** A break in a person's words is shown as a sign: what follows it can't pass for a line of the desk's own. */
const forTerminal = (line: string): string =>
  forPeople(asTyped(line)).replaceAll(/\s*[\n\r\u2028\u2029]\s*/g, ' ↵ ');

/** Text that somebody else has written, unchanged. */
export function printExact(lines: readonly string[]): void {
  if (lines.length > 0) {
    process.stdout.write(`${lines.map((line) => withMark(line, process.stdout)).join('\n')}\n`);
  }
}

/** On standard error, so that it is in no file and no pipe: an empty output alone looks as if something had failed. */
export function sayNothingFound(why: string): void {
  process.stderr.write(`! nothing is shown: ${why}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** For scripts. Its commands are written as they are typed here, since a person may use them. */
export function failureJson({ exitCode: _, message, doThis, ...rest }: PresentedFailure): object {
  return { error: { message: asTyped(message), ...rest, doThis: asTyped(doThis) } };
}

/** Prints the failure and returns its exit code. With `json`, it goes to standard output, for scripts. */
export function printFailure(error: unknown, json: boolean): number {
  const failure = presentFailure(error);
  if (json) {
    printJson(failureJson(failure));
  } else {
    // It repeats what was given, and words from outside: neither controls the terminal.
    const lines = failureLines(failure).map((line) => withMark(plainText(line), process.stderr));
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
 * Colours only the mark of a line that begins with one of our marks. Files, pipes and NO_COLOR get plain
 * text, since `styleText` checks the stream and the environment.
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

const TOP_LEFT = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\n\x1b[J';

export interface Screen {
  readonly tone: Headline['tone'];
  readonly lines: readonly string[];
}

/** Only the first line is coloured: it sums up the rest. */
export const coloured = ([first = '', ...rest]: readonly string[], tone: Headline['tone']): string[] => [
  inTone(first, tone, process.stdout),
  ...rest,
];

export function showInPlace({ tone, lines }: Screen): void {
  const { isTTY, rows, columns } = process.stdout;
  if (!isTTY) {
    printLines([...lines, '']);
    return;
  }
  const head = `${new Date().toISOString().slice(11, 19)} UTC, Ctrl-C ends this`;
  const screen = [head, ...coloured(fitted(lines.map(forTerminal), rows - 1, columns), tone)];
  process.stdout.write(`${TOP_LEFT}${screen.map((line) => `${line}${CLEAR_LINE}`).join('\n')}${CLEAR_BELOW}`);
}

/** Minimum width, however narrow a terminal claims to be. */
const NARROWEST = 20;
const FURTHER = '    ';

/**
 * Fits the lines into a terminal. A long line continues in the next one: its end says whether a position has
 * its stop, or that prices are not live.
 */
export function fitted(lines: readonly string[], rows: number, columns: number): string[] {
  const width = Math.max(NARROWEST, columns);
  const all = lines.flatMap((line) => wrapped(line, width));
  const room = Math.max(1, rows - 2);
  return all.length > room ? [...all.slice(0, room), `… ${all.length - room} more lines`] : all;
}

function wrapped(line: string, width: number): string[] {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > FURTHER.length ? space : width;
    lines.push(rest.slice(0, end));
    rest = FURTHER + rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

const BAR_WIDTH = 24;
const LINE_ANEW = '\r\x1b[K';

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Shows what a start is doing: on a terminal one line that changes, elsewhere one line per step. */
export function progressPrinter(output: Output, nowMs: () => number = Date.now): OnProgress {
  const isTerminal = output.isTTY === true;
  /** A step or a bar has been printed without its line end. */
  let isOpen = false;
  let tenthsShown = -1;
  return (progress) => {
    const clear = isOpen ? LINE_ANEW : '';
    if (progress.kind !== 'bar') {
      const isStep = isTerminal && progress.kind === 'step';
      output.write(`${clear}${timeOf(nowMs())}  ${asTyped(progress.text)}${isStep ? '' : '\n'}`);
      isOpen = isStep;
      return;
    }
    const share = progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
    if (isTerminal) {
      const isDone = share === 1;
      output.write(`${clear}${bar(share)} ${progress.text}${isDone ? '\n' : ''}`);
      isOpen = !isDone;
      return;
    }
    const tenths = Math.floor(share * 10);
    if (tenths !== tenthsShown) {
      output.write(`${progress.text} ${tenths * 10} %\n`);
      tenthsShown = tenths;
    }
  };
}

/** In the log's format. */
const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(11, 19)} UTC`;

function bar(share: number): string {
  const filled = Math.round(share * BAR_WIDTH);
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${String(Math.floor(share * 100)).padStart(3)} %`;
}

/** A command that takes longer than this says what it waits for, so that nobody wonders whether it hangs. */
const PATIENCE_MS = 1_500;

/** Prints to standard error, so that a script reads only the result. */
export async function sayingWhat<T>(what: () => string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => process.stderr.write(`… ${what()}\n`), PATIENCE_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

/** Throws a usage failure if the desk's name is neither given nor typed. */
export async function confirmed(
  { id, desk, home }: Readonly<Record<'id' | 'desk' | 'home', string>>,
  what: 'desk' | 'database' | 'desk file',
  given: string | undefined,
): Promise<void> {
  const place =
    what === 'desk'
      ? `Backup ${id} takes the place of desk ${desk}`
      : `The ${what} of backup ${id} takes the place of that of desk ${desk}`;
  if (given === undefined && !process.stdin.isTTY)
    throw usageFailure(place, `confirm it with the desk's name: --confirm ${desk}`);
  const typed =
    given ??
    (await ask(
      `${place} in ${homePaths(home).home}. What is there is kept beside it.\nType the desk's name: `,
    ));
  if (typed.trim() !== desk)
    throw usageFailure(
      `expected the desk's name, ${desk}; found ${typed.trim() || 'nothing'}`,
      `type ${desk}`,
    );
}

export async function ask(question: string): Promise<string> {
  // Loaded here: nearly every command prints, and hardly any asks.
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const over = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
    return await Promise.race([terminal.question(question), over]);
  } finally {
    terminal.close();
  }
}

/** Empty if there are no lines. */
export function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}
