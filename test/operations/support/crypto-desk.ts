import { fileURLToPath } from 'node:url';
import type { Desk } from '../../../src/desk/schema.js';
import { loadDesk } from '../../../src/venue/load-desk.js';

export const CRYPTO_DESK_FILE = fileURLToPath(
  new URL('../../../desks/crypto-bot/desk.yaml', import.meta.url),
);

let shipped: Desk | null = null;

/** The desk file that ships, read once for all that ask. */
export function cryptoDesk(): Desk {
  shipped ??= loadDesk(CRYPTO_DESK_FILE).desk;
  return structuredClone(shipped);
}
