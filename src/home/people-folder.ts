import { join } from 'node:path';
import { homePaths } from './runtime.js';

/** What the command line writes about people. Beside the secrets, which no role of a container can write. */
export const peopleFolder = (home: string): string => join(homePaths(home).home, 'people');
