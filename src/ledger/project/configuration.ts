import { PAPER_ACCOUNT } from '../../domain/account.js';
import type { Instrument } from '../../domain/instrument.js';
import type { EngineRecord } from '../../engine/record.js';
import type { PoolClient } from '../../store/pool.js';

type ConfigRecord = Extract<EngineRecord, { readonly type: 'config' }>;

/** What the projections need of a journal's configuration. */
export interface Configuration {
  readonly instruments: readonly Instrument[];
  readonly account: string;
}

export function configurationOf({ instruments, account = PAPER_ACCOUNT }: ConfigRecord): Configuration {
  return { instruments, account };
}

/** In force before `sequence`; without instruments before the first one. */
export async function configurationBefore(
  client: PoolClient,
  desk: string,
  incarnation: string,
  sequence: number,
): Promise<Configuration> {
  const found = await client.query<{ record: ConfigRecord }>(
    `select record from journal_entry
      where desk = $1 and incarnation = $2 and type = 'config' and sequence < $3
      order by sequence desc limit 1`,
    [desk, incarnation, sequence],
  );
  const row = found.rows[0];
  return row ? configurationOf(row.record) : { instruments: [], account: PAPER_ACCOUNT };
}
