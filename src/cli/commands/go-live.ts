import type { Command } from 'commander';
import { counted } from '../../domain/figure-text.js';
import { messageOf } from '../../domain/message-of.js';
import { moment } from '../../domain/moment.js';
import { reasonOf } from '../../domain/plain-text.js';
import { MAY_STOP, OPERATOR } from '../../domain/roles.js';
import type { GoLiveShown, GoLiveStarted } from '../../operations/go-live/start-go-live.js';
import { reasonText, runLines, showOutcome, withRun } from '../act-on-desk.js';
import { deskPerson, signedInPerson } from '../desk-person.js';
import { EXIT_FAILED, EXIT_OK, usageFailure } from '../failure.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../running-desk.js';

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
  if (options.status === true)
    return withOperations(async (operations) => {
      const shown = await operations.readGoLive();
      if (json) printJson(shown);
      else printLines(statusLines(shown));
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
    if (json) printJson({ ...withRun(started), ...(started.ok ? {} : NOT_BEGUN) });
    else printLines(startedLines(started));
    return started.ok ? EXIT_OK : EXIT_FAILED;
  });
}

const NOT_BEGUN = {
  keptSafe: 'nobody was asked, and the desk goes on as it was',
  doThis:
    'put right what is named: fermata preflight shows every check as it is now, docs/GO_LIVE.md the way',
};

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

function startedLines({ ok, detail, obstacles, workflowId, problems }: GoLiveStarted): string[] {
  return [
    `${ok ? '✓' : '✗'} ${detail}`,
    ...obstacles.map((obstacle) => `  ✗ ${obstacle}`),
    ...(workflowId === null ? [] : [`  ${workflowId}; how far it is: fermata go-live --status`]),
    ...runLines({ workflowId }),
    ...problems.map((problem) => `  ! ${problem}`),
    ...(ok ? [] : [`  kept safe: ${NOT_BEGUN.keptSafe}`, `  do this:   ${NOT_BEGUN.doThis}`]),
  ];
}

function statusLines({
  mode,
  granted,
  attempts,
  progress,
  approvers,
  needed,
  problems,
}: GoLiveShown): string[] {
  const inForce =
    granted === null
      ? 'no go-live is in force'
      : `live: ${granted.release}, step ${granted.step}, ${granted.size.maxPositionSizePct} % a position, ` +
        `${counted(granted.size.maxConcurrentPositions, 'position')}, approved by ${granted.approvedBy.join(' and ')}`;
  return [
    mode === 'paper' ? 'this desk trades paper money' : inForce,
    ...(progress === null ? [] : [`now: ${progress.phase}: ${progress.detail}`]),
    `approvals needed: ${needed}; approvers of the desk file: ${approvers.join(', ') || 'none'}`,
    ...attempts.map(
      ({ release, attempt, state, askedBy, detail, startedMs }) =>
        `${moment(startedMs)} ${release} attempt ${attempt}, asked by ${askedBy}: ${state}${detail === '' ? '' : `, ${detail}`}`,
    ),
    ...problems.map((problem) => `! ${problem}`),
  ];
}
