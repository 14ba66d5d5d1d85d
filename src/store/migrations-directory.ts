import { fileURLToPath } from 'node:url';

/** Beside this module: the build copies the SQL files to where the compiled program looks for them. */
export const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('./migrations', import.meta.url));
