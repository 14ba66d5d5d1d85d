/** What a request to a venue is for. Whatever reduces risk goes before everything else, even when a queue is full. */
export type Urgency =
  /** Cancels, protective stops and closing orders, and the lookup of an order whose answer was lost. */
  | 'urgent'
  /** Orders that add risk. */
  | 'order'
  /** Reconciliation. */
  | 'read'
  /** Whatever can wait: clock, symbols, permissions. */
  | 'background';

export const URGENCIES: readonly Urgency[] = ['urgent', 'order', 'read', 'background'];
