/** Shows what a start does while it does it: a growing bar on a terminal, a line at each tenth elsewhere. */
import type { OnProgress } from '../supervisor/progress.js';

const BAR_WIDTH = 24;

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export function progressPrinter(output: Output): OnProgress {
  const isTerminal = output.isTTY === true;
  let isBarOpen = false;
  let tenthsShown = -1;
  return (progress) => {
    if (progress.kind === 'line') {
      output.write(`${isBarOpen ? '\n' : ''}${progress.text}\n`);
      isBarOpen = false;
      return;
    }
    const share = progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
    if (isTerminal) {
      const isDone = share === 1;
      output.write(`\r${bar(share)} ${progress.text}${isDone ? '\n' : ''}`);
      isBarOpen = !isDone;
      return;
    }
    const tenths = Math.floor(share * 10);
    if (tenths !== tenthsShown) {
      output.write(`${progress.text} ${tenths * 10} %\n`);
      tenthsShown = tenths;
    }
  };
}

function bar(share: number): string {
  const filled = Math.round(share * BAR_WIDTH);
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${String(Math.floor(share * 100)).padStart(3)} %`;
}
