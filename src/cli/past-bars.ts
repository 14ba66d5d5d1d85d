/**
 * The bars of a past day, as the strategies saw them: the desk's own candles in Postgres, or recorded files.
 */
import type { MarketBar, SeenBar } from '../contracts/market-feed.js';
import type { Desk } from '../desk/schema.js';
import { priceSourceOf } from '../domain/account-name.js';
import { DAY_MS, MINUTE_MS } from '../domain/civil-date.js';
import { parseDecimal } from '../domain/decimal.js';
import type { Instrument } from '../domain/instrument.js';
import type { Runtime } from '../home/runtime.js';
import { openRecordedFeed } from '../market/recorded/recorded-feed.js';
import { spreadTicksOf } from '../market/spread.js';
import { newestSource, readBars } from '../store/bars.js';
import { openPool } from '../store/pool.js';
import { steadyNowMs } from '../venue/steady-clock.js';
import type { DataFile } from './market-choice.js';

/**
 * How far to read before the day: longer than the longest warm-up of a market that closes at night and over a
 * weekend.
 */
const WARM_UP_MS_MIN = 10 * DAY_MS;

/**
 * Market milliseconds of the day's first record and of the day's end, and the account: a paper account names its
 * price source.
 */
interface DayAsked {
  readonly fromMs: number;
  readonly endMs: number;
  readonly account: string;
}

/**
 * `warmUpBars`: minutes that the strategies need before the day. Ordered by end. Rejects while Postgres is
 * down.
 */
export async function storedBars(
  runtime: Runtime,
  instruments: readonly Instrument[],
  { fromMs, endMs, account }: DayAsked,
  warmUpBars: number,
): Promise<readonly SeenBar[]> {
  const pool = openPool(runtime, 'replay');
  // Twice as long, for markets that are closed half of the time.
  const warmUpMs = Math.max(WARM_UP_MS_MIN, 2 * warmUpBars * MINUTE_MS);
  const day = { desk: runtime.desk, fromMs: fromMs - warmUpMs, toMs: endMs };
  try {
    const source = priceSourceOf(account) ?? (await newestSource(pool, { ...day, fromMs }));
    if (source === null) return [];
    const candles = await readBars(pool, { ...day, source });
    return inOrder(
      candles.flatMap(({ symbol, openMs, spanMs, open, high, low, close, volume, bid, ask }): SeenBar[] => {
        const instrument = instruments.find((one) => one.symbol === symbol);
        if (instrument === undefined) return [];
        const { id, tickSize, lotSize } = instrument;
        const ticks = (price: string): number => parseDecimal(price, tickSize);
        const bar = {
          ...{ instrument: id, openMs, spanMs },
          ...{
            openTicks: ticks(open),
            highTicks: ticks(high),
            lowTicks: ticks(low),
            closeTicks: ticks(close),
          },
          volumeLots: volume === null ? Number.NaN : parseDecimal(volume, lotSize),
        };
        if (bid === null || ask === null) return [bar];
        const quote = { bidTicks: ticks(bid), askTicks: ticks(ask) };
        return [{ ...bar, quote }];
      }),
    );
  } finally {
    await pool.end();
  }
}

/** Ordered by end. Rejects if a file is damaged. */
export async function recordedBars(
  files: readonly DataFile[],
  desk: Desk,
  instruments: readonly Instrument[],
): Promise<readonly MarketBar[]> {
  const feed = await openRecordedFeed({
    ...{ files, instruments, spreadTicks: spreadTicksOf(desk.instruments, instruments), speed: null },
    position: { load: () => null, save: () => undefined },
    steadyMs: steadyNowMs,
  });
  const bars: MarketBar[] = [];
  const faults: string[] = [];
  await new Promise<void>((resolve) => {
    feed.start((event) => {
      if (event.kind === 'bar') bars.push(event.bar);
      if (event.kind === 'health' && event.state === 'down') faults.push(event.detail);
      if (event.kind === 'ended') resolve();
    });
  });
  await feed.stop();
  if (faults.length > 0) throw new Error(faults[0]);
  return inOrder(bars);
}

const inOrder = <B extends MarketBar>(bars: readonly B[]): readonly B[] =>
  bars.toSorted((a, b) => a.openMs + a.spanMs - (b.openMs + b.spanMs) || a.instrument - b.instrument);
