/** Builds that are broken on purpose: each must be caught by the simulation within the seeds that it is given. */
import { ACCOUNT_MUTANTS } from './account.js';
import { AGAINST_EACH_OTHER_MUTANTS } from './against-each-other.js';
import { BOOK_MUTANTS } from './books.js';
import { CONVERTED_MUTANTS } from './converted.js';
import { EXIT_MUTANTS } from './exits.js';
import { HOUR_MUTANTS } from './hours.js';
import { LIMIT_MUTANTS } from './limits.js';
import type { Mutant } from './mutant.js';
import { ORDER_MUTANTS } from './orders.js';
import { PAPER_VENUE_MUTANTS } from './paper-venue.js';
import { PRICE_MUTANTS } from './prices.js';
import { SIDE_BY_SIDE_MUTANTS } from './side-by-side.js';
import { SIGNAL_MUTANTS } from './signals.js';
import { STOP_MUTANTS } from './stops.js';

export const MUTANTS: readonly Mutant[] = [
  ...ORDER_MUTANTS,
  ...STOP_MUTANTS,
  ...EXIT_MUTANTS,
  ...HOUR_MUTANTS,
  ...LIMIT_MUTANTS,
  ...PRICE_MUTANTS,
  ...BOOK_MUTANTS,
  ...CONVERTED_MUTANTS,
  ...ACCOUNT_MUTANTS,
  ...PAPER_VENUE_MUTANTS,
  ...SIGNAL_MUTANTS,
  ...SIDE_BY_SIDE_MUTANTS,
  ...AGAINST_EACH_OTHER_MUTANTS,
];
