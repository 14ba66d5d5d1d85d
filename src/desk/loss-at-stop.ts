import type { Desk, DeskStrategy } from './schema.js';

/** Percent of equity that a strategy's largest position loses at the farthest stop, without slippage and fees. */
export function lossAtStopPct(
  { maxPositionSizePct, stopLossPct }: Pick<Desk['risk'], 'maxPositionSizePct' | 'stopLossPct'>,
  size: DeskStrategy['size'],
): number {
  const { riskPct = Number.POSITIVE_INFINITY, equityPct = Number.POSITIVE_INFINITY } = size ?? {};
  return Math.min(riskPct, (Math.min(equityPct, maxPositionSizePct) * stopLossPct) / 100);
}
