/** Which of a venue's markets is meant: the real one, its own test environment, or a simulator on this machine. */
export type VenueEndpoint =
  | { readonly kind: 'live' }
  | { readonly kind: 'testnet' }
  /** As the venue's clients write it; always on this machine. */
  | { readonly kind: 'simulator'; readonly address: string };
