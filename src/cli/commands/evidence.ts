import type { Command } from 'commander';
import { EXIT_FAILED, EXIT_OK } from '../failure.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../with-operations.js';

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
}
