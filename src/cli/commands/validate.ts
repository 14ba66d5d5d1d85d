import { mkdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { type Progress, scopeOf } from '../../backtest/run-on-prices.js';
import type { ValidationOutcome } from '../../contracts/go-live.js';
import { isContainer } from '../../desk/desk-environment.js';
import type { LoadedDesk } from '../../desk/load.js';
import { counted } from '../../domain/figure-text.js';
import { ANY_ROLE, BUILT_IN_OPERATOR } from '../../domain/people-roles.js';
import { namedOnCli } from '../../home/cli-session.js';
import { readDeskHere } from '../../home/desk-here.js';
import { homeOf } from '../../home/installation.js';
import { homePaths, type Runtime } from '../../home/runtime.js';
import { makeSecret, readSecret } from '../../home/secrets.js';
import { runtimeHere } from '../../home/started-desks.js';
import { askSupervisor } from '../../home/supervisor-protocol.js';
import type { SignedReport } from '../../validation/report/report.js';
import {
  keepReport,
  signReport,
  summaryLines,
  type WrittenReport,
  writeReport,
} from '../../validation/report/write-report.js';
import {
  keepRequest,
  newRequest,
  runInProcess,
  type ValidationRequest,
  validationPlace,
} from '../../validation/request.js';
import { readProgress } from '../../validation/run.js';
import { runLines, withRun } from '../act-on-desk.js';
import { refuseNothingTraded } from '../backtest-desk.js';
import { signedInPerson } from '../desk-person.js';
import { CliFailure, EXIT_FAILED, EXIT_OK, usageFailure } from '../failure.js';
import {
  dataFile,
  marketChoice,
  simulatedVenueValue,
  simulatorStartedWith,
  sourceOptions,
  speedValue,
} from '../market-choice.js';
import { namedDeskFile, stepPartsOf } from '../named-desk.js';
import { collected, dayValue, wholeNumber } from '../option-values.js';
import { printJson, printLines, progressPrinter } from '../output.js';
import { endedDesk, fermataHome, installationHome, unlessGone } from '../running-desk.js';
import { type PeriodOptions, type PeriodToTrade, periodToTrade } from '../stored-period.js';

const PROGRESS_TOTAL = 1000;

export function validateCommand(command: Command): void {
  command
    .option(
      '--duration <time>',
      'market time to paper-trade, exactly: 90m, 48h, 7d; needed unless two days are given',
      durationValue,
    )
    .option('--from <date>', 'on stored minutes (fermata data fetch): first day, UTC', dayValue)
    .option('--to <date>', 'last day, UTC; all of it, unless --duration is shorter', dayValue)
    .option(
      '--simulated-venue <[name=]address>',
      'use the stored minutes of a simulator on this machine',
      simulatedVenueValue,
    )
    .option('--desk <name or file>', 'which desk; by default the one that runs here', undefined)
    .option(
      '--data <file>',
      'recorded prices: FILE or SYMBOL=FILE, of one side SYMBOL:bid=FILE, SYMBOL:ask=FILE; repeat for more, also of one symbol',
      collected(dataFile),
    )
    .option(
      '--speed <times>',
      'for recorded or simulated prices: a number, realtime or max (default)',
      speedValue,
    );
  sourceOptions(command)
    .option('--min-trades <count>', 'instead of the desk file’s', wholeNumber(0, 1_000_000))
    .option('--min-win-rate <percent>', 'instead of the desk file’s', boundValue(0, 100))
    .option('--min-sharpe <ratio>', 'instead of the desk file’s', boundValue(-100_000, 100_000))
    .option('--max-drawdown <percent>', 'instead of the desk file’s', boundValue(0, 100))
    .option('--id <id>', 'join or continue the validation of this id', idValue)
    .option('--as <person>', 'who asks for it: the signed-in person')
    .option('--json', 'print the report as JSON; progress goes to standard error')
    .action(async (options: ValidateOptions) => {
      process.exitCode = await validate(options);
    });
}

/** All options are checked before anything begins. */
async function validate(options: ValidateOptions): Promise<number> {
  const home = fermataHome();
  const runtime = runtimeHere(home);
  const file = namedDeskFile(options.desk, runtime);
  // With the environment's values, as the desk that is to start with real money: a GO counts for its hash alone.
  const known = { parts: stepPartsOf(file, runtime) };
  const { wanted: loaded } = readDeskHere(file, known, process.env, home);
  const people = loaded.desk.people.map(({ name }) => name);
  const person =
    options.as === undefined
      ? (namedOnCli(home, Date.now()) ?? people[0] ?? BUILT_IN_OPERATOR)
      : signedInPerson({ home, deskFile: file }, ANY_ROLE, options.as);
  const stored = await periodToTrade(options, loaded.desk, home, simulatorStartedWith(loaded.desk, runtime));
  // The result counts for this desk's start with real money, so the desk gets its home now.
  if (!isContainer(process.env)) homeOf(installationHome(), loaded.desk.desk);
  const asked = validationRequest(options, loaded, stored, person, Date.now());
  const request = keepRequest(home, asked, loaded);
  const showBar = progressPrinter(process.stderr);
  const onProgress = ({ part, trades }: { readonly part: number; readonly trades: number }): void =>
    showBar({
      kind: 'bar',
      text: `validation ${request.id}, ${counted(trades, 'trade')}`,
      done: Math.round(part * PROGRESS_TOTAL),
      total: PROGRESS_TOTAL,
    });
  const validated =
    runtime !== null && (await runsDesk(runtime, request.desk))
      ? await validateByWorkflow(runtime, request, onProgress)
      : await validateHere(home, request, onProgress);
  return show(validated, options.json === true);
}

function show({ report, files, workflowId, problems }: Validated, json: boolean): number {
  if (json) printJson({ ...report, files, ...withRun({ workflowId }), problems });
  else {
    printLines([
      ...summaryLines(report),
      `  report      ${files.json}`,
      `  with charts ${files.html}`,
      ...runLines({ workflowId }),
      ...problems.map((problem) => `  ! ${problem}`),
    ]);
  }
  return report.recommendation === 'GO' ? EXIT_OK : EXIT_FAILED;
}

interface ValidateOptions extends PeriodOptions {
  readonly minTrades?: number;
  readonly minWinRate?: number;
  readonly minSharpe?: number;
  readonly maxDrawdown?: number;
  readonly id?: string;
  readonly as?: string;
  readonly json?: boolean;
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION_MS_MAX = 366 * 86_400_000;

/** `90m`, `48h` or `7d` in milliseconds. */
function durationValue(text: string): number {
  const [, count, unit] = /^(\d{1,6}(?:\.\d{1,3})?)([mhd])$/.exec(text) ?? [];
  const ms = Math.round(Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN));
  if (!(ms >= 60_000 && ms <= DURATION_MS_MAX))
    throw new InvalidArgumentError('expected minutes, hours or days up to a year, such as 90m, 48h or 7d');
  return ms;
}

/** A number with or without a decimal point, possibly negative. */
function boundValue(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max))
      throw new InvalidArgumentError(`expected a number from ${min} to ${max}`);
    return value;
  };
}

