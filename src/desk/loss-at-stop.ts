import type { Desk, DeskStrategy } from './schema.js';

/** Percent of equity that a strategy's largest entry loses at the farthest stop, without slippage and fees. */
export function lossAtStopPct(
  { maxPositionSizePct, stopLossPct }: Pick<Desk['risk'], 'maxPositionSizePct' | 'stopLossPct'>,
  size: DeskStrategy['size'],
  instruments: readonly Pick<Desk['instruments'][number], 'kind'>[],
): number {
  const { riskPct = Number.POSITIVE_INFINITY, equityPct = Number.POSITIVE_INFINITY } = size ?? {};
  const lossPct = (Math.min(equityPct, maxPositionSizePct) * stopLossPct) / 100;
  // At a price 5 % lower, the same sum is 5.26 % more coins: that is what a long inverse contract loses.
  const grows = instruments.some(({ kind }) => kind === 'inverse') ? 1 - stopLossPct / 100 : 1;
  return Math.min(riskPct, lossPct / grows);
}
