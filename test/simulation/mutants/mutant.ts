/** A build that is broken on purpose, in one place. */
export interface Mutant {
  /** What goes wrong, as the end of "a build in which …". */
  readonly what: string;
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly put: string;
  /** The first seed that is tried, where it takes one of a kind. Left out: 1. */
  readonly from?: number;
  /** Why the core itself throws here before anybody could object; left out: an exception is nobody's objection. */
  readonly throws?: string;
}
