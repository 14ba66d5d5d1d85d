/** What the page knows: the live state, and what it reads beside it. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { LiveState } from '../../../src/api/live/status-watch.js';
import { type BarsAnswer, DeskApi, type PriceBar } from '../connection/desk-api.js';
import { type Connection, Live } from '../connection/live.js';
import type { Session } from '../connection/session.js';
import { usePolled } from '../connection/use-polled.js';

const BARS_MAX = 600;

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

/** Bars of a symbol: read once from the server, then grown from the live prices. */
export function useBars(api: DeskApi, symbol: string, state: LiveState | null): BarsAnswer {
  const read = usePolled(() => (symbol === '' ? Promise.resolve(NO_BARS) : api.bars(symbol)), 30_000, symbol);
  const [grown, setGrown] = useState<BarsAnswer>(NO_BARS);
  useEffect(() => setGrown(read.value ?? NO_BARS), [read.value]);
  const marketMs = state?.status?.marketData.marketMs;
  useEffect(() => {
    const price = state?.status?.marketData.lastPrices.find((one) => one.symbol === symbol);
    if (price === undefined || marketMs === undefined) return;
    const mid = (Number(price.bid) + Number(price.ask)) / 2;
    setGrown((before) => ({ ...before, bars: grow(before.bars, before.spanMs, marketMs, mid) }));
  }, [marketMs, symbol]);
  return grown;
}

const NO_BARS: BarsAnswer = { spanMs: 60_000, bars: [] };

function grow(bars: readonly PriceBar[], spanMs: number, marketMs: number, mid: number): readonly PriceBar[] {
  const openMs = marketMs - (marketMs % spanMs);
  const last = bars.at(-1);
  if (last === undefined || openMs > last.openMs) {
    return [...bars, { openMs, open: mid, high: mid, low: mid, close: mid }].slice(-BARS_MAX);
  }
  return openMs === last.openMs ? [...bars.slice(0, -1), { ...last, close: mid }] : bars;
}
