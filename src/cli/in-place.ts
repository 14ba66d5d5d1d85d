/** A screen that is redrawn in place on a terminal; elsewhere one text follows the other. */
import type { Headline } from '../domain/headline.js';
import { asTyped } from '../home/as-typed.js';
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
