/** A period of longer files has the prices of its bars: from the open of the first one to the close of the last one. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Strategy } from '../../src/engine/strategies/strategy.js';
import { BEGIN_MS, MINUTE_MS, temporaryFolder } from '../validation/support/validations.js';
import { asPeer, type PeerDesk, SYMBOL } from './published/support/peers.js';

const DESK: PeerDesk = { cash: '10000', tickSize: '0.01', lotSize: '1', latencyMs: 0 };
const HEAD = 'ts,open,high,low,close,volume';
const END_MS = BEGIN_MS + 30 * MINUTE_MS;

/** The period lies between half an hour at 120 and half an hour at 98. */
const priceAt = (ms: number): number => (ms < BEGIN_MS ? 120 : ms < END_MS ? 100 : 98);

const row = (ms: number): string => `${ms},${[0, 0.5, -0.5, 0].map((by) => priceAt(ms) + by).join(',')},1`;

function fileOf(stepMs: number, fromMs: number, untilMs: number): string {
  const file = join(temporaryFolder(), 'prices.csv');
  const lines = [HEAD];
  for (let ms = fromMs; ms < untilMs; ms += stepMs) lines.push(row(ms));
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** Buys after its fifth minute, and holds. */
const holds = (): Strategy => {
  let hasBought = false;
  return {
    warmupBars: 0,
    state: () => '',
    onBar: (context, { openMs }) => {
      if (hasBought || openMs < BEGIN_MS + 4 * MINUTE_MS) return;
      hasBought = true;
      const wish = { side: 'buy', protectTicks: 5_000, size: { lots: 10 }, because: 'once' } as const;
      context.enter({ ...wish, type: 'market', slippageTicks: 0 });
    },
  };
};

it.each([
  ['bars of minutes', MINUTE_MS],
  ['bars of five minutes', 5 * MINUTE_MS],
  ['bars of seconds', 1000],
] as const)('%s', async (_, stepMs) => {
  const of = async (file: string, beginMs: number | null = BEGIN_MS) => {
    const { report, kept } = await asPeer(DESK, file, holds, {
      ...{ beginMs, untilMs: END_MS, files: [{ symbol: SYMBOL, file }] },
    });
    const { figures, buyAndHold, candles, equity, finalEquity, data } = report;
    return { figures, buyAndHold, candles, equity, finalEquity, data, fills: kept.fillLines };
  };
  const alone = await of(fileOf(stepMs, BEGIN_MS, END_MS));
  const within = await of(fileOf(stepMs, BEGIN_MS - 30 * MINUTE_MS, END_MS + 30 * MINUTE_MS));
  expect(within).toEqual(alone);
  expect(await of(fileOf(stepMs, BEGIN_MS, END_MS), null)).toEqual(alone);
  expect(alone.fills).toHaveLength(2);
  // What was bought is worth what the last bar closed at, and buying and holding began with the first one's open.
  expect(alone.finalEquity).toBe('9999.90000000');
  expect(alone.candles[0]?.candles[0]).toMatchObject({ openTicks: 10_000 });
});
