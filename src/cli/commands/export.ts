/** Records taken out of a desk: tables as CSV, evidence and its proof. */

import { once } from 'node:events';
import { Argument, type Command } from 'commander';
import { DAY_MS } from '../../domain/civil-date.js';
import { plainText } from '../../domain/plain-text.js';
import { EXPORT_KINDS, type ExportKind } from '../../operations/export-records.js';
import { CliFailure, EXIT_FAILED, EXIT_OK, usageFailure } from '../failure.js';
import { dayValue } from '../option-values.js';
import { printExact, printJson, printLines } from '../output.js';
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

export function evidenceCommand(command: Command): void {
  command
    .command('verify')
    .description('walk the hash chain over all evidence and name the first piece that does not fit')
    .option('--json', 'for scripts')
    .action(async ({ json }: { json?: boolean }) => {
      const proof = await withOperations((operations) => operations.verifyEvidence());
      if (json === true) printJson(proof);
      else {
        printLines([
          proof.ok
            ? `✓ ${proof.count} pieces of evidence are what was recorded, head ${proof.head}`
            : `✗ evidence ${proof.brokenId}: ${proof.why}; the ${proof.count} before it are what was recorded`,
        ]);
      }
      process.exitCode = proof.ok ? EXIT_OK : EXIT_FAILED;
    });
  command
    .command('output')
    .description('the answer that a routine got from a program or an address, as stored')
    .argument('<id>', 'number of the output, as the step names it')
    .option('--json', 'for scripts')
    .action(async (id: string, { json }: { json?: boolean }) => {
      await showOutput(id, json === true);
    });
}

async function showOutput(idText: string, json: boolean): Promise<void> {
  const id = /^\d{1,15}$/.test(idText) ? Number(idText) : 0;
  const lookItUp = 'take the number from the step that says "kept as output …"';
  if (id === 0) throw usageFailure(`<id>: expected the number of an output; found ${idText}`, lookItUp);
  const kept = await withOperations((operations) => operations.readStepOutput(id));
  if (kept === null) throw new CliFailure(`there is no output ${id}`, 'nothing was changed', lookItUp);
  if (json) printJson(kept);
  // The output may contain terminal control sequences.
  else printExact([plainText(kept.output), ...(kept.cut ? ['… (there was more, which was not kept)'] : [])]);
  process.exitCode = kept.isAsRecorded ? EXIT_OK : EXIT_FAILED;
  if (!kept.isAsRecorded) process.stderr.write(`✗ output ${id} is not what was recorded\n`);
}
