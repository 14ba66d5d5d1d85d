/** What a start has to say while it goes on; the command line renders it. */
export type Progress =
  | { readonly kind: 'line'; readonly text: string }
  /** What is done now: of interest until the next one. */
  | { readonly kind: 'step'; readonly text: string }
  /** `done` of `total` units; sent again as it grows, and once with `done === total`. */
  | { readonly kind: 'bar'; readonly text: string; readonly done: number; readonly total: number };

export type OnProgress = (progress: Progress) => void;
