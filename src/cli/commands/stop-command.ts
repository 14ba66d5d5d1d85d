/**
 * A stop is never refused for how it is typed: extra words become its reason, and unreadable values are
 * ignored.
 */
import { type Command, Option } from 'commander';
import { knownHomeOf } from '../../home/installation.js';
import { deskNamesIn, startedHomes } from '../../home/started-desks.js';
import { ANY_REASON, TIMEOUT_SECONDS_MAX, type UrgentOptions, urgentOptions } from '../act-on-desk.js';
import { CliFailure } from '../failure.js';
import {
  chooseDesk,
  chooseHome,
  fermataHome,
  installationHome,
  nameOf,
  notStarted,
  notStartedWords,
  runningOf,
} from '../running-desk.js';
import { type DesksToStop, emergency, stopEach } from '../stop-at-once.js';

const TIMEOUT_SECONDS = 20;

interface StopOptions {
  /** True: the option was given without a value. */
  readonly reason?: string | true;
  /** True: every desk that runs here. */
  readonly desk?: readonly string[] | true;
  readonly as?: string | true;
  readonly timeout?: string | true;
  readonly json?: boolean;
}

export function stopCommand(command: Command): void {
  command
    .argument('[words...]', 'why, as --reason')
    .option(...ANY_REASON)
    .addOption(
      new Option(
        '--desk [name]',
        'which desk, several times for several; without it all that run here',
      ).argParser(withDesk),
    )
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
      const asked = await desksToStop(namesOf(desk));
      const options = {
        reason: [...(typeof reason === 'string' ? [reason] : []), ...words].join(' '),
        timeout: secondsIn(timeout),
        ...(typeof as === 'string' ? { as } : {}),
        ...(json === undefined ? {} : { json }),
      };
      const isOne = asked.homes.length === 1 && asked.unknown.length === 0;
      process.exitCode = await (isOne ? emergency('stop', options) : stopEach(asked, options));
      const unknown = words.filter((word) => word.startsWith('-'));
      const [other] = namesOf(desk).filter((name) => !deskNamesIn(asked.homes).includes(name));
      // It stands for the only desk of this home: who meant another one has to know.
      if (isOne && other !== undefined && startedHomes(installationHome()).length > 0)
        process.stderr.write(`! ${notStartedWords([other], asked.homes)}, which was asked to stop\n`);
      if (unknown.length > 0)
        process.stderr.write(
          `! not known to stop: ${unknown.join(', ')}. It was taken as the reason; the desk of ${asked.homes.join(' and of ')} was asked to stop.\n`,
        );
    });
}

const namesOf = (desk: StopOptions['desk'] = []): readonly string[] =>
  desk === true ? [] : desk.map(nameOf);

/** An empty name, as of an unset variable, may stand for any desk: every one is stopped. */
function withDesk(name: string, before: StopOptions['desk'] = []): StopOptions['desk'] {
  return name.trim() === '' || before === true ? true : [...before, name];
}

/**
 * The desks to stop: those named, otherwise all that run, so that nobody has to name a desk in haste. If
 * certainly none runs, all that were ever started: each reports for itself. Throws if no name is of a desk.
 */
async function desksToStop(named: readonly string[] = []): Promise<DesksToStop> {
  const homes = startedHomes(installationHome());
  const [name, ...more] = new Set(named);
  if (name !== undefined && (more.length === 0 || homes.length === 0)) {
    await chooseDesk(name, 'where-several');
    return { homes: [fermataHome()], unknown: [] };
  }
  const toStop =
    name === undefined
      ? { homes: await runningAmong(homes), unknown: [] }
      : namedAmong(homes, [name, ...more]);
  chooseHome(toStop.homes.length === 1 ? (toStop.homes[0] ?? null) : null);
  return toStop.homes.length === 0 ? { ...toStop, homes: [fermataHome()] } : toStop;
}

async function runningAmong(homes: readonly string[]): Promise<readonly string[]> {
  const running = homes.length > 1 ? await runningOf(homes) : [];
  return running.length > 0 ? running : homes;
}

function namedAmong(homes: readonly string[], names: readonly string[]): DesksToStop {
  const homesOf = (desk: string) => {
    const home = knownHomeOf(installationHome(), desk);
    return home !== null && homes.includes(home) ? [home] : [];
  };
  const unknown = names.filter((desk) => homesOf(desk).length === 0);
  // If a single desk was started here, an unknown name stands for it, as where it is the only name.
  const meant = homes.length === 1 ? homes : [...new Set(names.flatMap(homesOf))];
  if (meant.length === 0) throw notStarted(unknown, homes);
  const keptSafe = `only ${deskNamesIn(meant).join(' and ')} ${meant.length === 1 ? 'was' : 'were'} asked to stop`;
  const doThis =
    'fermata desks lists what runs here; a desk of another FERMATA_HOME is stopped with that one';
  return {
    homes: meant,
    unknown: unknown.map((desk) => ({
      desk,
      failure: new CliFailure(notStartedWords([desk], homes), keptSafe, doThis),
    })),
  };
}

function secondsIn(text: string | true | undefined): number {
  const seconds = Number(text);
  return seconds > 0 ? Math.min(seconds, TIMEOUT_SECONDS_MAX) : TIMEOUT_SECONDS;
}

/** Longer than the desk file's deadline, after which the trader escalates and names what is still open. */
const CLOSE_ALL_SECONDS = 60;

interface CloseAllOptions extends UrgentOptions {
  readonly kill?: boolean;
}

export function closeAllCommand(command: Command): void {
  urgentOptions(command, CLOSE_ALL_SECONDS)
    .option(
      '--kill',
      'two approvers must resume, whatever the desk file says; if it names one, nobody can until it names another',
    )
    .action(async ({ kill, ...options }: CloseAllOptions) => {
      process.exitCode = await emergency(kill === true ? 'kill' : 'closeAll', options);
    });
}
