/** What stop, close-all, resume and run share: options, the deadline, and how the outcome is shown. */
import type { Command } from 'commander';
import { REASON_LENGTH_MAX } from '../domain/plain-text.js';
import { runAddressAt } from '../home/started-desks.js';
import { type OperationResult, TO_DO } from '../operations/operation.js';
import { CliFailure, EXIT_FAILED, EXIT_OK } from './failure.js';
import { textOf, wholeNumber } from './option-values.js';
import { printJson, printLines } from './output.js';
import { fermataHome } from './running-desk.js';

export interface ActOptions {
  readonly reason: string;
  readonly as?: string;
  /** Time limit in seconds. */
  readonly timeout: number;
  readonly json?: boolean;
}

/** Options of commands that don't wait for a reason. */
export interface UrgentOptions extends Omit<ActOptions, 'reason'> {
  /** True: the option was given without a value. */
  readonly reason?: string | true;
}

export const TIMEOUT_SECONDS_MAX = 3600;
/** The trader's own limit on a reason's length. */
export const reasonText = textOf(REASON_LENGTH_MAX);
export const ANY_REASON = [
  '--reason [text]',
  'why; stored with the evidence. Without one a task asks for it afterwards',
] as const;

export function actOptions(command: Command, timeoutSeconds: number): Command {
  return deadlineOptions(
    command.requiredOption('--reason <text>', 'why; stored with the evidence', reasonText),
    timeoutSeconds,
  );
}

/** For commands where no task asks for a missing reason. */
export const REASON_IF_ANY = ['--reason [text]', 'why; stored with the evidence'] as const;

/** Speed matters more than the reason here. */
export function urgentOptions(
  command: Command,
  timeoutSeconds: number,
  reason: readonly [string, string] = ANY_REASON,
): Command {
  return deadlineOptions(command.option(...reason), timeoutSeconds);
}

function deadlineOptions(command: Command, timeoutSeconds: number): Command {
  return command
    .option('--as <person>', 'who decides this: the signed-in person')
    .option(
      '--timeout <seconds>',
      'how long to wait for the proof',
      wholeNumber(1, TIMEOUT_SECONDS_MAX),
      timeoutSeconds,
    )
    .option('--json', 'for scripts');
}

/** Rejects with `late` if `work` has not ended after `seconds`; `work` itself goes on. */
export async function withinSeconds<T>(seconds: number, work: Promise<T>, late: CliFailure): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const lateness = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late), seconds * 1000);
  });
  try {
    return await Promise.race([work, lateness]);
  } finally {
    clearTimeout(timer);
  }
}

export function notProvenInTime(what: string, seconds: number): CliFailure {
  return new CliFailure(
    `${what} was not proven within ${seconds} s`,
    'what was asked for is not taken back: the desk goes on with it',
    'fermata status shows how far it is; ask again with a longer --timeout',
  );
}

/**
 * Adds the run's address in Temporal's UI, for scripts as well as people. Null: there is no run, or no
 * Temporal UI behind our sign-in.
 */
export function withRun<T extends { readonly workflowId: string | null }>(
  outcome: T,
  home: string = fermataHome(),
): T & { readonly run: string | null } {
  const { workflowId } = outcome;
  return { ...outcome, run: workflowId === null ? null : runAddressAt(home, workflowId) };
}

export function runLines(outcome: { readonly workflowId: string | null }, home?: string): string[] {
  const { run } = withRun(outcome, home);
  return run === null ? [] : [`  read it:   ${run}`];
}

export const ASK_AGAIN = 'look at fermata status, and ask again once the cause is gone';

interface Shown {
  readonly home?: string;
  /** What helps if the outcome is not proven and does not say so itself. */
  readonly doThis?: string;
  /** What a refusal has kept safe. */
  readonly keptSafe?: string;
  /** The mark of what was taken and is not proven yet, where nothing is wrong with that. Left out: ✗. */
  readonly underWay?: '!';
}

/** A refusal in the form of every error. Null: it was carried out, or is under way. */
function refusalOf(
  { ok, workflowId, detail }: OperationResult,
  { doThis = ASK_AGAIN, keptSafe = 'nothing was changed' }: Shown,
): { readonly detail: string; readonly keptSafe: string; readonly doThis: string } | null {
  if (ok || workflowId !== null) return null;
  // The trader knows better what helps against its own refusal.
  const [said = '', toDo = doThis] = detail.split(TO_DO);
  return { detail: said.replace(/^Nothing was changed: /, ''), keptSafe, doThis: toDo };
}

/** For scripts. A refusal includes what was kept safe and what to do, like every error. */
export const outcomeJson = (outcome: OperationResult, shown: Shown = {}) => ({
  ...withRun(outcome, shown.home),
  ...refusalOf(outcome, shown),
});

/** Returns exit code 0 only if the outcome is proven. `doThis`: what helps if it is not. */
export function showOutcome(
  what: string,
  outcome: OperationResult,
  json: boolean,
  doThis: string = ASK_AGAIN,
  underWay?: '!',
): number {
  if (json) {
    printJson(outcomeJson(outcome, { doThis }));
  } else {
    printLines(outcomeLines(what, outcome, { doThis, ...(underWay && { underWay }) }));
  }
  return exitCodeOf(outcome);
}

export const exitCodeOf = ({ ok, proven }: OperationResult): number => (ok && proven ? EXIT_OK : EXIT_FAILED);

export function outcomeLines(what: string, outcome: OperationResult, shown: Shown = {}): string[] {
  const { home, doThis = ASK_AGAIN } = shown;
  const { detail } = outcome;
  const isProven = outcome.ok && outcome.proven;
  const refusal = refusalOf(outcome, shown);
  const head =
    refusal === null
      ? `${isProven ? '✓' : (shown.underWay ?? '✗')} ${what}: ${isProven ? 'proven' : 'NOT proven'} (${detail})`
      : `✗ ${what}: not done: ${refusal.detail}`;
  const ids = [
    ...(outcome.haltId === null ? [] : [`halt ${outcome.haltId}`]),
    ...(outcome.workflowId === null ? [] : [`workflow ${outcome.workflowId}`]),
  ];
  return [
    head,
    ...(ids.length === 0 ? [] : [`  ${ids.join(', ')}`]),
    ...runLines(outcome, home),
    ...outcome.problems.map((problem) => `  ! ${problem}`),
    ...(refusal === null ? [] : [`  kept safe: ${refusal.keptSafe}`]),
    ...(isProven ? [] : [`  do this:   ${refusal?.doThis ?? doThis}`]),
  ];
}
