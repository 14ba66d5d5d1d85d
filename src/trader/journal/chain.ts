/** Chain value before the first entry of an incarnation. */
export const CHAIN_START = '0'.repeat(64);
