/** Longer observations are cut, with a mark. */
export const TEXT_CHARS_MAX = 16_384;

/** The previous hash of a desk's first evidence. */
export const FIRST_PREVIOUS_HASH = '0'.repeat(64);
