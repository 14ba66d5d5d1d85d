import { isDeepStrictEqual } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import { unfitPrices } from '../../desk/desk-venue.js';
import type { LoadedDesk } from '../../desk/load.js';
import { DEFAULT_DESK } from '../../desk/resolve-desk.js';
import type { Desk } from '../../desk/schema.js';
import { deskNameIn } from '../../desk/yaml-file.js';
import { keptOverRestart, moneyAtStake } from '../../domain/account-name.js';
import { counted } from '../../domain/figure-text.js';
import { moment } from '../../domain/moment.js';
import { companionHere, readDeskHere, writeDeskHere } from '../../home/desk-here.js';
import { nameDeskInCommands, shellWord } from '../../home/desk-in-process.js';
import { homeOf, knownHomeOf, ownPeopleText, sharesServers, wouldBeHomeOf } from '../../home/installation.js';
import { resolveStartedDesk, runtimeHere } from '../../home/started-desks.js';
import type { RecordingRequest } from '../../market/recorded/check-recording.js';
import { secretsNotUsed } from '../../notify/channel-credentials.js';
import type { UpOptions, UpSummary } from '../../supervisor/up-options.js';
import { credentialIn } from '../../venue/environment.js';
import { loadDesk } from '../../venue/load-desk.js';
import { environmentNow, readEnvironmentFile } from '../environment-file.js';
import { CliFailure, usageFailure } from '../failure.js';
import {
  dataFile,
  type MarketOptions,
  marketChoice,
  type SimulatedVenue,
  simulatedVenueValue,
  simulatorsOf,
  sourceOptions,
  speedValue,
} from '../market-choice.js';
import {
  deskToStart,
  lastStartOf,
  namedDeskFile,
  otherFileOf,
  stepPartsOf,
  wasStartedFrom,
} from '../named-desk.js';
import { collected, wholeNumber } from '../option-values.js';
import { printFailure, printJson, printLines, progressPrinter } from '../output.js';
import { installationHome } from '../running-desk.js';
import {
  chosenEntry,
  IS_ON_TRIAL,
  STARTER,
  sayNotStarted,
  startAgain,
  startChosenOf,
  starterIsThere,
} from '../start-again.js';

const BY_HAND = 'that takes fermata down, then fermata up';
const RECORDED_ROWS_MAX = 10_000;

interface Options extends MarketOptions {
  readonly desk?: string;
  readonly separate?: boolean;
  readonly port?: number;
  readonly simulatedVenue?: readonly SimulatedVenue[];
  readonly json?: boolean;
}

export function upCommand(command: Command): void {
  command
    .option(
      '--desk <name or file>',
      `which desk; left out: the one that ran here last, at first ${DEFAULT_DESK}`,
    )
    .option(
      '--data <file>',
      'recorded prices: FILE or SYMBOL=FILE, of one side SYMBOL:bid=FILE, SYMBOL:ask=FILE; repeat for more, also of one symbol',
      collected(dataFile),
    )
    .option('--speed <times>', 'for simulated or recorded prices: a number, realtime or max', speedValue);
  sourceOptions(command)
    .option('--separate', 'ledger and auditor as separate processes')
    .option('--exit-at-end', 'end when the recording ends')
    .option(
      '--port <port>',
      'port of the dashboard instead of the desk file’s; 0: any free one',
      wholeNumber(0, 65_535),
    )
    .option(
      '--simulated-venue <[name=]address>',
      'a simulator on this machine instead of the desk’s venue, if orders leave (mode: live, or a broker’s paper account), or of feed NAME of a desk on paper; repeat for more',
      collected(simulatedVenueValue),
    )
    .option('--json', 'print the summary as JSON; progress goes to standard error')
    .action(async (options: Options) => {
      process.exitCode = await up(options);
    });
}

