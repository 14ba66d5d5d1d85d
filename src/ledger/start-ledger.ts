/** The ledger role: follows the trader's journal into Postgres, and also stores what the trader has seen. */
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import type { EquityAnswer } from '../contracts/trader-status.js';
import { messageOf } from '../domain/message-of.js';
import { MONEY_SCALE } from '../domain/money.js';
import { logOutput } from '../home/desk-in-process.js';
import { deskPaths, homePaths, type Role, type Runtime } from '../home/runtime.js';
import { type BarSeries, type Candle, storeBars } from '../store/bars.js';
import { openPool, type Pool } from '../store/pool.js';
import { takeTurn } from '../store/take-turn.js';
import { connectTrader, type TraderClient } from '../trader/client.js';
import { loadDesk } from '../venue/load-desk.js';
import type { LedgerDesk } from './apply-batch.js';
import { followJournal, ledgerDesk } from './follow-journal.js';
import { CAPITAL } from './project/project-record.js';

/**
 * Ready at once: it waits by itself for the trader, for Postgres, and for its turn while another process is
 * the desk's ledger.
 */
export async function startLedger(runtime: Runtime): Promise<Role> {
  const log = pino({ base: { part: 'ledger' } }, logOutput());
  const pool = openPool(runtime, 'ledger');
  const trader = connectTrader(deskPaths(homePaths(runtime.home), runtime.desk).controlSocket);
  const parts = {
    desk: runtime.desk,
    pool,
    trader,
    log: (level: 'info' | 'warn' | 'error', text: string) => log[level](text),
  };
  const symbols = loadDesk(runtime.deskFile).desk.instruments.map(({ symbol }) => symbol);
  const turn = takeTurn(runtime, 'ledger', log, () => {
    const running = [followJournal(parts), collectSeen({ ...parts, symbols })];
    return { stop: () => Promise.all(running.map((one) => one.stop())) };
  });
  return {
    stop: async () => {
      await turn.stop();
      trader.close();
      await pool.end();
    },
  };
}

const LOOK_EVERY_MS = 1_000;
const RETRY_MS = 5_000;
const ANSWER_MS = 5_000;
/** Most bars, or points of the equity curve, in one answer. */
const ANSWER_MAX = 1_000;
/** Most full answers in a row, so that others get their turn. */
const ANSWERS_MAX = 4;

interface SeenOptions {
  readonly desk: string;
  readonly symbols: readonly string[];
  readonly pool: Pick<Pool, 'query'>;
  readonly trader: Pick<TraderClient, 'call'>;
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
  readonly everyMs?: number;
}

export interface SeenCollector {
  stop(): Promise<void>;
}

/**
 * Stores what the trader has seen but no journal holds: its finished one-minute candles, and the equity curve
 * between recorded points. The trader is polled once a second, so it need not send anything or wait for
 * anybody. What it no longer has leaves a gap: in the candles, which a check reports, or in the curve.
 */
