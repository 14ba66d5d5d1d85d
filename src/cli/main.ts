/** The command line: finds the command, runs it, and reports every failure in one form. */

import { fstatSync, readFileSync } from 'node:fs';
import { Command, CommanderError, type Option } from 'commander';
import { closestName } from '../desk/typed-names.js';
import { mapStacks } from '../home/mapped-stacks.js';
import { COMMANDS, type CommandEntry } from './command-table.js';
import { readEnvironmentFile } from './environment-file.js';
import { EXIT_FAILED, EXIT_OK, missingWords, usageFailure, usageWords } from './failure.js';
import { printFailure } from './output.js';
import { writeWhole } from './output-file.js';

/**
 * `argv`: without the names of node and of this program. Resolves with the exit code; never rejects. The
 * caller then ends the process: a connection that hangs or retries must not keep a command from ending.
 */
export async function main(argv: readonly string[]): Promise<number> {
  mapStacks();
  process.stdout.on('error', onLostOutput);
  // Nobody reads what the command says about itself: it goes on, and its exit code says how it ended.
  process.stderr.on('error', () => undefined);
  writeFilesWhole();
  await run(argv);
  await Promise.all([process.stdout, process.stderr].map(written));
  // The error event comes a moment after the write; this process may end before that.
  if (process.stdout.errored) onLostOutput(process.stdout.errored);
  return Number(process.exitCode ?? EXIT_OK);
}

/**
 * Into a file, Node writes a text once and takes a part of it for the whole: on a disk that becomes full the rest was
 * missing, with exit code 0.
 */
function writeFilesWhole(): void {
  const { fd } = process.stdout;
  if (!fstatSync(fd).isFile()) return;
  process.stdout._write = (chunk: Buffer, _encoding, done) => {
    try {
      writeWhole(fd, chunk);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}

/**
 * A pipe buffers 64 KiB and accepts the rest only as it is read: ending the process earlier would truncate
 * the output.
 */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0 || stream.errored) resolve();
    else stream.write('', () => resolve());
  });
}

/**
 * `fermata journal | head`: the reader has seen enough. A full disk is different: the output is truncated.
 */
function onLostOutput({ code, message }: NodeJS.ErrnoException): never {
  // Once the command has ended, its exit code says how.
  const ended = Number(process.exitCode ?? EXIT_OK);
  if (code === 'EPIPE') process.exit(ended);
  process.stderr.write(`✗ The output could not be written whole: ${message}\n`);
  process.exit(ended === EXIT_OK ? EXIT_FAILED : ended);
}

/**
 * For a checkout, before it is rebuilt: whether `fermata up` is refused because its desk runs, which it then
 * prints.
 */
export const refusedUp = async (argv: readonly string[]): Promise<boolean> =>
  (await import('./commands/up-command.js')).refusedUp(deskBehind(argv));

async function run(argv: readonly string[]): Promise<void> {
  // `help stop` means `stop --help`.
  const given = idBehind(deskBehind(argv));
  const asked = given[0] === 'help' ? [...given.slice(1), '--help'] : given;
  let typed = asked;
  let commands: readonly Command[] = [];
  try {
    readEnvironmentFile(process.cwd());
    const meant = await withoutAliases(asked);
    const program = await programFor(meant);
    commands = program.commands;
    const options = commands.find((command) => command.name() === meant[0])?.options ?? [];
    typed = withKeptByNpm(meant, options);
    await program.parseAsync([...typed], { from: 'user' });
  } catch (error) {
    const failure = error instanceof CommanderError ? usageOf(error, typedCommand(typed, commands)) : error;
    if (failure !== null) process.exitCode = printFailure(failure, typed.includes('--json'));
  }
}

/** `--desk NAME` may come before the command, as in our own messages, which put it before any command. */
function deskBehind(argv: readonly string[]): readonly string[] {
  const taken = wordsOfDesks(argv);
  const [desks, command] = [argv.slice(0, taken), argv.slice(taken)];
  const end = command.indexOf('--');
  return end < 0 ? [...command, ...desks] : command.toSpliced(end, 0, ...desks);
}

