import { fileURLToPath } from 'node:url';
import { loadDesk } from '../../../src/desk/load.js';
import type { Desk } from '../../../src/desk/schema.js';

export const CRYPTO_DESK_FILE = fileURLToPath(new URL('../../../desks/crypto-bot.yaml', import.meta.url));

/** The desk file that ships. */
export const cryptoDesk = (): Desk => loadDesk(CRYPTO_DESK_FILE).desk;
