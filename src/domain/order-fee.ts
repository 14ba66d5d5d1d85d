/** The fee of an order where a broker charges per contract or share, not by worth. */
import type { LotFees } from './instrument.js';

/** What a fee has been charged for; `value` and `fee` in money units. */
export interface Charged {
  readonly lots: number;
  readonly value: number;
  readonly fee: number;
}

export const NOTHING_CHARGED: Charged = { lots: 0, value: 0, fee: 0 };

const PPM = 1_000_000n;

/**
 * The fee for further lots of an order. Minimum and maximum apply to the whole order, so a later fill pays
 * what earlier ones did not. Rounded up to a money unit. Nothing is refunded if the desk file's fees have
 * since fallen.
 */
export function lotFee(fees: LotFees, charged: Charged, lots: number, value: number): number {
  return Math.max(0, Math.ceil(wholeFee(fees, charged.lots + lots, charged.value + value)) - charged.fee);
}

function wholeFee({ perLot, minimum, maximumPpm }: LotFees, lots: number, value: number): number {
  const byLot = Math.max(perLot * lots, minimum);
  if (lots === 0 || maximumPpm === undefined) return lots === 0 ? 0 : byLot;
  return Math.min(byLot, Number((BigInt(value) * BigInt(maximumPpm) + PPM - 1n) / PPM));
}
