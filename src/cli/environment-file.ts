/** `.env` of the working folder. Variables that the shell has set take precedence. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

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
