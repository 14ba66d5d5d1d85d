import { type Command, Option } from 'commander';
import { BACKUP_TAGS, type BackupTag } from '../../contracts/backup.js';
import { OPERATOR } from '../../domain/roles.js';
import { loadDesk } from '../../venue/load-desk.js';
import { actingPerson } from '../desk-person.js';
import { requireOffsite, showBackup } from '../offsite-copies.js';
import { wholeNumber } from '../option-values.js';
import { withOperations } from '../with-operations.js';

const TIMEOUT_SECONDS = 600;
const TIMEOUT_SECONDS_MAX = 86_400;

interface Options {
  readonly verify?: boolean;
  readonly s3?: boolean;
  readonly tag?: BackupTag;
  readonly as?: string;
  readonly timeout: number;
  readonly json?: boolean;
}

export function backupCommand(command: Command): void {
  command
    .option('--verify', 'read everything back; only then does it count as a backup')
    .option('--s3', 'send a copy to the storage of the desk file; reads everything back as --verify does')
    .addOption(
      new Option('--tag <tag>', 'what it is taken as; those of each tag are kept by themselves').choices(
        BACKUP_TAGS,
      ),
    )
    .option('--as <person>', 'who asks for it: whoever is signed in')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber(1, TIMEOUT_SECONDS_MAX), TIMEOUT_SECONDS)
    .option('--json', 'for scripts')
    .action(async ({ verify = false, s3 = false, tag, as, timeout, json = false }: Options) => {
      process.exitCode = await withOperations(async (operations, runtime) => {
        const caller = { person: actingPerson(runtime, OPERATOR, as), via: 'cli' } as const;
        if (s3) requireOffsite(loadDesk(runtime.deskFile));
        const request = {
          verify: verify || s3,
          offsite: s3,
          tag: tag ?? null,
          patienceMs: timeout * 1_000,
        };
        return showBackup('backup', await operations.takeBackup(caller, request), json);
      }, `the backup, at most ${timeout} s; it goes on without this command`);
    });
}
