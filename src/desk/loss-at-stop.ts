import type { Desk, DeskStrategy } from './schema.js';

/** Percent of equity that the largest position of a strategy loses at the farthest stop; slippage and fees are not in it. */
export function lossAtStopPct(
  { maxPositionSizePct, stopLossPct }: Pick<Desk['risk'], 'maxPositionSizePct' | 'stopLossPct'>,
  size: DeskStrategy['size'],
): number {
  const { riskPct = Number.POSITIVE_INFINITY, equityPct = Number.POSITIVE_INFINITY } = size ?? {};
  return Math.min(riskPct, (Math.min(equityPct, maxPositionSizePct) * stopLossPct) / 100);
}
