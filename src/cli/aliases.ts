/**
 * A desk's own names for commands, as in its runbook: `aliases.yaml` in the desk's folder maps each name to
 * what would be typed after `fermata`. Aliases are looked up only if no command has that name, so none can
 * hide a command.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { type DeskFileError, foundText } from '../desk/problem.js';
import { DEFAULT_DESK, resolveDesk } from '../desk/resolve-desk.js';
import type { SchemaProblem } from '../desk/schema-problems.js';
import { parseYaml, readText } from '../desk/yaml-file.js';
import { isOfNoDesk } from '../domain/command-text.js';
import { counted } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';
import { desksHomes } from '../home/installation.js';
import { deskFolderOf } from '../home/runtime.js';
import { resolveStartedDesk, runtimeHere } from '../home/started-desks.js';
import { ALIASES } from '../pack/pack-folder.js';
import { usageWords } from './failure.js';
import { installationHome } from './running-desk.js';

/** The words that replace the name. */
export type Aliases = ReadonlyMap<string, readonly string[]>;

const ALIASES_FILE = { what: 'a file of names for commands', absent: 'make it readable, or remove it' };
const ALIASES_MAX = 200;
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;
const WORDS = z.string().min(1).max(500);

/**
 * `commands`: the names of our own commands. Empty if the folder has no aliases. Throws `DeskFileError`,
 * which lists every problem.
 */
export const readAliases = (deskFolder: string, commands: readonly string[]): Aliases =>
  readFileOf(deskFolder, commands)?.aliases ?? new Map();

/** A command that an alias may stand for. `load` adds its arguments, options and commands. */
export interface KnownCommand {
  readonly name: string;
  readonly load: () => Promise<(command: Command) => void>;
}

/**
 * The number of aliases. Also throws `DeskFileError` for what would be refused only once somebody types an alias: no such
 * command below its command, no such option, no such routine.
 */
export async function checkAliases(
  deskFolder: string,
  commands: readonly KnownCommand[],
  routines: readonly string[],
): Promise<number> {
  const read = readFileOf(
    deskFolder,
    commands.map(({ name }) => name),
  );
  if (read === null) return 0;
  const problems: SchemaProblem[] = [];
  for (const [alias, words] of read.aliases) {
    const wrong = await whenTyped(words, commands, routines);
    if (wrong !== null) problems.push(problem(alias, wrong.expected, wrong.found));
  }
  if (problems.length > 0) throw read.refuse(problems);
  return read.aliases.size;
}

interface AliasesFile {
  readonly aliases: Aliases;
  readonly refuse: (problems: readonly SchemaProblem[]) => DeskFileError;
}

/** Null: the folder has none. */
function readFileOf(deskFolder: string, commands: readonly string[]): AliasesFile | null {
  const file = join(deskFolder, ALIASES);
  if (!existsSync(file)) return null;
  const { data, refuse } = parseYaml(file, readText(file, ALIASES_FILE));
  const read = z.record(z.string(), z.unknown()).safeParse(data);
  const entries = Object.entries(read.data ?? {});
  if (!read.success || entries.length === 0 || entries.length > ALIASES_MAX) {
    const expected = `1 to ${ALIASES_MAX} names, each with the command that it stands for`;
    throw refuse([problem('', expected, read.success ? String(entries.length) : 'no names')]);
  }
  const problems = entries.flatMap(([name, words]) => problemsOf(name, words, commands));
  if (problems.length > 0) throw refuse(problems);
  return { aliases: new Map(entries.map(([name, words]) => [name, wordsOf(words as string)])), refuse };
}

type Wrong = Pick<SchemaProblem, 'expected' | 'found'>;

