/** What the page knows: the live state, and what it reads beside it. */

import { useEffect, useMemo, useState } from 'preact/hooks';
import type { BarsAnswer, LiveState } from '../api/shapes.js';
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

export interface PricePoint {
  readonly marketMs: number;
  readonly price: number;
}

/** Closes of finished minutes as the trader has them, then the minute that runs, from the live prices. */
export function usePrices(api: DeskApi, symbol: string, state: LiveState | null): readonly PricePoint[] {
  const read = usePolled(() => (symbol === '' ? Promise.resolve(NO_BARS) : api.bars(symbol)), 10_000, symbol);
  const [tail, setTail] = useState<readonly PricePoint[]>([]);
  const marketMs = state?.status?.marketData.marketMs;
  useEffect(() => setTail([]), [symbol]);
  useEffect(() => {
    const price = state?.status?.marketData.lastPrices.find((one) => one.symbol === symbol);
    if (price === undefined || marketMs === undefined) return;
    const mid = (Number(price.bid) + Number(price.ask)) / 2;
    setTail((before) => [
      ...before.filter((point) => minute(point.marketMs) < minute(marketMs)).slice(-TAIL_MAX),
      { marketMs, price: mid },
    ]);
  }, [marketMs, symbol]);
  const { value } = read;
  return useMemo(() => {
    const known = value === null || value.symbol !== symbol ? [] : value.bars.map(pointOf);
    const last = known.at(-1)?.marketMs ?? 0;
    return [...known, ...tail.filter((point) => point.marketMs > last)];
  }, [value, tail, symbol]);
}

function pointOf({ openMs, spanMs, close }: BarsAnswer['bars'][number]): PricePoint {
  return { marketMs: openMs + spanMs, price: Number(close) };
}

const NO_BARS: BarsAnswer = { symbol: '', spanMs: 60_000, simulated: false, bars: [] };
const minute = (ms: number): number => Math.floor(ms / 60_000);
