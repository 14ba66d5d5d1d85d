/** `.env` of the working folder. Variables that the shell has set take precedence. */

import {
  chmodSync,
  chownSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { CliFailure } from './failure.js';

/** The environment as the shell set it. Null until `.env` has been read into it. */
let ofShell: NodeJS.ProcessEnv | null = null;

/** Reads `.env` into the environment of this process. */
export function readEnvironmentFile(workingFolder: string): void {
  ofShell ??= { ...process.env };
  const file = join(workingFolder, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
}

/** Whether `.env` may hold other values than a process has that was started in this folder then. */
export function isChangedSince(workingFolder: string, wallMs: number): boolean {
  const file = join(workingFolder, '.env');
  return existsSync(file) && statSync(file).mtimeMs > wallMs;
}

/** The environment for a process that reads `.env` itself when it starts. */
export const shellEnvironment = (): NodeJS.ProcessEnv => ofShell ?? process.env;

/** The environment of a process started in this folder now. */
export function environmentNow(workingFolder: string): NodeJS.ProcessEnv {
  const file = join(workingFolder, '.env');
  const given = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  return { ...given, ...shellEnvironment() };
}

/** The text of a settings file with only this variable changed. */
export function withVariable(text: string, variable: string, value: string): string {
  const quote = ["'", '"', '`'].find((one) => !value.includes(one)) ?? "'";
  const line = new RegExp(`^([ \\t]*(?:export[ \\t]+)?${variable}[ \\t]*=).*$`, 'gm');
  const next = text.replace(line, (_all, begin: string) => `${begin}${quote}${value}${quote}`);
  if (parseEnv(next)[variable] !== value)
    throw new CliFailure(
      `.env can’t hold this value of ${variable}`,
      'the old one counts as before',
      'choose one without quotation marks and backslashes',
    );
  return next;
}

// Replaces a file that belongs to people, whoever runs the command.

/**
 * Writes all of it or nothing. Keeps the file's mode, and its owner where this account may set it, so that the same
 * accounts can read it. A link stays, and the file that it leads to is replaced. Returns the file as it was named.
 */
export function replaceFile(named: string, text: string): string {
  const file = realpathSync(named);
  const { mode, uid, gid } = statSync(file);
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  try {
    chownSync(`${file}.new`, uid, gid);
  } catch {
    // Only root gives files away. Everybody else replaced the file with one of their own before, too.
  }
  chmodSync(`${file}.new`, mode & 0o777);
  renameSync(`${file}.new`, file);
  return named;
}