function idValue(text: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(text))
    throw new InvalidArgumentError('expected 1 to 64 lower case letters, digits and dashes');
  return text;
}

/** Throws a usage failure if the options contradict each other, the desk or the disk. */
function validationRequest(
  options: ValidateOptions,
  loaded: LoadedDesk,
  stored: PeriodToTrade | null,
  requestedBy: string,
  nowMs: number,
): ValidationRequest {
  const { desk } = loaded;
  const durationMs = stored?.durationMs ?? options.duration;
  if (durationMs === undefined) {
    throw usageFailure(
      '--duration is missing',
      'write how much market time is to be traded, such as --duration 48h, or --from DATE --to DATE of stored minutes',
    );
  }
  const market = marketChoice(stored === null ? options : { ...options, data: stored.data }, desk);
  refuseNothingTraded(scopeOf(desk, market));
  return newRequest(
    loaded,
    {
      id: options.id,
      durationMs,
      ...(stored === null ? {} : { beginMs: stored.beginMs }),
      market,
      criteria: {
        minTrades: options.minTrades,
        minWinRatePct: options.minWinRate,
        minSharpe: options.minSharpe,
        maxDrawdownPct: options.maxDrawdown,
      },
      requestedBy,
    },
    nowMs,
  );
}

const LOOK_EVERY_MS = 500;

