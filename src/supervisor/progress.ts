/** What a start reports while it runs; the command line renders it. */
export type Progress =
  | { readonly kind: 'line'; readonly text: string }
  /** The current step: relevant until the next one. */
  | { readonly kind: 'step'; readonly text: string }
  /** `done` of `total` units; sent again as it grows, and once with `done === total`. */
  | { readonly kind: 'bar'; readonly text: string; readonly done: number; readonly total: number };

export type OnProgress = (progress: Progress) => void;
