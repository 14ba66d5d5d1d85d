import type { Command } from 'commander';
import { OPERATOR } from '../../domain/roles.js';
import { actingPerson } from '../desk-person.js';
import { requireBackup, showBackup } from '../offsite-copies.js';
import { wholeNumber } from '../option-values.js';
import { withOperations } from '../with-operations.js';

const TIMEOUT_SECONDS = 1_800;
const TIMEOUT_SECONDS_MAX = 86_400;

interface Options {
  readonly backup?: string;
  readonly as?: string;
  readonly timeout: number;
  readonly json?: boolean;
}

export function drillCommand(command: Command): void {
  command
    .option('--backup <id>', 'which backup; by default the newest')
    .option('--as <person>', 'who asks for it: whoever is signed in')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber(1, TIMEOUT_SECONDS_MAX), TIMEOUT_SECONDS)
    .option('--json', 'for scripts')
    .action(async ({ backup, as, timeout, json = false }: Options) => {
      process.exitCode = await withOperations(async (operations, runtime) => {
        const caller = { person: actingPerson(runtime, OPERATOR, as), via: 'cli' } as const;
        if (backup !== undefined)
          await requireBackup(runtime.home, backup, 'take one first: fermata backup --verify');
        const request = { backupId: backup ?? null, patienceMs: timeout * 1_000 };
        return showBackup('restore drill', await operations.drillRestore(caller, request), json);
      }, `the restore drill, at most ${timeout} s; it goes on without this command`);
    });
}
