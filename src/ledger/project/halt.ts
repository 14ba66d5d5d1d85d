import type { Halt, HaltScope } from '../../domain/mode.js';
import type { JournalEntry } from '../../engine/record.js';
import type { PoolClient } from '../../store/pool.js';
import type { Projection, RecordOf } from './projection.js';

export async function projectHalt(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  halt: Halt,
): Promise<void> {
  await client.query(
    `insert into halts (desk, halt_id, mode, scope, cause, by_whom, reason, resume, market, wall, incarnation)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (desk, halt_id) do nothing`,
    [
      projection.desk,
      halt.haltId,
      halt.mode,
      scopeText(halt.scope),
      halt.cause,
      halt.by,
      halt.reason,
      halt.resume,
      new Date(halt.atMarketMs),
      new Date(halt.atWallMs),
      entry.incarnation,
    ],
  );
}

/** Arming lifts every desk halt in this journal, but not those of a strategy or an instrument. */
export async function projectArmed(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'armed'>,
): Promise<void> {
  await client.query(
    `update halts set lifted = $2, lifted_by = $3
      where desk = $1 and incarnation = $4 and scope = 'desk' and lifted is null`,
    [projection.desk, new Date(entry.wallMs), record.by, entry.incarnation],
  );
}

function scopeText(scope: HaltScope): string {
  if (scope.kind === 'desk') return 'desk';
  return scope.kind === 'strategy' ? `strategy ${scope.name}` : scope.symbol;
}
