/** The way to real money: the test of a connection, the pre-flight, and going live. */

import type { Command } from 'commander';
import type { ConnectionTest } from '../../checks/preflight/connection-reading.js';
import type { PreflightReport } from '../../contracts/published.js';
import { messageOf } from '../../domain/message-of.js';
import { moment } from '../../domain/moment.js';
import { MAY_STOP, OPERATOR } from '../../domain/people-roles.js';
import { reasonOf } from '../../domain/plain-text.js';
import { companionHere, readDeskHere } from '../../home/desk-here.js';
import type { Runtime } from '../../home/runtime.js';
import { runtimeHere } from '../../home/started-desks.js';
import type { GoLiveShown, GoLiveStarted } from '../../operations/go-live/start-go-live.js';
import { pricesOnly } from '../../venue/registry.js';
import { reasonText, runLines, showOutcome, withRun } from '../act-on-desk.js';
import { deskPerson, signedInPerson } from '../desk-person.js';
import { CliFailure, EXIT_FAILED, EXIT_OK, usageFailure } from '../failure.js';
import {
  askedVenueOptions,
  type SimulatedVenue,
  simulatorStartedWith,
  venueAddress,
} from '../market-choice.js';
import { namedDeskFile, stepPartsOf } from '../named-desk.js';
import { MARKS, printJson, printLines, sayingWhat } from '../output.js';
import { fermataHome, withOperations } from '../running-desk.js';
import { votingLines } from './approval-commands.js';
import { sourcesOf } from './monitor-command.js';

interface Options {
  /** True: the option was given without a value. */
  readonly reason?: string | true;
  readonly as?: string;
  readonly status?: boolean;
  readonly revoke?: boolean;
  readonly json?: boolean;
}

export function goLiveCommand(command: Command): void {
  command
    .option(
      '--reason [text]',
      'why; stored with the evidence. Needed to ask; for --revoke a task asks for it afterwards',
    )
    .option('--as <person>', 'person of the desk file who asks for it: the signed-in one')
    .option('--status', 'only show progress')
    .option('--revoke', 'revoke the permission: the desk stops at once')
    .option('--json', 'print the result as JSON')
    .action(async (options: Options) => {
      process.exitCode = await goLive(options, command);
    });
}

function goLive(options: Options, command: Command): Promise<number> {
  const json = options.json === true;
  if (options.status === true && options.revoke === true)
    throw usageFailure('--status and --revoke contradict each other', 'leave one of them out');
  if (options.status === true && options.reason !== undefined)
    throw usageFailure('--status only shows progress, and takes no reason', 'leave --reason or --status out');
  if (options.status === true)
    return withOperations(async (operations) => {
      const shown = await operations.readGoLive();
      if (json) printJson(shown);
      else printLines([...statusLines(shown), ...(await votingLines(operations, shown))]);
      return EXIT_OK;
    });
  if (options.revoke === true)
    return withOperations(async (operations, runtime) => {
      const caller = { person: deskPerson(runtime, MAY_STOP), via: 'cli' } as const;
      const outcome = await operations.revokeGoLive(caller, { reason: reasonOf(options.reason) });
      return showOutcome('taking the go-live back', outcome, json);
    });
  const reason = reasonNeeded(options.reason, command);
  return withOperations(async (operations, runtime) => {
    const caller = { person: signedInPerson(runtime, OPERATOR, options.as), via: 'cli' } as const;
    const started = await operations.startGoLive(caller, { reason });
    if (json) printJson({ ...withRun(started), ...(started.ok ? {} : KEPT_SAFE) });
    else printLines(startedLines(started));
    return started.ok ? EXIT_OK : EXIT_FAILED;
  });
}

const KEPT_SAFE = { keptSafe: 'nobody was asked anything new, and the desk goes on as it was' };

/** Checks the reason as its parser would. The option accepts any, since --revoke must work with each. */
function reasonNeeded(given: Options['reason'], command: Command): string {
  if (given === undefined) throw usageFailure('--reason <text> is missing', 'fermata go-live --reason TEXT');
  const text = given === true ? '' : given;
  try {
    return reasonText(text);
  } catch (error) {
    return command.error(`option '--reason' argument '${text}' is invalid. ${messageOf(error)}`);
  }
}

function startedLines(started: GoLiveStarted): string[] {
  const { ok, detail, obstacles, workflowId, problems, doThis } = started;
  return [
    `${ok ? '✓' : '✗'} ${detail}`,
    ...obstacles.map((obstacle) => `  ✗ ${obstacle}`),
    ...(workflowId === null ? [] : [`  ${workflowId}; how far it is: fermata go-live --status`]),
    ...runLines({ workflowId }),
    ...problems.map((problem) => `  ! ${problem}`),
    ...(ok ? [] : [`  kept safe: ${KEPT_SAFE.keptSafe}`]),
    ...(doThis === null ? [] : [`  do this:   ${doThis}`]),
  ];
}

