import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import type { Pool } from '../store/pool.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';
import type { TraderClient } from '../trader/client.js';
import type { Logger } from './role-log.js';

export interface TraderWatchContext {
  readonly temporal: TemporalAccess;
  readonly desk: Desk;
  readonly trader: Pick<TraderClient, 'call'>;
  readonly pool: Pool;
  readonly log: Logger;
  /** For incidents of a trader that no longer answers. */
  readonly seen: { incarnation: string | null };
}

/** Called with every status that was read, one call at a time. */
export type StatusFollower = (status: TraderStatus) => Promise<void>;
