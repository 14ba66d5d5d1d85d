/** Figures are those of the account that is traded: what others did, at other prices, is kept and left out. */

/** A condition on a column with a journal's incarnation, where `$1` is the desk. */
export function ofAccountInUse(incarnation = 'incarnation'): string {
  return `${incarnation} not in (select incarnation from resting_journal where desk = $1)`;
}
