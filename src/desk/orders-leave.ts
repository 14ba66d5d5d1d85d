/** Whether a desk's orders leave this machine, which is not the same as trading real money. */
import type { Desk } from './schema.js';

/** A paper desk's orders leave if the broker keeps the paper account; that needs no go-live. */
export const ordersLeave = ({ mode, venue }: Pick<Desk, 'mode' | 'venue'>): boolean =>
  mode === 'live' || isBrokerPaper(venue);

export const isBrokerPaper = ({ account }: Desk['venue']): boolean => account === 'broker-paper';
