import { once } from 'node:events';
import { Argument, type Command } from 'commander';
import { DAY_MS } from '../../domain/civil-date.js';
import { EXPORT_KINDS, type ExportKind } from '../../operations/export-records.js';
import { usageFailure } from '../failure.js';
import { dayValue } from '../option-values.js';
import { withOperations } from '../running-desk.js';

interface Options {
  readonly from?: number;
  readonly to?: number;
}

/** Writes to standard output, so that the shell can send it anywhere. */
export function exportCommand(command: Command): void {
  command
    .addArgument(new Argument('<what>', 'what to write').choices(EXPORT_KINDS))
    .option('--csv', 'comma-separated values: the only form, and the default')
    .option('--from <date>', 'first day, UTC, like 2026-10-01', dayValue)
    .option('--to <date>', 'last day, UTC', dayValue)
    .action(async (kind: ExportKind, { from, to }: Options) => {
      if (from !== undefined && to !== undefined && to < from)
        throw usageFailure('--to lies before --from', 'write the earlier day first');
      const untilMs = to === undefined ? null : to + DAY_MS;
      await withOperations(async (operations) => {
        for await (const text of operations.exportRecords(null, { kind, fromMs: from ?? null, untilMs })) {
          if (!process.stdout.write(text)) await once(process.stdout, 'drain');
        }
      });
    });
}
