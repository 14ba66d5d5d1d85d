/** The ledger role: the trader's journal, followed into Postgres, and its candles beside it. */
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { messageOf } from '../domain/message-of.js';
import { logOutput } from '../home/desk-in-process.js';
import { deskPaths, homePaths, type Role, type Runtime } from '../home/runtime.js';
import { type BarSeries, type Candle, storeBars } from '../store/bars.js';
import { openPool, type Pool } from '../store/pool.js';
import { takeTurn } from '../store/take-turn.js';
import { connectTrader, type TraderClient } from '../trader/client.js';
import { loadDesk } from '../venue/load-desk.js';
import { followJournal } from './follow-journal.js';

/**
 * Ready at once: it waits for the trader and for Postgres by itself, and for its turn where another process is the
 * desk's ledger.
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
    const running = [followJournal(parts), collectCandles({ ...parts, symbols })];
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
const BARS_MAX = 1_000;
/** Most full answers in a row, so that other instruments get their turn. */
const ANSWERS_MAX = 4;

interface CandleOptions {
  readonly desk: string;
  readonly symbols: readonly string[];
  readonly pool: Pick<Pool, 'query'>;
  readonly trader: Pick<TraderClient, 'call'>;
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
  readonly everyMs?: number;
}

export interface CandleCollector {
  stop(): Promise<void>;
}

/**
 * Stores the trader's finished one-minute candles, which are market data and in no journal. They are requested once a
 * second, so that the trader need not send anything or wait for anybody. What the trader no longer has is a gap,
 * which a check reports.
 */
export function collectCandles(options: CandleOptions): CandleCollector {
  const stopping = new AbortController();
  const running = collectForEver(options, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function collectForEver(options: CandleOptions, stopping: AbortSignal): Promise<void> {
  /** By symbol: the earliest start of the next candle. */
  const next = new Map<string, number>();
  let market = '';
  let said = '';
  while (!stopping.aborted) {
    let pauseMs = options.everyMs ?? LOOK_EVERY_MS;
    try {
      const { marketData, startedWallMs } = await options.trader.call('status', {}, { timeoutMs: ANSWER_MS });
      // Another trader process may have another market, with another time.
      const { identity: source, simulated } = marketData;
      const now = `${startedWallMs}:${source}`;
      if (now !== market) next.clear();
      market = now;
      const series = { desk: options.desk, source, simulated };
      for (const symbol of options.symbols) await collectOne(options, series, symbol, next);
      said = '';
    } catch (error) {
      const text = messageOf(error);
      if (text !== said) options.log('warn', `candles wait: ${text}`);
      said = text;
      pauseMs = Math.max(pauseMs, Math.min(RETRY_MS, pauseMs * 5));
    }
    await sleep(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
  }
}

async function collectOne(
  { pool, trader }: CandleOptions,
  series: BarSeries & { readonly simulated: boolean },
  symbol: string,
  next: Map<string, number>,
): Promise<void> {
  for (let answers = 0; answers < ANSWERS_MAX; answers += 1) {
    const sinceMs = next.get(symbol) ?? 0;
    const { bars, source } = await trader.call(
      'bars',
      { symbol, count: BARS_MAX, sinceMs },
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
    if (bars.length < BARS_MAX) return;
  }
}
