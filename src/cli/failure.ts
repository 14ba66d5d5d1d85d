/** The one form in which a command reports failure to a person. */
import { counted } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';
import { asTyped } from '../home/desk-in-process.js';
import { REMOUNT } from '../home/free-space.js';

export const EXIT_OK = 0;
/** It failed, or the requested outcome could not be proven. */
export const EXIT_FAILED = 1;
/** The command was not understood; nothing was tried. */
const EXIT_USAGE = 2;

export class CliFailure extends Error {
  override readonly name = 'CliFailure';

  constructor(
    message: string,
    readonly keptSafe: string,
    readonly doThis: string,
    readonly exitCode: number = EXIT_FAILED,
  ) {
    super(message);
  }
}

export function usageFailure(message: string, doThis: string): CliFailure {
  return new CliFailure(message, 'nothing was started or changed', doThis, EXIT_USAGE);
}

/**
 * `<percent> is missing`, `<percent> and --reason <text> are missing`: all at once, not one after another.
 */
export function missingWords(missing: readonly string[]): string {
  const last = missing.at(-1) ?? '';
  return missing.length < 2
    ? `${last} is missing`
    : `${missing.slice(0, -1).join(', ')} and ${last} are missing`;
}

/**
 * Rewrites the option parser's message into the form of every error here: which option, what was expected,
 * what was found.
 */
export function usageWords(message: string, command: string): string {
  const text = message.replace(/^error: /, '');
  const bare = text.match(/^option '(?:-\w, )?(\S+)[^']*' argument missing$/);
  if (bare) return wrongValue(bare[1], '', 'a value');
  const many = text.match(/^too many arguments for '.+'\. Expected (\d+) arguments? but got (\d+)\.$/);
  if (many)
    return `${command}: expected ${many[1] === '0' ? 'only options' : counted(Number(many[1]), 'argument')}; found ${counted(Number(many[2]), 'argument')}`;
  const option = text.match(/^option '(?:-\w, )?(\S+)[^']*' argument '(.*)' is invalid\. (.+)$/s);
  if (option) return wrongValue(option[1], option[2], option[3]);
  const argument = text.match(/^command-argument value '(.*)' is invalid for argument '(.+)'\. (.+)$/s);
  return argument ? wrongValue(`<${argument[2]}>`, argument[1], argument[3]) : text;
}

function wrongValue(name = '', found = '', expectation = ''): string {
  const expected = expectation.replace(/^Allowed choices are (.+)\.$/, 'one of $1').replace(/^expected /, '');
  return `${name}: expected ${expected}; found ${found === '' ? 'nothing' : shortened(found)}`;
}

const SHOWN_MAX = 80;

const shortened = (found: string): string =>
  found.length > SHOWN_MAX ? `${found.slice(0, SHOWN_MAX)}…` : found;

export interface PresentedFailure {
  readonly message: string;
  readonly keptSafe: string;
  readonly doThis: string;
  readonly exitCode: number;
  /** The exact problems, for scripts; the message says the same. */
  readonly problems?: readonly unknown[];
}

/**
 * Errors of every part carry `keptSafe` and `doThis`. Any other error is a bug, and the message says where to
 * look.
 */
export function presentFailure(error: unknown): PresentedFailure {
  const fields = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  const message = messageOf(error);
  if (isAway(fields.code, message)) return partAway(message);
  if (OTHER_SCHEMA_CODES.has(fields.code)) return otherSchema(message);
  const refused = refusedBySystem(error);
  if (refused !== null && fields.doThis === undefined)
    return {
      ...refused,
      keptSafe: 'a running desk goes on by its own rules; this command has ended',
      exitCode: EXIT_FAILED,
    };
  return {
    message,
    keptSafe:
      typeof fields.keptSafe === 'string'
        ? fields.keptSafe
        : 'a running desk goes on by its own rules; this command has ended',
    doThis:
      typeof fields.doThis === 'string'
        ? fields.doThis
        : 'run it again with FERMATA_DEBUG=1 to see where it failed, and look at: fermata doctor',
    exitCode: error instanceof CliFailure ? error.exitCode : EXIT_FAILED,
    ...(Array.isArray(fields.problems) ? { problems: fields.problems } : {}),
  };
}

export const GIVE_TO_USER =
  'give it to the user who runs Fermata (sudo chown -R USER FOLDER), or set FERMATA_HOME to a folder of that user';

/**
 * Of a path that the system gives no access to or no room for, mostly since somebody else once ran a command here. A
 * write has no path: the file was opened before, and mostly lies in FERMATA_HOME.
 */
export function refusedBySystem(
  error: unknown,
): { readonly message: string; readonly doThis: string } | null {
  const { code = '', path, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  if (isFull && path === undefined && syscall === 'write')
    return {
      message: `the disk is full: a file could not be written (${code})`,
      doThis:
        'free some space where FERMATA_HOME lies (fermata doctor says how much there is), and run it again',
    };
  if (path === undefined) return null;
  if (isFull)
    return { message: `the disk is full at ${path}`, doThis: 'free some space there, and run it again' };
  if (code === 'EROFS')
    return {
      message: `${path} is on a disk that can only be read`,
      doThis: REMOUNT,
    };
  if (code !== 'EACCES' && code !== 'EPERM') return null;
  return {
    message: `this user may not use ${path} (${code})`,
    doThis: GIVE_TO_USER,
  };
}

/**
 * No connection was made, so nothing has been sent yet. The last code comes from a Postgres that is starting.
 */
const AWAY_CODES: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ETIMEDOUT', '57P03']);

/** The database client has no code for giving up on a connection. */
const isAway = (code: unknown, message: string): boolean =>
  AWAY_CODES.has(code) ||
  /^(Connection terminated due to connection timeout|timeout exceeded when trying to connect)$/.test(message);

/** For a desk that has ended, or a part of which is restarting. */
function partAway(message: string): PresentedFailure {
  return {
    message: `a part of the desk does not answer: ${message}`,
    keptSafe: 'nothing was changed',
    doThis:
      'fermata status says whether the desk runs; fermata up starts it, fermata doctor looks at this machine',
    exitCode: EXIT_FAILED,
  };
}

/** Postgres's for a column, a table and a function that are not there. */
const OTHER_SCHEMA_CODES: ReadonlySet<unknown> = new Set(['42703', '42P01', '42883']);

/** Of a desk that another build runs: a newer one changes the database only at its start. */
function otherSchema(message: string): PresentedFailure {
  return {
    message: `the database of this desk is not of this build: ${message}`,
    keptSafe: 'a running desk goes on by its own rules; this command has ended',
    doThis:
      'give the command in the folder of the build that runs the desk, or start the desk with this one (docs/UPGRADE.md)',
    exitCode: EXIT_FAILED,
  };
}

export function failureLines(failure: PresentedFailure): string[] {
  const [first = '', ...rest] = failure.message.split('\n');
  return [
    `✗ ${first}`,
    ...rest.map((line) => `  ${line}`),
    `  kept safe: ${failure.keptSafe}`,
    `  do this:   ${failure.doThis}`,
  ].map((line) => asTyped(line));
}
