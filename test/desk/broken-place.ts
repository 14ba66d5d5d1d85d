/** One place of the shipped desk file that is broken, and what has to be said of it. */
export interface BrokenPlace {
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  /** Text that stands only on the line that must be named, in the broken file. */
  readonly at: string;
  readonly key: string;
  readonly expected: string;
  readonly found: string;
  readonly doThis: string;
}