export function collectSeen(options: SeenOptions): SeenCollector {
  const stopping = new AbortController();
  const running = collectForEver(options, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function collectForEver(options: SeenOptions, stopping: AbortSignal): Promise<void> {
  /** By symbol: the earliest start of the next candle. */
  const next = new Map<string, number>();
  /** How many of this market's points on the equity curve are stored or lost. */
  let points = 0;
  let market = '';
  let said = '';
  while (!stopping.aborted) {
    let pauseMs = options.everyMs ?? LOOK_EVERY_MS;
    try {
      const status = await options.trader.call('status', {}, { timeoutMs: ANSWER_MS });
      const { marketData, startedWallMs } = status;
      // Another trader process may have another market, with another time.
      const { identity: source, simulated } = marketData;
      const now = `${startedWallMs}:${source}`;
      if (now !== market) {
        next.clear();
        points = 0;
      }
      market = now;
      const series = { desk: options.desk, source, simulated };
      for (const symbol of options.symbols) await collectOne(options, series, symbol, next);
      // Until the trader has started, its status can't say whether its market is simulated.
      if (status.starting !== true)
        points = await collectEquity(options, ledgerDesk(options.desk, status), points);
      said = '';
    } catch (error) {
      const text = messageOf(error);
      if (text !== said) options.log('warn', `candles and the curve of equity wait: ${text}`);
      said = text;
      pauseMs = Math.max(pauseMs, Math.min(RETRY_MS, pauseMs * 5));
    }
    await sleep(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
  }
}

async function collectOne(
  { pool, trader }: SeenOptions,
  series: BarSeries & { readonly simulated: boolean },
  symbol: string,
  next: Map<string, number>,
): Promise<void> {
  for (let answers = 0; answers < ANSWERS_MAX; answers += 1) {
    const sinceMs = next.get(symbol) ?? 0;
    const { bars, source } = await trader.call(
      'bars',
      { symbol, count: ANSWER_MAX, sinceMs },
      { timeoutMs: ANSWER_MS },
    );
    // The trader has just chosen its prices, or has been replaced; the next round takes that into account.
    if (source !== series.source) return;
    const last = bars.at(-1);
    if (!last) return;
    await storeBars(
      pool,
      series,
      bars.map((bar): Candle => ({ symbol, ...bar })),
    );
    next.set(symbol, last.openMs + last.spanMs);
    if (bars.length < ANSWER_MAX) return;
  }
}

/** Resolves with how many of that process's points are stored or lost. */
async function collectEquity(
  { pool, trader }: SeenOptions,
  desk: LedgerDesk,
  stored: number,
): Promise<number> {
  let after = stored;
  for (let answers = 0; answers < ANSWERS_MAX; answers += 1) {
    const answer = await trader.call('equity', { after, count: ANSWER_MAX }, { timeoutMs: ANSWER_MS });
    if (answer.points.length > 0 && !(await storeEquity(pool, desk, answer))) break;
    after = answer.next;
    if (answer.points.length < ANSWER_MAX) break;
  }
  return after;
}

/**
 * Stores points of the equity curve that are in no record, for the journal named. Existing points are
 * unchanged. The trader counts capital over its whole journal, the ledger without what a restored journal
 * repeats of an earlier one. False: the ledger has not received all of that yet, and nothing was stored.
 */
async function storeEquity(
  pool: SeenOptions['pool'],
  { desk, simulated }: LedgerDesk,
  { incarnation, points }: EquityAnswer,
): Promise<boolean> {
  const { rows } = await pool.query(
    `select 1 from journal_entry where desk = $1 and incarnation = $2 and type = 'config'
      and coalesce(record ->> 'incarnation', incarnation) = incarnation limit 1`,
    [desk, incarnation],
  );
  if (rows.length === 0) return false;
  await pool.query(
    `with repeated as (
       select (select coalesce(sum((record ->> 'amount')::numeric), 0) / $6 from journal_entry
           where desk = $1 and incarnation = $3 and type = 'cash' and record ->> 'kind' = any($5))
         - (select coalesce(sum(amount), 0) from cash_records
           where desk = $1 and incarnation = $3 and kind = any($5)) as capital
     )
     insert into equity (desk, market, equity, peak, cash, unrealised, simulated, incarnation, capital_moved)
     select $1, to_timestamp(point."marketMs" / 1000), point.equity, point.peak, point.cash, point.unrealised, $2, $3,
         round(point."capitalMoved" - repeated.capital, 8)
       from repeated, jsonb_to_recordset($4) as point("marketMs" numeric, equity numeric, peak numeric, cash numeric,
         unrealised numeric, "capitalMoved" numeric)
     on conflict (desk, market, incarnation) do nothing`,
    [desk, simulated, incarnation, JSON.stringify(points), CAPITAL, MONEY_SCALE],
  );
  return true;
}
