/** What a halted desk's paper twins have done since, for the person deciding whether it trades again. */
import { MINUTE_MS } from '../domain/civil-date.js';
import { counted, placesIn } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';
import { moment } from '../domain/moment.js';
import { growthOf, returnsOnCapital } from '../domain/statistics.js';
import { desksHomes } from '../home/installation.js';
import { installationOf, type Runtime } from '../home/runtime.js';
import { runtimeHere } from '../home/started-desks.js';
import { NO_END_MS, readClosings, readEquitySteps } from '../store/ledger-figures.js';
import { openPool, type Pool } from '../store/pool.js';
import { CURVE_POINTS_MAX, drawdownOf } from './equity-figures.js';

interface Halted {
  readonly halts: readonly { readonly atWallMs: number }[];
  /** Of its account, and so of its twin's. */
  readonly currency: string;
}

interface Asked {
  readonly sinceMs: number;
  readonly nowMs: number;
  readonly currency: string;
}

/**
 * A line per twin, since the first halt still active; empty if the desk is not halted, or has no twin. No
 * rule depends on it, and it reports what it can't read: it never holds up a decision.
 */
export async function whatTwinsDid(
  runtime: Runtime,
  { halts, currency }: Halted,
  nowMs: number,
): Promise<string[]> {
  if (halts.length === 0) return [];
  const asked = { sinceMs: Math.min(...halts.map(({ atWallMs }) => atWallMs)), nowMs, currency };
  try {
    const twins = desksHomes(installationOf(runtime.home))
      .flatMap((home) => runtimeHere(home) ?? [])
      .filter(({ twinOf }) => twinOf === runtime.desk);
    return await Promise.all(twins.map((twin) => lineOf(runtime, twin, asked)));
  } catch (error) {
    return [`whether it has a paper twin could not be read (${messageOf(error)})`];
  }
}

async function lineOf(
  { postgres }: Runtime,
  { home, desk, postgres: own }: Runtime,
  asked: Asked,
): Promise<string> {
  const said = `${desk}, its paper twin, since ${moment(asked.sinceMs)}: `;
  // The server is where the desk itself finds it: it may have moved after the twin ended.
  const pool = openPool({ home, postgres: { ...postgres, database: own.database } }, 'paper twin');
  try {
    return `${said}${await read(pool, desk, asked)}`;
  } catch (error) {
    return `${said}what it did could not be read (${messageOf(error)})`;
  } finally {
    await pool.end().catch(() => undefined);
  }
}

async function read(pool: Pool, desk: string, { sinceMs, nowMs, currency }: Asked): Promise<string> {
  const fromMs = await marketAt(pool, desk, sinceMs);
  if (fromMs === null) return 'nothing on record';
  const span = { desk, fromMs, toMs: NO_END_MS };
  const stepMs = Math.max(MINUTE_MS, Math.ceil((nowMs - sinceMs) / CURVE_POINTS_MAX));
  const [trades, curve] = await Promise.all([readClosings(pool, span), readEquitySteps(pool, span, stepMs)]);
  const result = trades.reduce((sum, { net }) => sum + net, 0);
  const won = trades.filter(({ net }) => net > 0).length;
  const growth = (growthOf(returnsOnCapital(curve)).at(-1) ?? 1) - 1;
  const traded =
    trades.length === 0
      ? 'no trade closed'
      : `${counted(trades.length, 'trade')} closed (${won} won), together ${withSign(result, placesIn(currency))}`;
  return `${traded}; equity ${withSign(growth * 100, 2)} %, largest drawdown ${(drawdownOf(curve) * 100).toFixed(2)} %`;
}

/** The twin's own time: its market may be simulated. */
async function marketAt(pool: Pool, desk: string, sinceMs: number): Promise<number | null> {
  const { rows } = await pool.query<{ at: number | null }>(
    `select min((record->>'marketMs')::float8) as at from journal_entry
      where desk = $1 and wall >= $2`,
    [desk, new Date(sinceMs)],
  );
  return rows[0]?.at ?? null;
}

const withSign = (value: number, places: number): string => `${value < 0 ? '' : '+'}${value.toFixed(places)}`;
