/** Finds the desk that this folder's FERMATA_HOME belongs to. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { deskPaths, homePaths, type Runtime } from '../home/runtime.js';
import { runtimeHere } from '../home/runtime-here.js';
import { CliFailure } from './failure.js';

export function fermataHome(env: NodeJS.ProcessEnv = process.env): string {
  return homePaths(env.FERMATA_HOME || '.fermata').home;
}

/** By name; each keeps its journal there. A desk's own folder may lie there too, though it never ran. */
export function desksStartedIn(home: string): string[] {
  const folder = join(homePaths(home).home, 'desks');
  const isStarted = (name: string) => existsSync(deskPaths(homePaths(home), name).journal);
  return existsSync(folder) ? readdirSync(folder).filter(isStarted).sort() : [];
}

/** Throws where no desk was ever started here. */
export function requireRuntime(home: string = fermataHome()): Runtime {
  const runtime = runtimeHere(home);
  if (runtime === null) {
    throw new CliFailure(
      `no desk runs with FERMATA_HOME ${home}`,
      'nothing was sent anywhere',
      'start one with `fermata up`, or run this in the folder where it was started (or set FERMATA_HOME)',
    );
  }
  return runtime;
}
