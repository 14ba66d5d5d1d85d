import type { Command } from 'commander';
import { isMissing } from '../../checks/read-monitor.js';
import { headline } from '../../domain/mode.js';
import { isChangedSince } from '../environment-file.js';
import { usageFailure } from '../failure.js';
import { monitorLines } from '../monitor-shown.js';
import { wholeNumber } from '../option-values.js';
import { coloured, printJson, printLines, sayingWhat } from '../output.js';
import { restartAll } from '../restart-all.js';
import { requireRuntime, supervisorOf } from '../running-desk.js';

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

/** Exit code 1 if something does not answer afterwards. */
async function all({ pause = PAUSE_SECONDS, json }: Options): Promise<void> {
  const { shown, problems, tookMs } = await sayingWhat(
    () => `everything ends in order, nothing runs for ${pause} s, then it is started and looked at`,
    restartAll(requireRuntime(), pause * 1_000),
  );
  if (problems.length > 0) process.exitCode = 1;
  if (json === true) return printJson({ healthy: problems.length === 0, problems, tookMs, ...shown });
  const tone = isMissing(shown.status) ? 'alarm' : headline(shown.status).tone;
  printLines(coloured(monitorLines(shown), tone));
  const took = `after ${Math.round(tookMs / 1_000)} s`;
  printLines(
    problems.length === 0
      ? [`✓ everything was started again, and answers ${took}`]
      : [`✗ started again, but not healthy ${took}: ${problems.join('; ')}`],
  );
}
