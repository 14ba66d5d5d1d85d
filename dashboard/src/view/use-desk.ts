/** What the page knows: the live state, and what it reads in addition. */

import { useEffect, useMemo, useState } from 'preact/hooks';
import type { BarsAnswer, LiveState } from '../api/shapes.js';
import type { Candle, StrategyLine } from '../charts/candles.js';
import { DeskApi } from '../connection/desk-api.js';
import { type Connection, Live } from '../connection/live.js';
import type { Session } from '../connection/session.js';
import { usePolled } from '../connection/use-polled.js';

const TAIL_MAX = 600;

export function useLive(session: Session): {
  readonly state: LiveState | null;
  readonly connection: Connection;
} {
  const [state, setState] = useState<LiveState | null>(null);
  const [connection, setConnection] = useState<Connection>({ kind: 'connecting' });
  useEffect(() => {
    const live = new Live(session, { onState: setState, onConnection: setConnection });
    void live.open();
    return () => live.close();
  }, [session]);
  return { state, connection };
}

export function useDeskApi(session: Session): DeskApi {
  return useMemo(() => new DeskApi(session), [session]);
}

const MINUTE_MS = 60_000;

export interface Prices {
  /** The trader's closed minutes, then the current one from its quotes. Empty while they load. */
  readonly candles: readonly Candle[];
  readonly isLoading: boolean;
  readonly lines: readonly StrategyLine[];
  /** Decimal places of the instrument's tick, with which its bars and quotes are written. */
  readonly digits: number;
}

export function usePrices(api: DeskApi, symbol: string, state: LiveState | null): Prices {
  const read = usePolled(() => (symbol === '' ? Promise.resolve(NO_BARS) : api.bars(symbol)), 10_000, symbol);
  const [tail, setTail] = useState<readonly Candle[]>([]);
  const marketMs = state?.status?.marketData.marketMs;
  const quote = state?.status?.marketData.lastPrices.find((one) => one.symbol === symbol);
  useEffect(() => setTail([]), [symbol]);
  useEffect(() => {
    if (quote === undefined || marketMs === undefined) return;
    const mid = (Number(quote.bid) + Number(quote.ask)) / 2;
    setTail((before) => grown(before, Math.floor(marketMs / MINUTE_MS) * 60, mid));
  }, [marketMs, symbol]);
  const value = read.value?.symbol === symbol ? read.value : null;
  // The current minutes alone would look like all that there is.
  const isLoading = value === null && read.problem === null;
  const known = useMemo(() => value?.bars.map(candleOf) ?? [], [value]);
  const candles = useMemo(() => {
    if (isLoading) return [];
    const last = known.at(-1)?.time ?? 0;
    return [...known, ...tail.filter(({ time }) => time > last)];
  }, [isLoading, known, tail]);
  const lines = useMemo(() => (value === null ? [] : linesOf(value)), [value]);
  const newest = value?.bars.at(-1)?.close;
  return { candles, isLoading, lines, digits: placesOf(newest ?? quote?.bid ?? '') };
}

const placesOf = (price: string): number => price.split('.')[1]?.length ?? 0;

/** If several strategies trade one symbol, their lines are told apart by the strategy's name. */
function linesOf({ bars, lines }: BarsAnswer): readonly StrategyLine[] {
  const alone = new Set(lines.map(({ strategy }) => strategy)).size === 1;
  return lines.map(({ strategy, name, values }) => ({
    name: alone ? name : `${strategy}: ${name}`,
    points: bars.flatMap(({ openMs }, at) => {
      const value = values[at];
      return value === null || value === undefined ? [] : [{ time: openMs / 1000, value: Number(value) }];
    }),
  }));
}

function grown(candles: readonly Candle[], time: number, price: number): readonly Candle[] {
  const earlier = candles.filter((candle) => candle.time < time).slice(-TAIL_MAX);
  const { open = price, high = price, low = price } = candles.find((candle) => candle.time === time) ?? {};
  const running = {
    time,
    open,
    high: Math.max(high, price),
    low: Math.min(low, price),
    close: price,
    volume: 0,
  };
  return [...earlier, running];
}

function candleOf({ openMs, open, high, low, close, volume }: BarsAnswer['bars'][number]): Candle {
  return {
    time: openMs / 1000,
    ...{ open: Number(open), high: Number(high), low: Number(low), close: Number(close) },
    volume: Number(volume ?? 0),
  };
}

const NO_BARS: BarsAnswer = { symbol: '', spanMs: MINUTE_MS, simulated: false, bars: [], lines: [] };
