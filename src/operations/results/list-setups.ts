/** Setups as people ask for them: those that the journal has, with the state that their strategy says now. */
import { pricesOf, type SetupPrices, setupEnd, setupFollowed } from '../../domain/setup-note.js';
import { type NotedSetup, readSetups } from '../../store/noted-setups.js';
import type { OperationContext } from '../operation.js';
import { readStatus } from '../read-status.js';

export interface SetupQuery {
  /** Only those that go on. */
  readonly open: boolean;
  readonly limit: number;
}

export interface SetupShown extends Omit<NotedSetup, 'plan'> {
  /** Null: nobody knows, since the trader does not answer, or its strategy follows this one no more and noted no end. */
  readonly state: string | null;
  readonly open: boolean;
  /** As it was detected; null: it was not, or its plan names none. Decimal text. */
  readonly prices: SetupPrices | null;
}

/** Of a desk in years; what is open is among the newest. */
const LOOKED_AT_MAX = 1_000;

/** The newest first. Rejects while Postgres is down. Without a trader what has no end on record counts as open. */
export async function listSetups(
  context: Pick<OperationContext, 'desk' | 'pool' | 'trader'>,
  { open, limit }: SetupQuery,
): Promise<readonly SetupShown[]> {
  const [noted, status] = await Promise.all([
    readSetups(context.pool, context.desk.desk, open ? LOOKED_AT_MAX : limit),
    readStatus(context).catch(() => null),
  ]);
  const followed = status && new Map(status.strategies.flatMap(({ state }) => followedIn(state)));
  return noted
    .map((setup) => shown(setup, followed))
    .filter((setup) => !open || setup.open)
    .slice(0, limit);
}

function shown({ plan, ...noted }: NotedSetup, followed: ReadonlyMap<string, string> | null): SetupShown {
  const end = setupEnd(noted.last);
  return {
    ...noted,
    state: end ?? followed?.get(noted.id) ?? null,
    open: end === null && (followed?.has(noted.id) ?? true),
    prices: plan === null ? null : pricesOf(plan),
  };
}

function followedIn(state: string): readonly (readonly [id: string, state: string])[] {
  const found = setupFollowed(state);
  return found === null ? [] : [[found.id, found.state]];
}
