import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { secretVariable } from '../desk/secret-variable.js';
import { homePaths } from '../home/runtime.js';

/**
 * From the environment, or else from a file that somebody put beside the secrets; null if there is neither. Throws as
 * `secretVariable` does.
 */
export function keptSecret(env: NodeJS.ProcessEnv, name: string, home: string, file: string): string | null {
  const given = secretVariable(env, name);
  if (given !== null) return given;
  try {
    return readFileSync(join(homePaths(home).secrets, file), 'utf8').trim() || null;
  } catch {
    return null;
  }
}
