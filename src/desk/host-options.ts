/** What the machine gives: options of Node, and the user's cache. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Options of Node for processes of which many end soon. Node 20 optimises a function as soon as it has done a little: a fifth of
 * a start goes into code that hardly runs again. This asks for six times as much; what runs for long is optimised all the
 * same, a moment later. Later versions count calls, and refuse the option.
 */
export const COMPILE_LATER: readonly string[] =
  Number.parseInt(process.versions.node, 10) === 20 ? ['--interrupt-budget=400000'] : [];

/** The cache of reproducible files, shared by all desks and clones of one user. */
export const userCache = (env: NodeJS.ProcessEnv): string =>
  join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fermata');
