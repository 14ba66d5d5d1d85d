/**
 * A stop is never refused for how it is typed: extra words become its reason, and unreadable values are
 * ignored.
 */
import { type Command, Option } from 'commander';
import { ANY_REASON, TIMEOUT_SECONDS_MAX, type UrgentOptions, urgentOptions } from '../act-on-desk.js';
import { emergency, stopEach } from '../emergency.js';
import { chooseToStop } from '../running-desk.js';

const TIMEOUT_SECONDS = 20;

interface StopOptions {
  /** True: the option was given without a value. */
  readonly reason?: string | true;
  readonly desk?: string | true;
  readonly as?: string | true;
  readonly timeout?: string | true;
  readonly json?: boolean;
}

export function stopCommand(command: Command): void {
  command
    .argument('[words...]', 'why, as --reason')
    .option(...ANY_REASON)
    .option('--desk [name]', 'which desk; without it every desk that runs here')
    .option('--as [person]', 'who decides this: the signed-in person')
    .addOption(
      new Option('--timeout [seconds]', 'how long to wait for the proof').default(
        String(TIMEOUT_SECONDS),
        `${TIMEOUT_SECONDS}`,
      ),
    )
    .option('--json', 'for scripts')
    .allowUnknownOption()
    .action(async (words: readonly string[], { reason, desk, as, timeout, json }: StopOptions) => {
      const homes = await chooseToStop(desk);
      const options = {
        reason: [...(typeof reason === 'string' ? [reason] : []), ...words].join(' '),
        timeout: secondsIn(timeout),
        ...(typeof as === 'string' ? { as } : {}),
        ...(json === undefined ? {} : { json }),
      };
      process.exitCode = await (homes.length === 1 ? emergency('stop', options) : stopEach(homes, options));
      const unknown = words.filter((word) => word.startsWith('-'));
      if (unknown.length > 0)
        process.stderr.write(
          `! not known to stop: ${unknown.join(', ')}. It was taken as the reason; the desk of ${homes.join(' and of ')} was asked to stop.\n`,
        );
    });
}

function secondsIn(text: string | true | undefined): number {
  const seconds = Number(text);
  return seconds > 0 ? Math.min(seconds, TIMEOUT_SECONDS_MAX) : TIMEOUT_SECONDS;
}

/** Longer than the desk file's deadline, after which the trader escalates and names what is still open. */
const CLOSE_ALL_SECONDS = 60;

export function closeAllCommand(command: Command): void {
  urgentOptions(command, CLOSE_ALL_SECONDS).action(async (options: UrgentOptions) => {
    process.exitCode = await emergency('closeAll', options);
  });
}
