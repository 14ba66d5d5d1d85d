import type { Instrument } from '../../domain/instrument.js';
import type { PoolClient } from '../../store/pool.js';

/** A new journal begins with nothing held: what the desk has at the venue comes as adopted positions and fills. */
export async function beginIncarnation(client: PoolClient, desk: string): Promise<void> {
  await client.query('delete from positions where desk = $1', [desk]);
}

/** The instruments in force before `sequence`; none before the first configuration. */
export async function instrumentsBefore(
  client: PoolClient,
  desk: string,
  incarnation: string,
  sequence: number,
): Promise<readonly Instrument[]> {
  const found = await client.query<{ instruments: Instrument[] }>(
    `select record->'instruments' as instruments from journal_entry
      where desk = $1 and incarnation = $2 and type = 'config' and sequence < $3
      order by sequence desc limit 1`,
    [desk, incarnation, sequence],
  );
  return found.rows[0]?.instruments ?? [];
}