/** How many words at the beginning name desks. */
function wordsOfDesks(argv: readonly string[]): number {
  const words = argv[0] === '--desk' && argv.length > 1 ? 2 : argv[0]?.startsWith('--desk=') ? 1 : 0;
  return words === 0 ? 0 : words + wordsOfDesks(argv.slice(words));
}

const DASHED_ID = /^-[\w-]{15}$/;

/** One incident in 64 has an id that begins with a dash, which would be parsed as an option. */
function idBehind(argv: readonly string[]): readonly string[] {
  if (!/^incidents?$/.test(argv[0] ?? '') || argv.includes('--')) return argv;
  const at = argv.findIndex((word) => DASHED_ID.test(word));
  return at < 0 ? argv : [...argv.toSpliced(at, 1), '--', argv[at] ?? ''];
}

/** The desk's aliases are read only if no command has that name: no command waits for them. */
async function withoutAliases(asked: readonly string[]): Promise<readonly string[]> {
  const [first] = asked;
  const commands = COMMANDS.map(({ name }) => name);
  if (first === undefined || first.startsWith('-') || commands.includes(first)) return asked;
  return (await import('./aliases.js')).withoutAlias(asked, commands);
}

/** Loads only the code of the given command; for the others, name and summary are enough. */
async function programFor(argv: readonly string[]): Promise<Command> {
  const [asked] = argv;
  const entry = COMMANDS.find((command) => command.name === asked);
  if (asked !== undefined && entry === undefined && !asked.startsWith('-')) throw unknownCommand(asked);
  const program = new Command('fermata')
    .description('Runs a trading desk: a real-time engine, and its runbook as durable routines.')
    .version(ownVersion(), '-V, --version')
    .helpCommand(false)
    .addHelpText(
      'after',
      '\nfermata help COMMAND lists its options. Kept below FERMATA_HOME (default: .fermata in the working folder).',
    )
    .action(() => program.help());
  for (const command of COMMANDS) {
    const { name, summary, group } = command;
    const added = program.command(name).summary(summary).description(summary).helpGroup(`${group}:`);
    quiet(added);
    if (command === entry) await configure(added, command);
  }
  quiet(program);
  return program;
}

async function configure(command: Command, entry: CommandEntry): Promise<void> {
  const configureCommand = await entry.load();
  configureCommand(command);
  for (const nested of command.commands) quiet(nested);
  if (entry.forSeveralDesks !== true)
    for (const one of [command, ...command.commands]) refuseSeveralDesks(one);
}

/** The option parser would take the last name and leave the others out silently. */
function refuseSeveralDesks(command: Command): void {
  let named: string | null = null;
  command.on('option:desk', (name: string) => {
    if (named !== null && named !== name)
      throw usageFailure(
        `--desk: expected one desk; found ${named} and ${name}`,
        'give the command once for each of them; only fermata stop takes several',
      );
    named = name;
  });
}

/**
 * Minimum width of a description, which is wrapped: with commander's own 40, long names push it past the
 * edge.
 */
const DESCRIBED = 24;

/** Keeps commander from printing errors and ending the process: both are done here. */
function quiet(command: Command): void {
  command
    .exitOverride((error) => {
      throw MISSING.test(error.code) ? withAllMissing(error, command) : error;
    })
    .configureOutput({ writeErr: () => {} })
    .configureHelp({ minWidthToWrap: DESCRIBED });
}

const MISSING = /^commander\.missing(Argument|MandatoryOptionValue)$/;

/** Commander stops at the first missing one, and reports the next only on the next try. */
function withAllMissing({ exitCode, code }: CommanderError, command: Command): CommanderError {
  const missing = [
    ...command.registeredArguments.filter(({ required }, at) => required && command.args[at] === undefined),
    ...command.options.filter(
      (option) => option.mandatory && command.getOptionValue(option.attributeName()) === undefined,
    ),
  ].map((one) => ('flags' in one ? one.flags : `<${one.name()}>`));
  return new CommanderError(exitCode, code, missingWords(missing));
}

