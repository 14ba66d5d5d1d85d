/** Something that is wrong. */
export interface Finding {
  /** The same as long as the problem is the same; figures in the text may change meanwhile. */
  readonly key: string;
  /** A sentence for people who read why the desk was stopped. */
  readonly text: string;
}
