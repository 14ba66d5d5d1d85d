import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { askSupervisor } from '../../home/supervisor-protocol.js';
import { CliFailure } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { fermataHome } from '../running-desk.js';
import { supervisorRuns } from '../supervisor-runs.js';

const TIMEOUT_SECONDS = 60;
const TIMEOUT_SECONDS_MAX = 600;
const POLL_MS = 100;

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
      TIMEOUT_SECONDS,
    )
    .option('--hurry', 'as a second Ctrl-C: wait for nothing that can be left to the next start')
    .option('--json', 'for scripts')
    .action(async ({ timeout, hurry, json }: Options) => {
      const desk = await down(fermataHome(), hurry === true, timeout);
      if (json === true) {
        printJson({ desk, ended: true });
      } else {
        printLines([`✓ desk ${desk} has ended; positions and their stops are kept`]);
      }
    });
}

/** Resolves with the desk's name once its supervisor is gone, which is the last to go. */
async function down(home: string, hurry: boolean, timeoutSeconds: number): Promise<string> {
  if (!(await supervisorRuns(home))) {
    throw new CliFailure(
      `no desk runs with FERMATA_HOME ${home}`,
      'there was nothing to end',
      'run this in the folder where the desk was started, or set FERMATA_HOME',
    );
  }
  const { desk } = await askSupervisor(home, 'who', {});
  await askSupervisor(home, 'stop', { hurry });
  const untilMs = performance.now() + timeoutSeconds * 1000;
  while (performance.now() < untilMs) {
    if (!(await supervisorRuns(home))) {
      return desk;
    }
    await sleep(POLL_MS);
  }
  throw new CliFailure(
    `desk ${desk} has not ended within ${timeoutSeconds} s`,
    'it goes on ending; entries are cancelled first',
    'fermata logs shows what it waits for; ask again with a longer --timeout',
  );
}
