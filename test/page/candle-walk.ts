import type { BarStatus } from '../../src/contracts/trader-status.js';

const MINUTE_MS = 60_000;

/** Minutes that end at `toMs`: the same ones each time. */
export function walk(count: number, toMs: number, to = 43_115): BarStatus[] {
  let drawn = 1;
  const draw = (): number => {
    drawn = (drawn * 48_271) % 2_147_483_647;
    return drawn / 2_147_483_647 - 0.5;
  };
  let price = 0;
  const end = Math.floor(toMs / MINUTE_MS) * MINUTE_MS;
  const bars = Array.from({ length: count }, (_, at) => {
    const open = price;
    price += draw() * 40 + Math.sin(at / 45) * 6;
    const high = Math.max(open, price) + Math.abs(draw()) * 18;
    const low = Math.min(open, price) - Math.abs(draw()) * 18;
    const volume = 3 + Math.abs(draw()) * 20;
    return { openMs: end - (count - at) * MINUTE_MS, open, high, low, close: price, volume };
  });
  const text = (value: number): string => (value + to - price).toFixed(2);
  return bars.map(({ openMs, open, high, low, close, volume }) => ({
    ...{ openMs, spanMs: MINUTE_MS, open: text(open), high: text(high), low: text(low), close: text(close) },
    ...{ volume: volume.toFixed(3), bid: null, ask: null },
  }));
}