/** What the command would refuse. Null: nothing; what it lacks may be typed after the alias. */
async function whenTyped(
  [name = '', ...words]: readonly string[],
  commands: readonly KnownCommand[],
  routines: readonly string[],
): Promise<Wrong | null> {
  const whole = new Command(name);
  (await commands.find((one) => one.name === name)?.load())?.(whole);
  const [below, ...others] = words;
  if (whole.commands.length === 0) return withWords(whole, name, words, routines);
  if (below === undefined || HELP.has(below)) return null;
  const command = whole.commands.find((one) => one.name() === below);
  if (command !== undefined) return withWords(command, `${name} ${below}`, others, routines);
  const known = whole.commands.map((one) => one.name()).join(', ');
  return { expected: `one of the commands of ${name} (${known})`, found: below };
}

function withWords(
  command: Command,
  name: string,
  words: readonly string[],
  routines: readonly string[],
): Wrong | null {
  command.exitOverride().configureOutput({ writeErr: () => {} });
  const expected = `what \`fermata ${name}\` takes`;
  try {
    const { operands, unknown } = command.parseOptions([...words]);
    const [option] = unknown;
    if (option !== undefined) return HELP.has(option) ? null : { expected, found: `the option ${option}` };
    const taken = command.registeredArguments;
    if (operands.length > taken.length && taken.at(-1)?.variadic !== true)
      return { expected, found: counted(operands.length, 'argument') };
    const [routine] = operands;
    if (name !== 'run' || routine === undefined || routines.includes(routine)) return null;
    return { expected: `a routine of this desk (${routines.join(', ') || 'it has none'})`, found: routine };
  } catch (error) {
    return { expected, found: usageWords(messageOf(error), name) };
  }
}

const HELP: ReadonlySet<string> = new Set(['help', '--help', '-h']);

/** `typed` with an alias replaced by its command; unchanged if the first word is no alias. */
export function withoutAlias(typed: readonly string[], commands: readonly string[]): readonly string[] {
  const [first = '', ...rest] = typed;
  const name = basename(first);
  const { desk, others } = deskAmong(rest);
  for (const folder of foldersMeant(desk)) {
    const words = readAliases(folder, commands).get(name);
    // If the command takes no desk, `--desk` only said whose alias was meant.
    if (words !== undefined) return [...words, ...(isOfNoDesk(words.join(' ')) ? others : rest)];
  }
  return typed;
}

/** The value of `--desk`, and the other words. */
function deskAmong(rest: readonly string[]): {
  readonly desk: string | undefined;
  readonly others: readonly string[];
} {
  const at = rest.findIndex((word) => /^--desk(=|$)/.test(word));
  if (at < 0) return { desk: undefined, others: rest };
  const joined = rest[at]?.startsWith('--desk=') ? rest[at].slice('--desk='.length) : undefined;
  return { desk: joined ?? rest[at + 1], others: rest.toSpliced(at, joined === undefined ? 2 : 1) };
}

/**
 * The folder of the named desk. If none is named: the folders of all desks that were started here, or that of
 * the default desk.
 */
function foldersMeant(named: string | undefined): readonly string[] {
  if (named !== undefined) return [dirname(resolveStartedDesk(named))];
  const started = desksHomes(installationHome()).flatMap((home) => runtimeHere(home) ?? []);
  return started.length > 0 ? started.map(deskFolderOf) : [dirname(resolveDesk(DEFAULT_DESK))];
}

function problemsOf(name: string, words: unknown, commands: readonly string[]): readonly SchemaProblem[] {
  if (!NAME.test(name)) return [problem(name, 'letters, digits, _, . or -, at most 64', foundText(name))];
  if (commands.includes(name)) return [problem(name, 'a name that no command has', `the command ${name}`)];
  const [command = ''] = WORDS.safeParse(words).success ? wordsOf(words as string) : [];
  if (commands.includes(command)) return [];
  const expected = 'what is typed after `fermata`, such as: run weekly';
  return [problem(name, expected, command === '' ? foundText(words) : `no command ${command}`)];
}

/** Splits at white space; text between double quotes is one word. */
const wordsOf = (text: string): readonly string[] =>
  [...text.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);

const problem = (key: string, expected: string, found: string): SchemaProblem => ({
  ...{ path: key === '' ? [] : [key], key, expected, found },
  doThis: 'correct aliases.yaml of the desk, or remove the line; fermata desk check DESK reads it',
});