interface Validated {
  readonly report: SignedReport;
  readonly files: WrittenReport;
  /** Null: it ran in this command. */
  readonly workflowId: string | null;
  /** Side problems, each with what it means. */
  readonly problems: readonly string[];
}

type OnProgress = (progress: Progress) => void;

/**
 * Whether the validation runs as a workflow: true if the supervisor of this FERMATA_HOME, or the containers
 * next to this one, run this very desk. Otherwise it runs within this command.
 */
async function runsDesk({ home, desk: here }: Runtime, desk: string): Promise<boolean> {
  if (isContainer(process.env)) return here === desk;
  try {
    return (await askSupervisor(home, 'who', {})).desk === desk;
  } catch {
    return false;
  }
}

/** Survives the end of every process, including this command: the same id joins it again. */
async function validateByWorkflow(
  runtime: Runtime,
  request: ValidationRequest,
  onProgress: OnProgress,
): Promise<Validated> {
  const { openTemporal } = await import('../../temporal/open-temporal.js');
  const { awaitValidation, startValidation } = await import('../../operations/validations.js');
  const temporal = openTemporal(runtime);
  const workflowId = await startValidation(temporal, request);
  const place = validationPlace(runtime.home, request.id);
  const over = new AbortController();
  const showing = showUntil(over.signal, place.progress, onProgress);
  try {
    const outcome = await unlessGone(awaitValidation(temporal, workflowId), () =>
      endedMeanwhile(runtime, request.id),
    );
    return { report: reportOf(outcome), files: outcome.files, workflowId, problems: [] };
  } finally {
    over.abort();
    await showing;
  }
}

/** Null: the desk may still run, or start again by itself. */
async function endedMeanwhile(runtime: Runtime, id: string): Promise<CliFailure | null> {
  if ((await endedDesk(runtime)) === null) return null;
  return new CliFailure(
    `desk ${runtime.desk} ended before validation ${id} had its report`,
    'the validation is kept, and goes on by itself once the desk runs again',
    `fermata up; the same command with --id ${id} waits for the report again`,
  );
}

/** Ends with this command; the same id continues it. */
async function validateHere(
  home: string,
  request: ValidationRequest,
  onProgress: OnProgress,
): Promise<Validated> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    const { directory } = validationPlace(home, request.id);
    const unsigned = await runInProcess(directory, { onProgress, signal: ending.signal });
    const report = signReport(keyOf(home), unsigned);
    keepReport(home, report);
    const files = writeReport(request.reportFolder, report);
    const problem =
      `The desk does not run: the report is in files only, and nobody was told. With the desk running (fermata up), ` +
      `the same command with --id ${request.id} records and tells it.`;
    return { report, files, workflowId: null, problems: [problem] };
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

/**
 * The installation's key, made here if no desk was ever started: a validation before the first start also
 * counts.
 */
function keyOf(home: string): string {
  mkdirSync(homePaths(home).secrets, { recursive: true, mode: 0o700 });
  makeSecret(home, 'decisionKey');
  return readSecret(home, 'decisionKey');
}

/** The report written for people is the one that was signed. */
function reportOf({ files }: ValidationOutcome): SignedReport {
  return JSON.parse(readFileSync(files.json, 'utf8')) as SignedReport;
}

async function showUntil(over: AbortSignal, file: string, onProgress: OnProgress): Promise<void> {
  while (!over.aborted) {
    const progress = readProgress(file);
    if (progress !== null) onProgress(progress);
    await sleep(LOOK_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
  }
}
