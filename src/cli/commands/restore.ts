import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { backupsFolder, DESK_FILE, OWN_FOLDER } from '../../backup/backup-folder.js';
import { runDrill } from '../../backup/drill/run-drill.js';
import { readManifest } from '../../backup/manifest.js';
import type { PgConnection } from '../../backup/pg-programs.js';
import { SPACE_STEP } from '../../backup/restore/restore-desk.js';
import { isContainer } from '../../desk/desk-environment.js';
import { DEFAULT_DESK } from '../../desk/resolve-desk.js';
import { messageOf } from '../../domain/message-of.js';
import { namedOnCli } from '../../home/cli-session.js';
import { startNameOf } from '../../home/desk-in-process.js';
import { readRestoreMark } from '../../home/restore-mark.js';
import { runtimeHere } from '../../home/started-desks.js';
import { temporalKind } from '../../supervisor/temporal/resolve-temporal.js';
import { openTemporal } from '../../temporal/open-temporal.js';
import { endOpenRuns } from '../../temporal/runs.js';
import { CliFailure, EXIT_FAILED, EXIT_OK, usageFailure } from '../failure.js';
import { fetchFromOffsite, requireBackup } from '../offsite-copies.js';
import { ask, confirmed, printJson, printLines, stepLine } from '../output.js';
import { type ChosenBackup, newestGood, type RestoredInPlace, restoreInPlace } from '../restore-in-place.js';
import { fermataHome } from '../running-desk.js';

export interface RestoreOptions {
  readonly dbOnly?: boolean;
  readonly confirm?: string;
  readonly json?: boolean;
}

interface Options extends RestoreOptions {
  readonly latest?: boolean;
  readonly toScratch?: boolean;
  readonly s3?: boolean;
  readonly desk?: string;
}

export function restoreCommand(command: Command): void {
  command
    .argument('[id]', 'which backup; `fermata backups` lists them')
    .option('--latest', 'the newest good backup of the desk; damaged ones are skipped and named')
    .option('--to-scratch', 'on a separate server, for inspection: changes nothing of the desk')
    .option(
      '--db-only',
      'only the database: journal and accounts stay, and the ledger catches up from the journal',
    )
    .option(
      '--s3',
      'fetch it first from where the desk file sends copies; --latest is the newest good one there',
    )
    .option('--desk <name>', 'desk, if several were started here')
    .option('--confirm <name>', "the desk's name, if nobody can be asked for it")
    .option('--json', 'for scripts')
    .action(async (id: string | undefined, options: Options) => {
      if (options.toScratch === true && options.dbOnly === true)
        throw usageFailure(
          '--to-scratch and --db-only were both given: a server of its own always holds the whole backup',
          'leave one of them out: --to-scratch to look at it, --db-only to put back the database of the desk alone',
        );
      const chosen = await choose(id, options);
      process.exitCode =
        options.toScratch === true ? await toScratch(chosen, options) : await restoreOver(chosen, options);
    });
}

/** Throws a usage failure if no backup or more than one is named, or if it does not exist. */
async function choose(
  id: string | undefined,
  { latest = false, s3 = false, desk }: Options,
): Promise<ChosenBackup> {
  const home = fermataHome();
  if ((id === undefined) !== latest)
    throw usageFailure(
      id === undefined ? 'which backup is to be restored?' : `both ${id} and --latest are given`,
      'name one of `fermata backups`, or give --latest alone',
    );
  const mark = readRestoreMark(home);
  // Everything has been unpacked already: the backup itself is no longer needed.
  if (mark !== null && mark.backupId === id) return { home, id, desk: mark.desk, passedOver: [] };
  const { id: asked, passedOver } = await found(home, id ?? null, s3, desk);
  const wanted = await requireBackup(home, asked, `copy one to ${backupsFolder(home)}`);
  const reading = await readManifest(join(backupsFolder(home), wanted));
  if (!reading.ok)
    throw new CliFailure(
      reading.why,
      'nothing was touched',
      'restore another one; this lists them: fermata backups',
    );
  const { manifest } = reading;
  if (desk !== undefined && desk !== manifest.desk)
    throw usageFailure(
      `backup ${wanted} is of desk ${manifest.desk}, not ${desk}`,
      `give --desk ${manifest.desk}, or another backup`,
    );
  return { home, id: wanted, desk: manifest.desk, passedOver };
}

async function found(home: string, id: string | null, s3: boolean, desk: string | undefined) {
  if (s3) return fetchFromOffsite(home, desk, id, sayStep);
  if (id !== null) return { id, passedOver: [] };
  return newestGood(home, desk ?? runtimeHere(home)?.desk ?? DEFAULT_DESK);
}

const ANOTHER =
  '  do this:   take an older backup where this one is damaged: fermata backups lists them; else mend what failed, then again';
const MAKE_ROOM =
  '  do this:   make so much room on the disk of FERMATA_HOME, then again; an older backup needs about as much';

const whatHelps = (steps: RestoredInPlace['steps']): string =>
  steps.some(({ key, verdict }) => key === SPACE_STEP && verdict === 'fail') ? MAKE_ROOM : ANOTHER;

async function toScratch({ home, id, passedOver }: ChosenBackup, { json = false }: Options): Promise<number> {
  const { passed, steps } = await runDrill({
    home,
    backupId: id,
    ...(json ? {} : { onStep: sayStep, onProven: showUntilEnded }),
  });
  if (json) printJson({ backup: id, restored: passed, passedOver, steps });
  else
    printLines([
      ...steps.map(stepLine),
      ...(passed
        ? ['✓ proven; the server and its folder are gone']
        : [
            '✗ not proven: a step failed, as it says above',
            '  kept safe: nothing of the desk was touched',
            ANOTHER,
          ]),
    ]);
  return passed ? EXIT_OK : EXIT_FAILED;
}

