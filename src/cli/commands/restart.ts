/** Restarts one process of a desk or all of it, or ends it. */

import type { Command } from 'commander';
import { isMissing } from '../../checks/read-monitor.js';
import { headline } from '../../domain/mode.js';
import { homePaths } from '../../home/runtime.js';
import { aboutHolder, down, WAIT_DEFAULT_MS } from '../../supervisor/desk-end.js';
import { openActions } from '../../supervisor/ending.js';
import { isChangedSince } from '../environment-file.js';
import { CliFailure, usageFailure } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { coloured, printJson, printLines, sayingWhat } from '../output.js';
import { restartAll, type StartedAgain } from '../restart-all.js';
import { fermataHome, requireRuntime, supervisorOf } from '../running-desk.js';
import { monitorLines } from './monitor-command.js';

const ANSWER_MS = 120_000;
const PAUSE_SECONDS = 30;
const PAUSE_SECONDS_MAX = 3_600;

interface Options {
  readonly all?: boolean;
  readonly pause?: number;
  readonly json?: boolean;
}

export function restartCommand(command: Command): void {
  command
    .argument(
      '[process]',
      'trader, engine-worker, operations-worker, web, postgres, temporal, or the venue’s own program (gateway)',
      'trader',
    )
    .option(
      '--all',
      'everything: ended in order and started as before, with desk file and .env as they are now',
    )
    .option(
      '--pause <seconds>',
      `with --all: how long nothing runs in between (default: ${PAUSE_SECONDS})`,
      wholeNumber(0, PAUSE_SECONDS_MAX),
    )
    .option('--json', 'for scripts')
    .action(async (name: string, options: Options, { args }: Command) => {
      if (options.all !== true) return one(name, options);
      if (args.length > 0) throw usageFailure(`both --all and ${name} are given`, 'give one of them');
      return all(options);
    });
}

/**
 * A trader comes back HALTED: it replays its journal, reconciles with the venue, and resumes as the desk file
 * says.
 */
async function one(name: string, { pause, json }: Options): Promise<void> {
  if (pause !== undefined) throw usageFailure('--pause is given without --all', 'give both, or neither');
  const ask = supervisorOf(requireRuntime(), 'docker-compose restart bot');
  const status = await sayingWhat(
    () => `waiting until ${name} has ended in order and is ready again`,
    ask('restart', { name }, ANSWER_MS),
  );
  if (json === true) printJson(status);
  else printLines([`✓ ${name} was started again (process ${status.pid})`]);
  const { startedWallMs } = await ask('who', {}, ANSWER_MS);
  // Whoever has just put a new key there takes the old one away next.
  if (isChangedSince(process.cwd(), startedWallMs))
    process.stderr.write(
      `! .env was changed since the desk was started, and ${name} has what stood there then: fermata restart --all reads it\n`,
    );
}

async function all({ pause = PAUSE_SECONDS, json }: Options): Promise<void> {
  const again = restartAll(requireRuntime(), pause * 1_000);
  const what = `everything ends in order, nothing runs for ${pause} s, then it is started and looked at`;
  sayStartedAgain(await sayingWhat(() => what, again), json === true);
}

/** Exit code 1 if something does not answer. */
export function sayStartedAgain({ shown, problems, tookMs }: StartedAgain, json: boolean): void {
  if (problems.length > 0) process.exitCode = 1;
  if (json) {
    printJson({ healthy: problems.length === 0, problems, tookMs, ...shown });
    return;
  }
  const tone = isMissing(shown.status) ? 'alarm' : headline(shown.status).tone;
  printLines(coloured(monitorLines(shown), tone));
  const took = `after ${Math.round(tookMs / 1_000)} s`;
  printLines(
    problems.length === 0
      ? [`✓ everything was started again, and answers ${took}`]
      : [`✗ started again, but not healthy ${took}: ${problems.join('; ')}`],
  );
}

const TIMEOUT_SECONDS_MAX = 600;

interface DownOptions {
  readonly timeout: number;
  readonly hurry?: boolean;
  readonly json?: boolean;
}

export function downCommand(command: Command): void {
  command
    .option(
      '--timeout <seconds>',
      'how long to wait for the end',
      wholeNumber(1, TIMEOUT_SECONDS_MAX),
      WAIT_DEFAULT_MS / 1000,
    )
    .option('--hurry', 'like a second Ctrl-C: wait for nothing that the next start can do')
    .option('--json', 'for scripts')
    .action(end);
}

async function end({ timeout, hurry, json }: DownOptions): Promise<void> {
  const home = fermataHome();
  const outcome = await sayingWhat(
    () => `waiting for the end in order, at most ${timeout} s: entries first, then each process`,
    down(home, { hurry: hurry === true, waitMs: timeout * 1000 }),
  );
  if (outcome.kind === 'not-running') {
    throw new CliFailure(
      `desk ${requireRuntime(home).desk} has ended already: none of its processes runs`,
      'there was nothing to end',
      'fermata desks lists what runs here; a desk that was started elsewhere is ended in that folder, or with its FERMATA_HOME',
    );
  }
  if (outcome.kind === 'unanswered') {
    throw new CliFailure(
      `the supervisor of the desk in ${home} does not answer; still running: ${outcome.left.join(', ') || 'what its traces do not name'}`,
      'nothing was ended: what still runs goes on as it was',
      `fermata stop halts it; ${outcome.heldBy ? aboutHolder(outcome.heldBy) : 'fermata up ends what is left and starts again'}`,
    );
  }
  if (outcome.kind === 'still-running') {
    throw new CliFailure(
      `the desk (process ${outcome.pid}) has not ended within ${timeout} s`,
      'it goes on ending; entries are cancelled first',
      'fermata logs shows what it waits for; ask again with a longer --timeout, or with --hurry',
    );
  }
  const open = await openActions(homePaths(home).ownActions);
  if (json === true) {
    printJson({ ended: true, goesOn: open });
  } else {
    printLines([
      '✓ the desk has ended; positions and their stops are kept',
      ...open.map((action) => `! an action of the desk’s own folder goes on: ${action}`),
    ]);
  }
}
