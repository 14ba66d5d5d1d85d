/** The commission of a trade and the margin that it needs. */
import type { Account } from '../accounts.js';
import type { Instrument } from '../contracts.js';

const STOCK_MINIMUM_CENTS = 100;
const STOCK_CENTS_PER_SHARE = 0.5;

/** Of one execution, in cents. */
export function commissionOf({ secType, commissionCents }: Instrument, quantity: number): number {
  if (secType === 'FUT') return quantity * commissionCents;
  return Math.max(STOCK_MINIMUM_CENTS, Math.round(quantity * STOCK_CENTS_PER_SHARE));
}

export interface Margins {
  readonly initial: number;
  readonly maintenance: number;
}

/** Margins of the account with another quantity of one instrument. */
export function marginsWith(account: Account, instrument: Instrument, quantity: number): Margins {
  const held = account.positions.get(instrument.conId)?.quantity ?? 0;
  const change = (part: 'initial' | 'maintenance') =>
    account.marginOf(instrument, quantity, part) - account.marginOf(instrument, held, part);
  return {
    initial: account.initialMargin + change('initial'),
    maintenance: account.maintenanceMargin + change('maintenance'),
  };
}
