/** One rule across keys that a desk breaks; the path leads to the value that has to change. */
export interface BrokenRule {
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly found: string;
  readonly doThis: string;
}
