/** What screens, messages and pages tell people to type is what the option parser takes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import { beforeAll, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.js';
import { OF_NO_DESK } from '../../src/domain/command-text.js';

const ROOT = join(import.meta.dirname, '../..');
const FOLDERS = ['src', 'dashboard/src', 'docs', 'README.md'];
/** What follows `fermata` there is no command: a name that something is signed or sealed for, or a title. */
const NO_COMMANDS =
  /fermata (vote (passkey )?1|sealed archive 1|archive \$|telegram (test|link 1|code 1)|validation report|sign-in link|passkey 1|passkey owner 1|command-line session|chat vote|keeps this)/g;

const commands = new Map<string, Command>();
beforeAll(async () => {
  for (const { name, load } of COMMANDS) {
    const command = new Command(name);
    (await load())(command);
    commands.set(name, command);
  }
});

interface Printed {
  readonly place: string;
  readonly words: readonly string[];
}

/** Also over the end of a line, as prose and JSX break it. The page puts what stands before a command there by `typed`. */
function printedIn(file: string): Printed[] {
  const text = readFileSync(file, 'utf8')
    .replaceAll(NO_COMMANDS, '')
    .replaceAll(/\btyped\(['`]/g, '(fermata ');
  const found = text.matchAll(
    /(?<![\w/@.{-])(?<!--namespace )(?<!-F _fermata )(?:npx )?fermata ((?:[a-z][a-z-]*|--[a-z][a-z-]*)(?: [^\s`'"<>;,|)]+)*)/g,
  );
  return [...found].map(([, words = '']) => ({
    place: relative(ROOT, file),
    words: words.split(' ').map((word) => word.replace(/[.:]$/, '')),
  }));
}

function problemOf([name = '', ...rest]: readonly string[]): string | null {
  if (name === 'help') return problemOf(rest);
  if (name.startsWith('--')) return ['--help', '--version'].includes(name) ? null : `no option ${name}`;
  const command = commands.get(name);
  if (command === undefined) return name === 'COMMAND' ? null : `no command ${name}`;
  const nested = command.commands.find((one) => one.name() === rest[0]);
  if (command.commands.length > 0 && nested === undefined && rest[0] !== undefined && /^[a-z]/.test(rest[0]))
    return `no command ${name} ${rest[0]}`;
  const known = [...(nested ?? command).options, ...command.options].flatMap(({ long, short }) => [
    long,
    short,
  ]);
  const unknown = rest
    .map((word) => word.replace(/[=.:\]].*$/, ''))
    .filter((word, at) =>
      /^-/.test(word) ? word !== '--help' && !known.includes(word) : at === 0 && known.includes(`--${word}`),
    );
  return unknown.length === 0 ? null : `${name} has no option ${unknown.join(', ')}`;
}

/** What is needed and not there, of a command that is given with its arguments; without them it is only spoken of. */
function missingIn([name = '', ...rest]: readonly string[]): string | null {
  const command = commands.get(name);
  if (command === undefined) return null;
  const nested = command.commands.find((one) => one.name() === rest[0]);
  const given = nested === undefined ? rest : rest.slice(1);
  const named = given.findIndex((word) => word.startsWith('-'));
  const { registeredArguments, options } = nested ?? command;
  const needed = registeredArguments.filter(({ required }) => required).length;
  if (given.length === 0 || (named < 0 ? given.length : named) < needed) return null;
  const missing = options.filter(({ mandatory, long }) => mandatory && !given.includes(long ?? ''));
  return missing.length === 0 ? null : `needs ${missing.map(({ flags }) => flags).join(' and ')}`;
}

it('what somebody who was woken, or goes live, is to type has everything that it needs', () => {
  const printed = ['WOKEN.md', 'GO_LIVE.md'].flatMap((name) => printedIn(join(ROOT, 'docs', name)));
  expect(printed.length).toBeGreaterThan(60);
  const wrong = printed.flatMap(({ place, words }) => {
    const missing = missingIn(words);
    return missing === null ? [] : [`${place}: fermata ${words.join(' ')}: ${missing}`];
  });
  expect(wrong).toEqual([]);
});

it('every command takes --desk, but for those that are about none', () => {
  const leaves = [...commands.values()].flatMap((command) =>
    command.commands.length === 0
      ? [{ words: command.name(), options: command.options }]
      : command.commands.map((one) => ({
          words: `${command.name()} ${one.name()}`,
          options: [...one.options, ...command.options],
        })),
  );
  const without = leaves.filter(({ options }) => !options.some(({ long }) => long === '--desk'));
  // What is to be checked is named behind it: where a command is printed, nothing is added to that.
  const namedOtherwise = ['help', 'desk check'];
  expect([...without.map(({ words }) => words), ...namedOtherwise].sort()).toEqual([...OF_NO_DESK].sort());
});

it('every command that is printed or documented is one, with options that it has', () => {
  const files = FOLDERS.flatMap((folder) =>
    folder.endsWith('.md')
      ? [join(ROOT, folder)]
      : readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
          .filter((name) => /\.(tsx?|md)$/.test(name) && !name.startsWith('design/'))
          .map((name) => join(ROOT, folder, name)),
  );
  const printed = files.flatMap(printedIn);
  expect(printed.length).toBeGreaterThan(150);
  const wrong = printed.flatMap(({ place, words }) => {
    const problem = problemOf(words);
    return problem === null ? [] : [`${place}: fermata ${words.join(' ')}: ${problem}`];
  });
  expect(wrong).toEqual([]);
  // How it is typed is known where the desk was started, and nowhere else.
  const ofPrograms = files.filter((file) => /\.tsx?$/.test(file) && !file.endsWith('desk-in-process.ts'));
  expect(ofPrograms.filter((file) => readFileSync(file, 'utf8').includes('npx fermata'))).toEqual([]);
});
