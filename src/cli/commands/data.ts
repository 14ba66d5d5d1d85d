import type { Command } from 'commander';
import type { DataGaps } from '../../operations/find-data-gaps.js';
import { EXIT_FAILED, EXIT_OK } from '../failure.js';
import { positiveNumber } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../with-operations.js';

const HOURS_DEFAULT = 24;
const HOURS_MAX = 24 * 366;

export function dataCommand(command: Command): void {
  command
    .command('gaps')
    .description('which one-minute candles are missing')
    .option('--hours <hours>', 'how far back, in market time', positiveNumber(HOURS_MAX), HOURS_DEFAULT)
    .option('--json', 'for scripts')
    .action(async ({ hours, json }: { hours: number; json?: boolean }) => {
      const found = await withOperations((operations) => operations.findDataGaps({ hours }));
      if (json === true) printJson(found);
      else printLines(gapLines(found));
      process.exitCode = found.gaps.length + found.without.length === 0 ? EXIT_OK : EXIT_FAILED;
    });
}

function gapLines({ source, fromMs, toMs, coverage, gaps, without }: DataGaps): string[] {
  return [
    `one-minute candles of ${source ?? 'no known prices'} from ${text(fromMs)} to ${text(toMs)}`,
    ...coverage.map(
      ({ symbol, count, firstMs, lastMs }) =>
        `  ${symbol.padEnd(12)} ${count}, ${text(firstMs)} to ${text(lastMs)}`,
    ),
    ...without.map((symbol) => `✗ ${symbol} has none`),
    ...gaps.map(
      (gap) => `✗ ${gap.symbol}: ${gap.missing} missing from ${text(gap.fromMs)} to ${text(gap.toMs)}`,
    ),
    ...(gaps.length + without.length === 0 ? ['✓ no gap'] : []),
  ];
}

const text = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
