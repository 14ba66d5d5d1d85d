/** What is kept where a person gave none. */
export const NO_REASON = 'no reason given';
