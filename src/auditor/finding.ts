/** Something that is not as it should be. */
export interface Finding {
  /** The same as long as it is the same thing: figures in the text may move meanwhile. */
  readonly key: string;
  /** A sentence for whoever reads why the desk stopped. */
  readonly text: string;
}