function statusLines({
  mode,
  granted,
  attempts,
  progress,
  approvers,
  needed,
  words,
  problems,
}: GoLiveShown): string[] {
  const inForce =
    granted === null
      ? 'no go-live is in force'
      : `live: ${granted.release}, step ${granted.step}, approved by ${granted.approvedBy.join(' and ')}`;
  return [
    mode === 'paper' ? 'this desk trades paper money' : inForce,
    ...words.map((line) => `  ${line}`),
    ...(progress === null ? [] : [`now: ${progress.phase}: ${progress.detail}`]),
    `approvals needed: ${needed}; approvers of the desk file: ${approvers.join(', ') || 'none'}`,
    ...attempts.map(
      ({ release, attempt, state, askedBy, detail, startedMs }) =>
        `${moment(startedMs)} ${release} attempt ${attempt}, asked by ${askedBy}: ${state}${detail === '' ? '' : `, ${detail}`}`,
    ),
    ...problems.map((problem) => `! ${problem}`),
  ];
}

interface PreflightOptions {
  readonly desk?: string;
  readonly simulatedVenue?: SimulatedVenue;
  readonly json?: boolean;
}

export function preflightCommand(command: Command): void {
  askedVenueOptions(command).action(async (options: PreflightOptions) => {
    process.exitCode = await preflight(options);
  });
}

/** Needs no running desk, only files, the environment and the exchange. */
async function preflight(options: PreflightOptions): Promise<number> {
  const home = fermataHome();
  const runtime = runtimeHere(home);
  const file = namedDeskFile(options.desk, runtime);
  const { preflightDesk } = await import('../../operations/go-live/preflight.js');
  const known = { parts: stepPartsOf(file, runtime) };
  const { wanted: loaded } = readDeskHere(file, known, process.env, home);
  const { twinOf } = loaded.desk;
  if (twinOf !== undefined)
    throw new CliFailure(
      `${loaded.desk.desk} is the paper twin of ${twinOf} and never trades real money`,
      'nothing was asked of the exchange',
      `look at the desk itself: fermata preflight --desk ${twinOf}`,
    );
  const only = pricesOnly(loaded.desk.venue.name);
  if (only !== null)
    throw new CliFailure(
      only,
      'nothing was asked of anybody',
      'give a desk file of its own venue.name of one of these and mode: live, then: fermata preflight --desk NAME',
    );
  const { env } = process;
  const simulatedVenue =
    venueAddress(loaded.desk, options.simulatedVenue) ?? simulatorStartedWith(loaded.desk, runtime);
  companionHere({ desk: loaded.desk, market: 'live', simulatedVenue, env });
  const looking = preflightDesk(loaded, { home, env, simulatedVenue, nowMs: Date.now });
  const report = await sayingWhat(() => 'waiting for the exchange to answer', looking);
  if (options.json === true) printJson(report);
  else printLines(preflightLines(report));
  return report.verdict === 'fail' ? EXIT_FAILED : EXIT_OK;
}

const SAID = {
  pass: 'everything is ready for real money, a go-live apart',
  warn: 'it may start; look at the warnings',
  fail: 'it does not start with real money until this is put right',
} as const;

function preflightLines({ desk, endpoint, results, verdict }: PreflightReport): string[] {
  return [
    `Pre-flight of ${desk} at ${endpoint}`,
    ...results.flatMap(({ title, verdict: one, observed, expected }) => [
      `${MARKS[one]} ${title}: ${observed}`,
      ...(one === 'pass' ? [] : [`    expected: ${expected}`]),
    ]),
    `${MARKS[verdict]} ${SAID[verdict]}`,
  ];
}

interface ConnectionOptions {
  readonly desk?: string;
  readonly simulatedVenue?: SimulatedVenue;
  readonly json?: boolean;
}

export function connectionCommand(command: Command): void {
  const test = command
    .command('test')
    .description(
      'check over separate connections that the venue’s session, market data and account are there',
    );
  askedVenueOptions(test).action(async (options: ConnectionOptions) => {
    process.exitCode = await testConnectionHere(options);
  });
}

/** Needs no running desk, and disturbs none. A check that could not run counts as not passed. */
async function testConnectionHere({ desk: named, simulatedVenue, json }: ConnectionOptions): Promise<number> {
  const home = fermataHome();
  const runtime = runtimeHere(home);
  const file = namedDeskFile(named, runtime);
  const { testConnection } = await import('../../checks/preflight/connection-reading.js');
  const { desk } = readDeskHere(file, { parts: stepPartsOf(file, runtime) }, process.env, home).wanted;
  const address = venueAddress(desk, simulatedVenue) ?? simulatorStartedWith(desk, runtime);
  const place = { env: process.env, simulatedVenue: address };
  const asking = monthsHere(desk.desk, runtime).then((months) =>
    testConnection({ desk, ...place, months }, Date.now()),
  );
  const test = await sayingWhat(() => 'waiting for the venue to answer', asking);
  if (json === true) printJson(test);
  else printLines(connectionLines(desk.desk, test));
  return test.verdict === 'pass' ? EXIT_OK : EXIT_FAILED;
}

/**
 * Which months the desk's rolled futures stand for. Undefined: not known, since the desk does not run here.
 */
async function monthsHere(desk: string, runtime: Runtime | null) {
  if (runtime?.desk !== desk) return undefined;
  const { monthsTold } = await import('../../trader/engine-config.js');
  return sourcesOf(runtime)
    .status()
    .then(monthsTold, () => undefined);
}

function connectionLines(desk: string, { endpoint, parts }: ConnectionTest): string[] {
  return [
    `Connection of ${desk} to ${endpoint}`,
    ...parts.map(({ title, verdict, observed }) => `${MARKS[verdict]} ${title}: ${observed}`),
  ];
}