/** Shows the password only on a terminal; it opens a server that lives only while this command runs. */
async function showUntilEnded({ host, port, user, password, database }: PgConnection): Promise<void> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return;
  printLines([
    'Restored and proven. Look at it from another terminal, as long as this command runs:',
    `  PGPASSWORD=${password} psql -h ${host} -p ${port} -U ${user} ${database}`,
    'Enter ends it.',
  ]);
  await ask('');
}

/**
 * Restores in the place of the desk once its name was typed. Returns the exit code. Throws a `CliFailure` if
 * refused; then nothing was changed.
 */
export async function restoreOver(chosen: ChosenBackup, options: RestoreOptions): Promise<number> {
  const { home } = chosen;
  const begun = readRestoreMark(home);
  const databaseOnly = begun === null ? options.dbOnly === true : begun.databaseOnly === true;
  const restored = await restoreInPlace(chosen, {
    databaseOnly,
    keepsTemporal: () => isExternal(home),
    by: namedOnCli(home, Date.now()) ?? userInfo().username,
    agreed: () => confirmed(chosen, databaseOnly ? 'database' : 'desk', options.confirm),
    ...(options.json === true ? {} : { onStep: sayStep }),
  });
  const runs = restored.passed && restored.keepsTemporal && !databaseOnly ? await endRuns(chosen) : null;
  return shown(chosen, restored, runs, { ...options, dbOnly: databaseOnly });
}

/** What became of the open runs on a Temporal server that is somebody else's. */
type EndedRuns = { readonly ended: number } | { readonly why: string };

/** The desk is restored by now: a failure to end the runs here is reported, and a person ends them. */
async function endRuns({ home, desk, id }: ChosenBackup): Promise<EndedRuns> {
  const runtime = runtimeHere(home);
  if (runtime === null) return { why: 'nothing here says where it is' };
  const temporal = openTemporal(runtime);
  try {
    return { ended: await endOpenRuns(temporal, desk, `desk ${desk} was set back to backup ${id}`) };
  } catch (error) {
    return { why: messageOf(error) };
  } finally {
    await temporal.close();
  }
}

/**
 * As the environment says; otherwise as at the last start. Throws `TemporalChoice` if only part of the
 * environment is set.
 */
function isExternal(home: string): boolean {
  const kind = temporalKind(process.env);
  const said = process.env.FERMATA_TEMPORAL ? kind : (runtimeHere(home)?.temporal.kind ?? kind);
  return said === 'external';
}

function shown(
  { home, id, desk, passedOver }: ChosenBackup,
  { passed, steps, kept, ended }: RestoredInPlace,
  runs: EndedRuns | null,
  { dbOnly = false, json = false }: RestoreOptions,
): number {
  if (json) printJson({ backup: id, desk, restored: passed, passedOver, steps, kept, ended, runs });
  else
    printLines([
      ...steps.map(stepLine),
      ...(passed
        ? [
            dbOnly
              ? `✓ the database of ${desk} is that of the backup; the desk is HALTED until a person has looked`
              : `✓ ${desk} is what the backup holds, HALTED until a person has looked`,
            ...(dbOnly ? [] : ownLines(join(backupsFolder(home), id))),
            ...afterwardsLines(startOf(home, desk), runs, kept),
          ]
        : kept === null
          ? [
              '✗ not restored: a step failed, as it says above',
              ended.length === 0
                ? '  kept safe: nothing of the desk was touched'
                : `  kept safe: nothing of the desk was set back; what an earlier start had left is ended: ${ended.join(', ')}`,
              whatHelps(steps),
            ]
          : [
              `✗ cut off while things were put in their places: mend the cause, then begin again: fermata restore ${id}`,
            ]),
    ]);
  return passed ? EXIT_OK : EXIT_FAILED;
}

function startOf(home: string, desk: string): string {
  if (isContainer(process.env)) return 'docker-compose up -d';
  const runtime = runtimeHere(home);
  return `fermata up --desk ${(runtime?.desk === desk ? startNameOf(runtime) : null) ?? desk}`;
}

function keptLine(kept: RestoredInPlace['kept']): string {
  const database = kept?.database == null ? null : `in Postgres the database ${kept.database}`;
  const parts = [kept?.folder ?? null, database].filter((part) => part !== null);
  return parts.length === 0
    ? '  nothing was there before, so nothing is kept beside it'
    : `  what was there is kept: ${parts.join(', and ')}`;
}

/** The restored journal, or database, knows of no go-live in force. */
function afterwardsLines(
  start: string,
  runs: EndedRuns | null,
  kept: RestoredInPlace['kept'],
): readonly string[] {
  return [
    keptLine(kept),
    ...(runs === null ? [] : [runsLine(runs)]),
    `  start it: ${start}; look at orders and positions at the venue; then: fermata resume --reason TEXT`,
    '  with real money it takes a new go-live instead: fermata go-live --reason TEXT',
  ];
}

/** Neither is put in place: the desk's folder may be newer, and only a person may change it. */
function ownLines(folder: string): readonly string[] {
  const file = `its desk file then: ${join(folder, DESK_FILE)}`;
  if (!existsSync(join(folder, OWN_FOLDER))) return [`  ${file}; compare it with yours`];
  return [
    `  ${file}, and its own code: ${join(folder, OWN_FOLDER)}; compare them with yours, or copy them into a folder`,
  ];
}

const runsLine = (runs: EndedRuns): string =>
  'ended' in runs
    ? `  open runs of the time that was taken back, terminated in Temporal: ${runs.ended}`
    : `! runs of this desk that are open in Temporal belong to the time taken back; terminate them before the start (${runs.why})`;

const sayStep = (title: string): void => void process.stderr.write(`… ${title}\n`);