/** Null: nothing is wrong. Help and version also end with a CommanderError. */
function usageOf(error: CommanderError, command: string): Error | null {
  if (error.exitCode === EXIT_OK) return null;
  // Help for the exact command: the help on `position` does not list the options of `position close`.
  const see = `see: fermata ${command === '' ? '--help' : `help ${command}`}`;
  if (error.code === 'commander.help') return usageFailure('a command is missing', see);
  const meant = error.code === 'commander.excessArguments' ? MEANT_WITH_MORE.get(command) : undefined;
  const [message = '', suggestion] = error.message.split('\n');
  // If there are several suggestions, none is near enough: the help lists everything.
  const hint = suggestion?.match(/Did you mean ([^ ]+)\?/)?.[1];
  return usageFailure(usageWords(message, command), hint === undefined ? (meant ?? see) : `write ${hint}`);
}

/** What somebody wants who gives this command more than it takes. */
const MEANT_WITH_MORE: ReadonlyMap<string, string> = new Map([
  [
    'close-all',
    'for one position: fermata position close SYMBOL; for all: fermata close-all, without a symbol',
  ],
]);

/** `position close`; empty: there is no such command. */
function typedCommand([name, nested]: readonly string[], commands: readonly Command[]): string {
  const named = (one: Command, by: string | undefined): boolean => one.name() === by;
  const command = commands.find((one) => named(one, name));
  if (command === undefined) return '';
  return command.commands.some((one) => named(one, nested)) ? `${name} ${nested}` : command.name();
}

/**
 * Words that people know from elsewhere, and the command that does what they mean: nobody looks it up at
 * night.
 */
const MEANT: ReadonlyMap<string, string> = new Map([
  ...['halt', 'pause', 'panic', 'freeze'].map((word) => [word, 'stop'] as const),
  ['kill', 'stop, which keeps positions, or: fermata close-all --kill'],
  ...['flat', 'flatten', 'liquidate'].map((word) => [word, 'close-all'] as const),
  ...['unhalt', 'continue', 'arm'].map((word) => [word, 'resume'] as const),
  ...['why', 'explain', 'positions', 'orders'].map((word) => [word, 'status'] as const),
  ...[['start', 'up'] as const, ['quit', 'down'] as const, ['people', 'person list'] as const],
]);

function unknownCommand(asked: string): Error {
  const near =
    MEANT.get(asked) ??
    closestName(
      asked,
      COMMANDS.map((command) => command.name),
    );
  return usageFailure(
    `there is no command ${asked}`,
    near === null ? 'see: fermata --help' : `fermata ${near}`,
  );
}

function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

type OptionShape = Pick<Option, 'long' | 'flags' | 'required'>;

/**
 * `npm start --port 0`: npm keeps options before a `--` for itself and puts them into the environment.
 * Returns the arguments as typed, including the options that npm kept, so that none is silently lost. Throws
 * if it is uncertain which value belongs to which option.
 */
function withKeptByNpm(
  argv: readonly string[],
  options: readonly OptionShape[],
  env: NodeJS.ProcessEnv = process.env,
): readonly string[] {
  if (env.npm_lifecycle_event !== 'start' || env.npm_command !== 'start') return argv;
  const kept = options.flatMap(({ long, flags, required }) => {
    const name = long?.slice(2) ?? '';
    const value = env[`npm_config_${name.replaceAll('-', '_')}`];
    return name === '' || value === undefined ? [] : [{ name, flags, valued: required, value }];
  });
  if (kept.length === 0) return argv;
  const [command = '', ...rest] = argv;
  // Typed with a space: npm took the option for a switch and passed on only its value.
  const bare = kept.filter(({ valued, value }) => valued && value === 'true');
  const loose = rest.filter((word) => !word.startsWith('-'));
  // If one is given more than once, npm reports only one value.
  const several = kept.some(({ name }) => name === 'data');
  if (bare.length > 1 || (bare.length === 1 && loose.length !== 1) || several) {
    const [one] = kept;
    throw usageFailure(
      `npm kept ${kept.map(({ name }) => `--${name}`).join(', ')} to itself, and nobody can tell with which values`,
      `put -- before the options: npm start -- ${one?.flags ?? ''}`,
    );
  }
  const given = kept.flatMap(({ name, valued, value }) => {
    if (!valued) return [`--${name}`];
    return [`--${name}`, value === 'true' ? (loose[0] ?? '') : value];
  });
  return [command, ...rest.filter((word) => bare.length === 0 || word !== loose[0]), ...given];
}
