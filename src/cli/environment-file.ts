import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** `.env` of the working folder; what the shell has set already stands. */
export function readEnvironmentFile(workingFolder: string): void {
  const file = join(workingFolder, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
}
