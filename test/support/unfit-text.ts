/** Text that no entrance takes as it is, and what a stop makes of it. */
export const UNFIT_TEXTS: readonly (readonly [what: string, text: string, plain: string])[] = [
  ['half of a surrogate pair', 'odd \ud83d', 'odd \ufffd'],
  ['NUL', 'a\u0000b', 'a\ufffdb'],
  ['an escape of a terminal', '\u001b[31mred', '\ufffd[31mred'],
  ['the 8-bit form of one', '\u009b31m', '\ufffd31m'],
  ['text turned around', 'stop \u202egnp.exe', 'stop \ufffdgnp.exe'],
  ['an isolate', '\u2066x\u2069', '\ufffdx\ufffd'],
];
