/**
 * A desk's own names for commands, as in its runbook: `aliases.yaml` in the desk's folder maps each name to
 * what would be typed after `fermata`. Aliases are looked up only if no command has that name, so none can
 * hide a command.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { foundText } from '../desk/problem.js';
import { DEFAULT_DESK, resolveDesk } from '../desk/resolve-desk.js';
import type { SchemaProblem } from '../desk/schema-problems.js';
import { parseYaml, readText } from '../desk/yaml-file.js';
import { isOfNoDesk } from '../domain/command-text.js';
import { desksHomes } from '../home/installation.js';
import { deskFolderOf } from '../home/runtime.js';
import { resolveStartedDesk, runtimeHere } from '../home/started-desks.js';
import { ALIASES } from '../pack/pack-folder.js';
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
export function readAliases(deskFolder: string, commands: readonly string[]): Aliases {
  const file = join(deskFolder, ALIASES);
  if (!existsSync(file)) return new Map();
  const { data, refuse } = parseYaml(file, readText(file, ALIASES_FILE));
  const read = z.record(z.string(), z.unknown()).safeParse(data);
  const entries = Object.entries(read.data ?? {});
  if (!read.success || entries.length === 0 || entries.length > ALIASES_MAX) {
    const expected = `1 to ${ALIASES_MAX} names, each with the command that it stands for`;
    throw refuse([problem('', expected, read.success ? String(entries.length) : 'no names')]);
  }
  const problems = entries.flatMap(([name, words]) => problemsOf(name, words, commands));
  if (problems.length > 0) throw refuse(problems);
  return new Map(entries.map(([name, words]) => [name, wordsOf(words as string)]));
}

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
