import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isContainer } from './process-environment.js';
import { homePaths, type Runtime } from './runtime.js';

/**
 * Imports everything that reads a desk file. Loaded only in a container, since a stop command would have to
 * wait for it.
 */
const fromEnvironment = isContainer(process.env)
  ? (await import('./runtime-from-environment.js')).runtimeFromEnvironment
  : null;

/**
 * What the last `fermata up` recorded or, in a container, what its roles read from the environment. Null:
 * neither exists. The desk may have ended since.
 */
export function runtimeHere(home: string): Runtime | null {
  try {
    return JSON.parse(readFileSync(join(homePaths(home).run, 'runtime.json'), 'utf8')) as Runtime;
  } catch {
    return fromEnvironment?.(process.env) ?? null;
  }
}