/** Resolves when the desk has ended in order. All options are checked before anything is started. */
async function up(given: Options): Promise<number> {
  // While the desk runs, this process waits, possibly for weeks, so its heap is kept small.
  setFlagsFromString('--optimize-for-size');
  const named = given.desk ?? deskToStart(installationHome());
  const options = { ...given, desk: named };
  const file = namedDeskFile(named);
  const chosen = startChosenOf(installationHome(), file);
  if (chosen !== null) return chosen();
  const parts = { parts: stepPartsOf(file) };
  const { desk } = loadDesk(file, parts);
  refuseTakenName(installationHome(), desk);
  await refuseOtherFile(installationHome(), { named, file, desk: desk.desk });
  const home = homeOf(installationHome(), desk.desk);
  if (desk.twinOf !== undefined) dropAccountKeys(process.env);
  const here = readDeskHere(file, parts, process.env, home);
  const { wanted: loaded } = here;
  nameDeskInCommands(
    () => (sharesServers(home) ? loaded.desk.desk : null),
    () => (named === DEFAULT_DESK ? null : shellWord(named)),
  );
  const simulators = simulatorsOf(loaded.desk, options.simulatedVenue ?? []);
  const market = marketChoice(ofTwin(options, desk), loaded.desk);
  refuseUnfitPrices(loaded.desk, market.kind, file);
  const companion = companionHere({
    desk: loaded.desk,
    market: market.kind,
    ...simulators,
    env: process.env,
  });
  const runsCompanion = companion !== null && !('leftOut' in companion);
  const mayTrade = () => readyIfReal(loaded, home, simulators.simulatedVenue);
  // What leads to the venue has to run before the account can be read.
  if (!runsCompanion) await mayTrade();
  if (market.kind === 'recorded') await checkRecordings(market.files, loaded.desk);
  // Loaded when a restore is ordered: once everything has ended, another build may have replaced this one.
  let restores: Promise<typeof import('../restore-in-place.js')> | null = null;
  const upOptions: UpOptions = {
    home,
    loaded,
    writeDesk: () => writeDeskHere(here),
    market,
    separate: options.separate === true,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...simulators,
    ...(runsCompanion ? { mayTrade } : {}),
    again: {
      check: () => checkAgain(loaded, home, options),
      starter: STARTER,
      isOnTrial: IS_ON_TRIAL,
      chooseBackup: async () => {
        restores ??= import('../restore-in-place.js');
        return (await restores).backupToRestore(home, loaded.desk.desk);
      },
    },
    onProgress: progressPrinter(process.stderr),
    onStartFailed: sayNotStarted,
    onReady: (summary: UpSummary) =>
      options.json === true ? printJson(summary) : printLines(screenLines(summary)),
  };
  for (const text of secretsNotUsed(home, loaded.desk, process.env))
    upOptions.onProgress?.({ kind: 'line', text });
  const supervisor = await import('../../supervisor/up.js');
  const outcome = await supervisor.up(upOptions);
  if (outcome.kind === 'already-running')
    throw alreadyRuns(outcome.message, loaded.desk.desk, outcome.doThis);
  if (outcome.againAfterMs === undefined) return outcome.exitCode;
  return startAgain(home, outcome.againAfterMs, async (stayEnded) =>
    (await restores)?.restoreAsOrdered(home, loaded.desk.desk, stayEnded),
  );
}

/** False also if it is not known whether the desk runs: the start itself reports what is wrong. */
export async function refusedUp(argv: readonly string[]): Promise<boolean> {
  const asksForHelp = argv.some((word) => word === '--help' || word === '-h');
  // If npm kept the option to itself, only the start can say which value was meant.
  if (argv[0] !== 'up' || asksForHelp || process.env.npm_config_desk !== undefined) return false;
  const at = argv.indexOf('--desk');
  const named = at < 0 ? argv.find((word) => word.startsWith('--desk='))?.slice(7) : argv[at + 1];
  try {
    readEnvironmentFile(process.cwd());
    const why = await whyRunning(named);
    if (why !== null) printFailure(why, argv.includes('--json'));
    return why !== null;
  } catch {
    return false;
  }
}

/** Null: nobody answers for that desk. */
async function whyRunning(named = deskToStart(installationHome())): Promise<CliFailure | null> {
  const desk = deskNameIn(resolveStartedDesk(named));
  if (desk === null) return null;
  const { describeOther } = await import('../../supervisor/start/claim-home.js');
  const message = await describeOther(wouldBeHomeOf(installationHome(), desk));
  return message === null ? null : alreadyRuns(message, desk);
}

const alreadyRuns = (message: string, desk: string, doThis: string | null = null): CliFailure =>
  new CliFailure(
    message,
    'the desk that runs was not touched',
    doThis ?? `fermata status --desk ${desk}, or end it: fermata down --desk ${desk}`,
  );

/**
 * A desk and a twin never share records: neither may take the other's name, and a twin needs its desk here,
 * whose rules it follows.
 */
