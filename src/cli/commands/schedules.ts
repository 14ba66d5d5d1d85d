import type { Command } from 'commander';
import { moment } from '../../domain/moment.js';
import { OPERATOR } from '../../domain/people-roles.js';
import type { Runtime } from '../../home/runtime.js';
import { askSupervisor } from '../../home/supervisor-protocol.js';
import type { RoutineOutcome, ScheduledRun } from '../../operations/run-routine.js';
import { loadDesk } from '../../venue/load-desk.js';
import { showOutcome, withinSeconds } from '../act-on-desk.js';
import { actingPerson } from '../desk-person.js';
import { CliFailure, usageFailure } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { printJson, printLines, stepLine } from '../output.js';
import { unlessGone, withOperations } from '../running-desk.js';

export function schedulesCommand(command: Command): void {
  command.option('--json', 'for scripts').action(async ({ json }: { json?: boolean }) => {
    const schedules = await withOperations((operations) => operations.listSchedules());
    if (json === true) {
      printJson(schedules);
    } else {
      printLines(schedules.length === 0 ? ['nothing is scheduled'] : schedules.flatMap(scheduleLines));
    }
  });
}

const NOT_DUE = {
  timed: 'none due',
  trades: 'after its trades',
  start: 'at each start',
  asked: 'when somebody runs it',
} as const;

/** A due time that it missed since its last run has a line of its own. */
export function scheduleLines(schedule: ScheduledRun): readonly string[] {
  const { routine, title, when, paused, note, clock, nextMarketMs, byTrades, missed } = schedule;
  const known = [
    ...(nextMarketMs === null ? [] : [`${timeText(nextMarketMs)} ${clock} time`]),
    ...(byTrades === null ? [] : [`after trade ${byTrades.next} (${byTrades.next - byTrades.closed} more)`]),
  ];
  const due = known.join(', ') || NOT_DUE[when];
  const next = paused ? `paused${note === '' ? '' : `: ${note}`}` : due;
  return [
    `${routine.padEnd(16)} ${next.padEnd(34)} ${lastRun(schedule).padEnd(34)} ${title}`,
    ...(missed === null ? [] : [`${' '.repeat(17)}missed ${timeText(missed.nominalMs)}: ${missed.reason}`]),
  ];
}

function lastRun({ known, last }: ScheduledRun): string {
  if (!known) return 'last run not known: no database';
  return last === null ? 'never ran' : `last ${timeText(last.nominalMs)} ${last.verdict ?? 'running'}`;
}

function timeText(ms: number): string {
  return moment(ms);
}

const TIMEOUT_SECONDS = 300;
const TIMEOUT_SECONDS_MAX = 3600;

interface Options {
  readonly as?: string;
  readonly timeout: number;
  readonly json?: boolean;
}

export function runCommand(command: Command): void {
  command
    .argument('<routine>', 'name of a routine of the desk file')
    .option('--as <person>', 'who asks for it: the signed-in person')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber(1, TIMEOUT_SECONDS_MAX), TIMEOUT_SECONDS)
    .option('--json', 'for scripts')
    .action(async (name: string, { as, timeout, json }: Options) => {
      process.exitCode = await withOperations(async (operations, runtime) => {
        const caller = { person: actingPerson(runtime, OPERATOR, as), via: 'cli' } as const;
        requireRoutine(runtime, name);
        const ending = await endingDesk(runtime, `routine ${name} was not run`);
        if (ending !== null) throw ending;
        const run = unlessGone(operations.runRoutine(caller, { name }), () =>
          endingDesk(runtime, `routine ${name} goes on once the desk runs again, if it was begun`),
        );
        const outcome = await withinSeconds(timeout, run, noVerdictYet(name, timeout));
        if (json !== true) printLines(outcome.steps.map(stepLine));
        return showOutcome(`routine ${name}`, outcome, json === true, whatHelps(outcome));
      }, `routine ${name}, at most ${timeout} s; it goes on without this command`);
    });
}

const VERDICT_LATER = 'fermata schedules shows its verdict once there is one; do not run it again before';

const noVerdictYet = (name: string, seconds: number): CliFailure =>
  new CliFailure(
    `routine ${name} has no verdict after ${seconds} s`,
    'it goes on without this command',
    VERDICT_LATER,
  );

/** Undefined: there is no run, so it can be requested again. */
function whatHelps({ workflowId, verdict }: RoutineOutcome): string | undefined {
  if (workflowId === null) return undefined;
  return verdict === null
    ? VERDICT_LATER
    : 'look at what failed above; what the desk does now: fermata status';
}

/** A wrong name is a usage error: nothing is tried. */
function requireRoutine(runtime: Runtime, name: string): void {
  const names = loadDesk(runtime.deskFile).desk.routines.map((routine) => routine.name);
  if (names.includes(name)) return;
  throw usageFailure(`the desk file has no routine ${name}`, `name one of: ${names.join(', ') || 'none'}`);
}

/**
 * What a command reports at once, instead of waiting, if the desk is ending or about to restart: until it has
 * started again, its workers continue nothing. Null: it is not ending, or no supervisor says so.
 */
async function endingDesk(
  { home, desk }: Pick<Runtime, 'home' | 'desk'>,
  keptSafe: string,
): Promise<CliFailure | null> {
  const supervisor = await askSupervisor(home, 'who', {}).catch(() => null);
  if (supervisor?.phase !== 'stopping') return null;
  return new CliFailure(
    `desk ${desk} is ending`,
    keptSafe,
    'once it runs again (fermata up): fermata schedules',
  );
}
