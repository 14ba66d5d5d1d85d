/**
 * The trading journal: a person's note on one of the desk's days, and the setups in it, each with the state
 * that its strategy reports now.
 */
import type { JournalNote, SetupDetails, SetupShown } from '../contracts/published.js';
import { dayOfText } from '../domain/civil-date.js';
import { pricesOf, rewardToRisk, setupEnd, setupFollowed } from '../domain/setup-note.js';
import { datesOf } from '../domain/zone-offset.js';
import { appendAudit } from '../store/audit.js';
import { inTransaction } from '../store/pool.js';
import { type NotedSetup, readSetupSteps, readSetups, writeNote } from '../store/trading-journal-rows.js';
import { readStatus } from '../trader/read-status.js';
import type { Caller, OperationContext } from './operation.js';

export interface NoteRequest {
  readonly text: string;
  /** One of the desk's days that has begun, for example `2026-07-15`; absent: today. */
  readonly date?: string | undefined;
}

export type Noted =
  | { readonly ok: true; readonly date: string; readonly note: JournalNote }
  | { readonly ok: false; readonly detail: string };

export async function noteInJournal(
  context: Pick<OperationContext, 'desk' | 'pool' | 'trader' | 'nowMs'>,
  { person, via }: Caller,
  { text, date: asked }: NoteRequest,
): Promise<Noted> {
  const { desk, pool } = context;
  const status = await readStatus(context).catch(() => null);
  const marketMs = status?.marketData.marketMs ?? context.nowMs();
  const today = datesOf(desk)(marketMs);
  const date = asked ?? today;
  if (dayOfText(date) === null || date > today) {
    const detail = `Expected a day of the desk up to ${today}, found ${date}. Nothing was noted.`;
    return { ok: false, detail };
  }
  return inTransaction(pool, async (client) => {
    const note = await writeNote(client, { desk: desk.desk, date, person, text });
    const parameters = { date, text };
    const outcome = `note ${note.id}`;
    await appendAudit(client, {
      ...{ desk: desk.desk, person, via, action: 'noteInJournal', parameters, outcome },
    });
    return { ok: true, date, note };
  });
}

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
