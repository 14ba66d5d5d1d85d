/** Finds the desk that this folder's FERMATA_HOME belongs to. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { homePaths, type Runtime } from '../home/runtime.js';
import { runtimeFromEnvironment } from '../home/runtime-from-environment.js';
import { CliFailure } from './failure.js';

export function fermataHome(env: NodeJS.ProcessEnv = process.env): string {
  return homePaths(env.FERMATA_HOME || '.fermata').home;
}

/**
 * What the last `fermata up` wrote down, or, in a container, what the role there goes by; null where none did. The desk
 * may have ended since.
 */
export function runtimeOf(home: string): Runtime | null {
  try {
    return JSON.parse(readFileSync(join(homePaths(home).run, 'runtime.json'), 'utf8')) as Runtime;
  } catch {
    return isContainer(process.env) ? runtimeFromEnvironment(process.env) : null;
  }
}

/** By name; each keeps its account and journal there. */
export function desksStartedIn(home: string): string[] {
  const folder = join(homePaths(home).home, 'desks');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** Throws where no desk was ever started here. */
export function requireRuntime(home: string = fermataHome()): Runtime {
  const runtime = runtimeOf(home);
  if (runtime === null) {
    throw new CliFailure(
      `no desk runs with FERMATA_HOME ${home}`,
      'nothing was sent anywhere',
      'start one with `fermata up`, or run this in the folder where it was started (or set FERMATA_HOME)',
    );
  }
  return runtime;
}

export const isContainer = ({
  FERMATA_HOME: home,
  FERMATA_POSTGRES_HOST: postgres,
}: NodeJS.ProcessEnv): boolean => Boolean(home) && Boolean(postgres);
