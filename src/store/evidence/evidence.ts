/** Longer observations are cut, with a mark. */
export const TEXT_CHARS_MAX = 16_384;

/** Before the first evidence of a desk. */
export const FIRST_PREVIOUS_HASH = '0'.repeat(64);
