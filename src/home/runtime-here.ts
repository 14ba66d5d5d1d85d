import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isContainer } from './is-container.js';
import { homePaths, type Runtime } from './runtime.js';
import { runtimeFromEnvironment } from './runtime-from-environment.js';

/**
 * What the last `fermata up` wrote down, or, in a container, what the role there goes by; null where none did. The desk
 * may have ended since.
 */
export function runtimeHere(home: string): Runtime | null {
  try {
    return JSON.parse(readFileSync(join(homePaths(home).run, 'runtime.json'), 'utf8')) as Runtime;
  } catch {
    return isContainer(process.env) ? runtimeFromEnvironment(process.env) : null;
  }
}
