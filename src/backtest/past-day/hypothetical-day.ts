/** Backtests what a desk would have made of a day's bars. Fills come from a paper venue, not that day. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MarketBar } from '../../contracts/market-feed.js';
import type { Desk } from '../../desk/schema.js';
import type { Instrument } from '../../domain/instrument.js';
import { BAR_HEADER, minuteRow } from '../../market/fetched/minutes-file.js';
import { buildInstruments } from '../../trader/engine-config.js';
import { runBacktest } from '../run-backtest.js';
import type { DayResult } from './decide-again.js';

interface TradedDay extends DayResult {
  /** Number of positions at the end; the equity counts them at their last prices. */
  readonly open: number;
}

/** `failures`: a strategy failed, each in a sentence, so what the day would have come to is not known. */
export type HypotheticalDay = TradedDay | { readonly failures: readonly string[] };

interface DayToTrade {
  /** Of all instruments of the desk, sorted by end; those before `fromMs` are for warm-up. */
  readonly bars: readonly MarketBar[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Decimal text. Null: the desk file's paper balance. */
  readonly equity: string | null;
  readonly signal: AbortSignal;
}

/** Starts flat with `equity`. Throws like `runBacktest`. */
export async function hypotheticalDay(
  { desk, configHash, set }: { desk: Desk; configHash: string; set: readonly string[] },
  { bars, fromMs, toMs, equity, signal }: DayToTrade,
): Promise<HypotheticalDay> {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-past-day-'));
  try {
    const files = buildInstruments(desk).flatMap((instrument) => {
      const file = join(folder, `${instrument.id}.csv`);
      const own = bars.filter((bar) => bar.instrument === instrument.id);
      if (own.length === 0) return [];
      writeFileSync(file, csvOf(own, instrument));
      return [{ symbol: instrument.symbol, file }];
    });
    const paper = equity === null ? desk.paper : { ...desk.paper, balance: equity };
    const { report } = await runBacktest({
      ...{ desk: { ...desk, paper }, configHash, set, files, signal },
      fillModel: { path: 'nearer', limitFill: 'touch', volumePartPct: null },
      ...{ beginMs: fromMs, untilMs: toMs, dataKey: null, onProgress: () => undefined },
    });
    const failures = report.data.problems.flatMap(({ kind, text }) =>
      kind === 'strategy-failed' ? text : [],
    );
    if (failures.length > 0) return { failures };
    return {
      trades: report.trades.length,
      result: report.closedResult,
      equity: { from: report.startingEquity, to: report.finalEquity },
      open: report.positions.length,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function csvOf(bars: readonly MarketBar[], instrument: Instrument): string {
  return `${[BAR_HEADER, ...bars.map((bar) => minuteRow(bar, instrument))].join('\n')}\n`;
}
