import type { Command } from 'commander';
import { plainText } from '../../domain/plain-text.js';
import { CliFailure, EXIT_FAILED, EXIT_OK, usageFailure } from '../failure.js';
import { printExact, printJson, printLines } from '../output.js';
import { withOperations } from '../running-desk.js';

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
