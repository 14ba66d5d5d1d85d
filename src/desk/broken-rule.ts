/** A broken rule across several keys of a desk; `path` leads to the value to change. */
export interface BrokenRule {
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly found: string;
  readonly doThis: string;
}
