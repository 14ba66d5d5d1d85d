/** A broken rule across several keys of a desk; the path leads to the value that has to change. */
export interface BrokenRule {
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly found: string;
  readonly doThis: string;
}
