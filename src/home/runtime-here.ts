import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isContainer } from './is-container.js';
import { homePaths, type Runtime } from './runtime.js';

/** Whatever reads a desk file comes with it: loaded where it is needed alone, since a command that stops waits for it. */
const fromEnvironment = isContainer(process.env)
  ? (await import('./runtime-from-environment.js')).runtimeFromEnvironment
  : null;

/**
 * What the last `fermata up` wrote down, or, in a container, what the role there goes by; null where none did. The desk
 * may have ended since.
 */
export function runtimeHere(home: string): Runtime | null {
  try {
    return JSON.parse(readFileSync(join(homePaths(home).run, 'runtime.json'), 'utf8')) as Runtime;
  } catch {
    return fromEnvironment?.(process.env) ?? null;
  }
}
