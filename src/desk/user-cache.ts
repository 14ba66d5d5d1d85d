/** The cache of reproducible files, shared by all desks and clones of one user. */
import { homedir } from 'node:os';
import { join } from 'node:path';

export const userCache = (env: NodeJS.ProcessEnv): string =>
  join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fermata');
