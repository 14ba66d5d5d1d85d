/** The setups in the journal, each with the state that its strategy reports now. */
import type { SetupDetails, SetupShown } from '../../contracts/published.js';
import { pricesOf, rewardToRisk, setupEnd, setupFollowed } from '../../domain/setup-note.js';
import { type NotedSetup, readSetupSteps, readSetups } from '../../store/noted-setups.js';
import { readStatus } from '../../trader/read-status.js';
import type { OperationContext } from '../operation.js';

export interface SetupQuery {
  /** True: only open ones. */
  readonly open: boolean;
  readonly limit: number;
}

type SetupContext = Pick<OperationContext, 'desk' | 'pool' | 'trader'>;

/** How many setups are searched; a desk makes this many in years, and open ones are among the newest. */
const LOOKED_AT_MAX = 1_000;

/** Newest first. Rejects while Postgres is down. Without a trader, a setup with no recorded end counts as open. */
export async function listSetups(
  context: SetupContext,
  { open, limit }: SetupQuery,
): Promise<readonly SetupShown[]> {
  const [noted, followed] = await Promise.all([
    readSetups(context.pool, context.desk.desk, open ? LOOKED_AT_MAX : limit),
    setupsFollowed(context),
  ]);
  return noted
    .map((setup) => shown(setup, followed))
    .filter((setup) => !open || setup.open)
    .slice(0, limit);
}

/** Null if no setup has this id. Rejects while Postgres is down. */
export async function readSetup(context: SetupContext, id: string): Promise<SetupDetails | null> {
  const { pool, desk } = context;
  const [[noted], steps, followed] = await Promise.all([
    readSetups(pool, desk.desk, 1, id),
    readSetupSteps(pool, desk.desk, id),
    setupsFollowed(context),
  ]);
  if (noted === undefined) return null;
  const setup = shown(noted, followed);
  return { ...setup, rewardToRisk: setup.prices && rewardToRisk(setup.prices), steps };
}

/** Null if the trader doesn't answer. */
async function setupsFollowed(context: SetupContext): Promise<ReadonlyMap<string, string> | null> {
  const status = await readStatus(context).catch(() => null);
  return status && new Map(status.strategies.flatMap(({ state }) => followedIn(state)));
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
