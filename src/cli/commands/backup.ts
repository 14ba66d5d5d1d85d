import type { Command } from 'commander';
import { OPERATOR } from '../../domain/roles.js';
import { showBackup } from '../backup-outcome.js';
import { actingPerson } from '../desk-person.js';
import { wholeNumber } from '../option-values.js';
import { withOperations } from '../with-operations.js';

const TIMEOUT_SECONDS = 600;
const TIMEOUT_SECONDS_MAX = 86_400;

interface Options {
  readonly verify?: boolean;
  readonly as?: string;
  readonly timeout: number;
  readonly json?: boolean;
}

export function backupCommand(command: Command): void {
  command
    .option('--verify', 'read everything back; only then does it count as a backup')
    .option('--as <person>', 'who asks for it: whoever is signed in')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber(1, TIMEOUT_SECONDS_MAX), TIMEOUT_SECONDS)
    .option('--json', 'for scripts')
    .action(async ({ verify = false, as, timeout, json = false }: Options) => {
      process.exitCode = await withOperations(async (operations, runtime) => {
        const caller = { person: actingPerson(runtime, OPERATOR, as), via: 'cli' } as const;
        return showBackup(
          'backup',
          await operations.takeBackup(caller, { verify, patienceMs: timeout * 1_000 }),
          json,
        );
      }, `the backup, at most ${timeout} s; it goes on without this command`);
    });
}
