import type { TraderStatus } from '../../contracts/trader-status.js';

/** The note on a schedule that is paused because market time is not wall time; no person paused it. */
export const MARKET_CLOCK_NOTE = 'market clock';

/** If market time has its own clock, Temporal's schedules can't know when a routine is due. */
export function runsOnMarketClock({
  kind,
  speed,
}: Pick<TraderStatus['marketData'], 'kind' | 'speed'>): boolean {
  return kind === 'recorded' || speed !== 1;
}