function refuseTakenName(installation: string, { desk, twinOf }: Pick<Desk, 'desk' | 'twinOf'>): void {
  const home = knownHomeOf(installation, desk);
  const before = home === null ? null : runtimeHere(home);
  const wasTwinOf = before?.desk === desk ? before.twinOf : twinOf;
  if (home !== null && wasTwinOf !== twinOf) {
    const said = (of: string | undefined) =>
      of === undefined ? 'a desk of its own' : `the paper twin of ${of}`;
    throw new CliFailure(
      `the name ${desk} is taken: here it ran as ${said(wasTwinOf)}, and now it would be ${said(twinOf)}`,
      'nothing was started; what it has on record stays as it is',
      'give this one another name (desk: in its file)',
    );
  }
  if (twinOf === undefined || knownHomeOf(installation, twinOf) !== null) return;
  throw new CliFailure(
    `${desk} is to be the paper twin of ${twinOf}, which never ran with FERMATA_HOME ${installation}`,
    'nothing was started',
    `start it where ${twinOf} was started, or set FERMATA_HOME to that folder`,
  );
}

/**
 * A desk goes on from its own file: a copy that kept the name would trade its account by other rules, and a name that
 * was changed would leave the account, its position and its halt behind.
 */
async function refuseOtherFile(
  installation: string,
  { named, file, desk }: { readonly named: string; readonly file: string; readonly desk: string },
): Promise<void> {
  const other = otherFileOf(lastStartOf(installation, desk), file);
  if (other !== null)
    throw (
      (await whyRunning(named)) ??
      new CliFailure(
        `desk ${desk} last ran from ${other}, which is still there: from ${file} its account would go on by other rules`,
        `nothing was started; what ${desk} has on record stays as it is`,
        'give the copy another name (desk: in its file); if the desk has moved, remove the file that it has left',
      )
    );
  const before = named === desk ? null : lastStartOf(installation, named);
  if (before === null || !wasStartedFrom(before, file)) return;
  throw new CliFailure(
    `${file}, from which ${named} last ran, is about the desk ${desk} now`,
    `nothing was started; ${named} keeps its account, with what it holds and whether it is halted`,
    `write desk: ${named} there again; for ${desk}, with an account of its own: fermata up --desk ${shellWord(file)}`,
  );
}

function refuseUnfitPrices(desk: Desk, prices: string, file: string): void {
  const unfit = unfitPrices(desk, prices);
  if (unfit === null) return;
  throw usageFailure(`${file} ${unfit.problem}`, `start it ${unfit.startIt}`);
}

/**
 * On prices other than the market's, a twin would say nothing about its desk: they are simulated only on
 * request.
 */
const ofTwin = (options: Options, { twinOf }: Pick<Desk, 'twinOf'>): MarketOptions =>
  twinOf === undefined || options.data !== undefined ? options : { market: 'live', ...options };

/** A paper twin gets no account key: neither this process nor any that it starts. */
function dropAccountKeys(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(env)) if (credentialIn(name) !== null) delete env[name];
}

async function readyIfReal(
  loaded: LoadedDesk,
  home: string,
  simulatedVenue: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
  trial: Trial = {},
): Promise<void> {
  if (loaded.desk.mode === 'live') await readyForRealMoney(loaded, home, simulatedVenue, env, trial);
}

interface Trial {
  /** Only tried, next to the running desk: the start itself, which follows, shows and tells the warnings. */
  readonly isTrial?: boolean;
}

/**
 * A failed pre-flight check forbids a start with real money; a warning is shown and sent to people. Throws if
 * a check failed; then nothing was started.
 */
export async function readyForRealMoney(
  loaded: Pick<LoadedDesk, 'desk' | 'configHash'>,
  home: string,
  simulatedVenue: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
  { isTrial = false }: Trial = {},
): Promise<void> {
  const { preflightAtStart } = await import('../../operations/go-live/preflight.js');
  const place = { home, env, simulatedVenue, nowMs: Date.now };
  const { failures, warnings } = await preflightAtStart(loaded, { ...place, isTrial });
  if (failures.length > 0) {
    throw new CliFailure(
      `desk ${loaded.desk.desk} does not start with real money:\n${failures.join('\n')}`,
      'no trader was started and no order was sent; stops that rest at the exchange stay there',
      'put that right, and look again with fermata preflight',
    );
  }
  if (warnings.length > 0 && !isTrial)
    process.stderr.write(`${warnings.map((line) => `! ${line}`).join('\n')}\n`);
}

