/** `.env` of the working folder: beside what the shell has set, which stands. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

/** As the shell gave it; null while `.env` was not read into it. */
let ofShell: NodeJS.ProcessEnv | null = null;

/** Into the environment of this process. */
export function readEnvironmentFile(workingFolder: string): void {
  ofShell ??= { ...process.env };
  const file = join(workingFolder, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
}

/** For a process that is to read `.env` by itself, as it is then. */
export const shellEnvironment = (): NodeJS.ProcessEnv => ofShell ?? process.env;

/** What a process would find that is started in this folder now. */
export function environmentNow(workingFolder: string): NodeJS.ProcessEnv {
  const file = join(workingFolder, '.env');
  const given = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  return { ...given, ...shellEnvironment() };
}
