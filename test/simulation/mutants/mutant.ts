/** A build that is broken on purpose, in one place. */
export interface Mutant {
  /** What goes wrong, as the end of "a build in which …". */
  readonly what: string;
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly put: string;
}
