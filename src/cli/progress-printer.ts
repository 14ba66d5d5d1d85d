/** Shows what a start is doing: one line that changes on a terminal, a line for each step elsewhere. */
import { asTyped } from '../home/as-typed.js';
import type { OnProgress } from '../supervisor/progress.js';

const BAR_WIDTH = 24;
const CLEAR_LINE = '\r\x1b[K';

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export function progressPrinter(output: Output, nowMs: () => number = Date.now): OnProgress {
  const isTerminal = output.isTTY === true;
  /** A step or a bar has been printed without its line end. */
  let isOpen = false;
  let tenthsShown = -1;
  return (progress) => {
    const clear = isOpen ? CLEAR_LINE : '';
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
