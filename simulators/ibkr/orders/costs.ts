/** The commission of a trade and the margin that it needs. */
import type { Account } from '../accounts.js';
import type { Instrument } from '../contracts.js';

const STOCK_MINIMUM_CENTS = 100;
const STOCK_CENTS_PER_SHARE = 0.5;
/** Passed on by the broker (FINRA's trading activity fee), for each share that is sold. */
const SOLD_CENTS_PER_SHARE = 0.0166;

/** For one execution, in cents; for shares, to a ten-thousandth of a cent. */
export function commissionOf(
  { secType, commissionCents }: Instrument,
  quantity: number,
  action: 'BUY' | 'SELL',
): number {
  if (secType === 'FUT') return quantity * commissionCents;
  const passedOn = action === 'SELL' ? quantity * SOLD_CENTS_PER_SHARE : 0;
  return Number((Math.max(STOCK_MINIMUM_CENTS, quantity * STOCK_CENTS_PER_SHARE) + passedOn).toFixed(4));
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
