/**
 * What the terminal shows while something goes on: a screen that is redrawn in place, the progress of a start, and
 * what a command waits for. Elsewhere one text follows the other.
 */
import type { Headline } from '../domain/headline.js';
import { asTyped } from '../home/desk-in-process.js';
import type { OnProgress } from '../supervisor/up-options.js';
import { inTone, printLines } from './output.js';

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
  const room = Math.max(1, rows - 3);
  const fitting = lines.slice(0, room).map((line) => asTyped(line).slice(0, columns));
  const more = lines.length > room ? [`… ${lines.length - room} more lines`] : [];
  const head = `${new Date().toISOString().slice(11, 19)} UTC, Ctrl-C ends this`;
  const screen = [head, ...coloured(fitting, tone), ...more];
  process.stdout.write(`${TOP_LEFT}${screen.map((line) => `${line}${CLEAR_LINE}`).join('\n')}${CLEAR_BELOW}`);
}

const BAR_WIDTH = 24;
const LINE_ANEW = '\r\x1b[K';

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Shows what a start is doing: one line that changes on a terminal, a line for each step elsewhere. */
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
