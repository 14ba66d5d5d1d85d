import type { Command } from 'commander';
import { homePaths } from '../../home/runtime.js';
import { aboutHolder, down, WAIT_DEFAULT_MS } from '../../supervisor/desk-end.js';
import { openActions } from '../../supervisor/open-actions.js';
import { CliFailure } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { printJson, printLines, sayingWhat } from '../output.js';
import { fermataHome, requireRuntime } from '../running-desk.js';

const TIMEOUT_SECONDS_MAX = 600;

interface Options {
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

async function end({ timeout, hurry, json }: Options): Promise<void> {
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