/** Checks the first rows of each recording before anything is started; the trader reads the rest. */
async function checkRecordings(files: readonly RecordingRequest[], desk: Desk): Promise<void> {
  const [{ checkRecording }, { DataFileError }, { buildInstruments }] = await Promise.all([
    import('../../market/recorded/check-recording.js'),
    import('../../market/recorded/data-file-error.js'),
    import('../../trader/engine-config.js'),
  ]);
  try {
    await checkRecording(files, buildInstruments(desk), RECORDED_ROWS_MAX);
  } catch (error) {
    if (!(error instanceof DataFileError)) throw error;
    const { doThis } = error.problem;
    throw usageFailure(error.message.replace(` ${doThis}`, ''), doThis);
  }
}

/** Whether the same command would start this desk now, with the current desk file and `.env`. */
async function checkAgain(running: LoadedDesk, home: string, options: Options): Promise<void> {
  const env = environmentNow(process.cwd());
  const file = namedDeskFile(options.desk);
  const { wanted } = readDeskHere(file, { parts: stepPartsOf(file) }, env, home);
  for (const key of ['desk', 'twinOf', 'mode', 'venue'] as const) {
    if (isDeepStrictEqual(running.desk[key], wanted.desk[key])) continue;
    throw new Error(`the desk file has another ${key} than the desk that runs: ${BY_HAND}`);
  }
  if (!starterIsThere()) throw new Error(`the process that would start it again is gone: ${BY_HAND}`);
  chosenEntry(home);
  const simulators = simulatorsOf(wanted.desk, options.simulatedVenue ?? []);
  const { kind: market } = marketChoice(ofTwin(options, wanted.desk), wanted.desk);
  companionHere({ desk: wanted.desk, market, ...simulators, env });
  await readyIfReal(wanted, home, simulators.simulatedVenue, env, { isTrial: true });
}

const LABEL_WIDTH = 12;

/**
 * The screen that a started desk shows. Plain lines, so that they also suit a log file and a narrow terminal.
 */
export function screenLines(summary: UpSummary): string[] {
  const rows: readonly (readonly [string, string])[] = [
    ['Desk', `${summary.desk} (${moneyText(summary)})`],
    ...(summary.twinOf === undefined ? [] : [['Twin', `of ${summary.twinOf}, on paper only`] as const]),
    ['Mode', summary.headline],
    ['Prices', summary.simulated ? `${summary.prices} (NOT LIVE)` : summary.prices],
    ['Account', accountText(summary)],
    ['Restart', keptOverRestart(summary.trading, summary.account?.name ?? null)],
    ['Dashboard', summary.signInUrl],
    [
      '',
      `(this link signs in once, within ${counted(summary.signInMinutes, 'minute')}; a new one: fermata link)`,
    ],
    ...elsewhere(summary),
    ['Sign-in', `user operator, password ${passwordPlace(summary.passwordFile)}`],
    ...(summary.ownPeople ? [['', ownPeopleText(summary.desk)] as const] : []),
    ['Temporal UI', `${summary.temporalUiUrl} (after the dashboard's sign-in)`],
    ['Metrics', summary.metricsUrl],
    ['Next', nextText(summary.next[0])],
    ['Log', summary.logFile],
  ];
  return [
    '',
    ...rows.map(([label, text]) => `  ${label.padEnd(LABEL_WIDTH)} ${text}`),
    '',
    '  Ctrl-C ends it in order: entries are cancelled, positions and their stops are kept.',
    '  In another terminal, in this folder: fermata status; stop, close-all or resume --reason TEXT; fermata --help',
    '',
  ];
}

const elsewhere = ({ publicUrl }: UpSummary): readonly (readonly [string, string])[] =>
  publicUrl === null
    ? []
    : [['Elsewhere', `${publicUrl}/ through your proxy or tunnel; a link for it: fermata link`]];

function moneyText({ trading, account }: UpSummary): string {
  const money = moneyAtStake(trading, account?.name ?? null);
  if (money === 'simulator money') return 'live (exchange simulator)';
  if (money === 'test money') return 'live (the exchange’s test environment)';
  return money === 'real money' ? 'REAL MONEY' : money;
}

/** Each price source has its own paper account: this mentions the others, since people look for them here. */
function accountText({ account }: UpSummary): string {
  if (account === null) return 'not known yet';
  const { name, resting } = account;
  return resting.length === 0 ? name : `${name}; kept as they were for other prices: ${resting.join(', ')}`;
}

function passwordPlace(file: string | null): string {
  return file === null ? 'as given in DASHBOARD_PASSWORD, or replaced since' : `in ${file}`;
}

function nextText(next: UpSummary['next'][number] | undefined): string {
  if (next === undefined) return 'nothing is scheduled';
  return `${next.title} (${next.routine}) at ${moment(next.atMs)}`;
}
