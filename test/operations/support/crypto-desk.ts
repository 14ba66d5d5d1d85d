import { fileURLToPath } from 'node:url';
import type { Desk } from '../../../src/desk/schema.js';
import { loadDesk } from '../../../src/venue/load-desk.js';

export const CRYPTO_DESK_FILE = fileURLToPath(
  new URL('../../../desks/crypto-bot/desk.yaml', import.meta.url),
);

/** The desk file that ships. */
export const cryptoDesk = (): Desk => loadDesk(CRYPTO_DESK_FILE).desk;
