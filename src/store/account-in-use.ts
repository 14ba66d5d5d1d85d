/** Figures come from the account in use. Records of other accounts, traded on other prices, stay but do not count. */

/** An SQL condition on a column with a journal's incarnation; `$1` is the desk. */
export function ofAccountInUse(incarnation = 'incarnation'): string {
  return `${incarnation} not in (select incarnation from resting_journal where desk = $1)`;
}
