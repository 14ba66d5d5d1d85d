import { fileURLToPath } from 'node:url';

/** The SQL files stand in the source tree and are read from there by the compiled program too: one copy only. */
export const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../../src/store/migrations', import.meta.url));
