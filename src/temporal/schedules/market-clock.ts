import type { TraderStatus } from '../../contracts/trader-status.js';

/** Said on a schedule that is paused because market time is not wall time; nobody paused it. */
export const MARKET_CLOCK_NOTE = 'market clock';

/** Where market time runs by itself, Temporal's schedules can't know when a routine is due. */
export function runsOnMarketClock({
  kind,
  speed,
}: Pick<TraderStatus['marketData'], 'kind' | 'speed'>): boolean {
  return kind === 'recorded' || speed !== 1;
}
