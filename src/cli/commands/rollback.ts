import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { backupIdAt, backupsFolder, DESK_FILE } from '../../backup/backup-folder.js';
import type { Manifest } from '../../backup/manifest.js';
import { ownBackups } from '../../backup/retention.js';
import { verifyBackup } from '../../backup/verify-backup.js';
import { DEFAULT_DESK, isShipped } from '../../desk/resolve-desk.js';
import { readDeskHere } from '../../home/desk-here.js';
import { writtenFileOf } from '../../home/runtime.js';
import { runtimeHere } from '../../home/started-desks.js';
import { replaceFile } from '../environment-file.js';
import { CliFailure, usageFailure } from '../failure.js';
import { stepPartsOf } from '../named-desk.js';
import { confirmed, printJson, printLines } from '../output.js';
import { type ChosenBackup, newestGood } from '../restore-in-place.js';
import { fermataHome, requireRuntime } from '../running-desk.js';
import { type RestoreOptions, restoreOver } from './restore.js';

interface Options extends RestoreOptions {
  readonly auto?: boolean;
  readonly timestamp?: string;
  readonly config?: boolean;
  readonly desk?: string;
}

/** At least the date; the full time, to the second, tells any two apart. */
const DIGITS_MIN = 8;

export function rollbackCommand(command: Command): void {
  command
    .option('--auto', 'to the newest good backup: damaged ones are skipped')
    .option(
      '--timestamp <time>',
      'to the backup of this time: YYYYMMDD_HHMMSS in UTC or the beginning of it, or a backup’s id',
    )
    .option(
      '--db-only',
      'only the database: journal and accounts stay, and the ledger catches up from the journal',
    )
    .option('--config', 'only the desk file: it is in force from the next start')
    .option('--desk <name>', 'desk, if several were started here')
    .option('--confirm <name>', "the desk's name, if nobody can be asked for it")
    .option('--json', 'for scripts')
    .action(async (options: Options) => {
      const { auto = false, timestamp, config = false, dbOnly = false } = options;
      if (auto === (timestamp !== undefined))
        throw usageFailure(
          auto ? 'both --auto and --timestamp are given' : 'to which backup?',
          'give --auto for the newest good one, or --timestamp with the time of one; this lists them: fermata backups',
        );
      if (config && dbOnly)
        throw usageFailure('both --config and --db-only are given', 'give one, or none for all of the desk');
      const home = fermataHome();
      const desk = options.desk ?? runtimeHere(home)?.desk ?? DEFAULT_DESK;
      const { id, passedOver } =
        timestamp === undefined
          ? await newestGood(home, desk)
          : { id: takenAt((await ownBackups(home, desk)).toReversed(), timestamp), passedOver: [] };
      if (id === null)
        throw usageFailure(`there is no backup of ${desk}`, 'take one first: fermata backup --verify');
      if (config) await configOnly({ home, id, desk, passedOver }, options);
      else process.exitCode = await restoreOver({ home, id, desk, passedOver }, options);
    });
}

async function configOnly(chosen: ChosenBackup, { confirm, json = false }: Options): Promise<void> {
  const { home, id, desk } = chosen;
  const done = await rollBackDeskFile(home, id, () => confirmed(chosen, 'desk file', confirm));
  if (json) return printJson({ backup: id, desk, ...done });
  const { file, kept } = done;
  printLines(
    kept === null
      ? [`✓ ${file} is that of backup ${id} already`]
      : [
          `✓ ${file} is that of backup ${id}`,
          `  the one that was there is kept: ${kept}`,
          '  it is in force at the next start: fermata down, then fermata up; with real money it takes a go-live of its own',
        ],
  );
}

function takenAt(newestFirst: readonly Manifest[], timestamp: string): string {
  const digits = timestamp.replaceAll(/\D/g, '');
  const ids = newestFirst.map(({ id }) => id);
  const isOf = (text: string): boolean => text.replaceAll(/\D/g, '').startsWith(digits);
  // Its archives, and what a verification names, have the time at which it was taken: its id is from when it began.
  const found =
    digits.length < DIGITS_MIN
      ? []
      : newestFirst.flatMap(({ id, takenMs }) => (isOf(id) || isOf(backupIdAt(takenMs)) ? [id] : []));
  const [only, ...more] = found;
  if (only !== undefined && more.length === 0) return only;
  const named = (found.length > 0 ? found : ids.slice(0, 5)).join(', ');
  if (digits.length < DIGITS_MIN)
    throw usageFailure(
      `--timestamp: expected at least a day in UTC (2026-05-12, 2026-05-12T02:30); found ${timestamp}`,
      named === '' ? 'take one first: fermata backup --verify' : `name one of: ${named}`,
    );
  throw usageFailure(
    only === undefined ? `there is no backup of ${timestamp}` : `${found.length} backups are of ${timestamp}`,
    named === '' ? 'take one first: fermata backup --verify' : `name one of: ${named}`,
  );
}

interface RolledBackFile {
  readonly file: string;
  /** Where the previous file is kept. Null: it was the same. */
  readonly kept: string | null;
}

/**
 * Puts the desk file of a backup in the place of the current one, which is kept next to it. A running desk is
 * unaffected until its next start. Throws if the backup is damaged, its file no longer loads,
 * or the environment would change it.
 */
async function rollBackDeskFile(
  home: string,
  id: string,
  confirm: () => Promise<void>,
): Promise<RolledBackFile> {
  const runtime = requireRuntime(home);
  const file = writtenFileOf(runtime);
  if (runtime.twinOf !== undefined)
    throw new CliFailure(
      `${runtime.desk} is the paper twin of ${runtime.twinOf}, whose desk file it goes by`,
      'nothing was touched',
      `the file of that desk: fermata rollback --config --desk ${runtime.twinOf}`,
    );
  if (isShipped(file))
    throw new CliFailure(
      `${file} comes with Fermata and is nobody's to change`,
      'nothing was touched',
      'run a desk file of your own: fermata init',
    );
  const folder = join(backupsFolder(home), id);
  const verification = await verifyBackup(folder);
  if (!verification.ok)
    throw new CliFailure(
      `backup ${id} is damaged: ${verification.problems.join('; ')}`,
      'nothing was touched',
      'name another one, or give --auto; this lists them: fermata backups',
    );
  const wanted = readFileSync(join(folder, DESK_FILE), 'utf8');
  if (wanted === readFileSync(file, 'utf8')) return { file, kept: null };
  // In the same folder, so that the files it names there are found.
  const next = join(dirname(file), `.rollback-${process.pid}.yaml`);
  try {
    writeFileSync(next, wanted, { mode: 0o600 });
    const parts = stepPartsOf(next);
    if (readDeskHere(next, { parts }, process.env, home).text !== null)
      throw new CliFailure(
        `the desk would not start as backup ${id} has it: the environment sets some of it differently`,
        'nothing was touched',
        'take those settings (SYMBOLS, STOP_LOSS_PCT and the like) out of the environment and .env, and give this again',
      );
    await confirm();
    const kept = `${file}.before-rollback-${backupIdAt(Date.now())}`;
    copyFileSync(file, kept);
    replaceFile(file, wanted);
    return { file, kept };
  } finally {
    rmSync(next, { force: true });
  }
}
