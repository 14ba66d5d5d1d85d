/** Live prices may overtake each other; the time of a run goes on all the same. */
import { expect, it } from 'vitest';
import { openInstance } from '../../src/backtest/instance/trading-instance.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { buildInstruments } from '../../src/trader/engine-config.js';
import { loadDesk } from '../../src/venue/load-desk.js';

const BEGIN_MS = Date.parse('2026-01-05T23:58:30Z');

it('a quote from before midnight that comes after it begins the new day', () => {
  const { desk, configHash } = loadDesk(resolveDesk('crypto-bot'));
  const records: EngineRecord[] = [];
  const { instance } = openInstance({
    ...{ id: 'late', desk, configHash, instruments: buildInstruments(desk), live: true },
    ...{ beginMs: BEGIN_MS, wallMs: BEGIN_MS, onRecord: (record) => void records.push(record) },
  });
  instance.begin();
  // The tick is just before midnight, and the next one is not due yet.
  for (const afterMs of [60_500, 89_900, 90_100]) instance.advanceTo(BEGIN_MS + afterMs);
  instance.onMarket({
    ...{ kind: 'quote', instrument: 0, marketMs: BEGIN_MS + 89_950 },
    ...{ bidTicks: 6_000_000, askTicks: 6_000_002, bidLots: 0, askLots: 0 },
  });
  const days = records.flatMap((record) => (record.type === 'day' ? [record.marketMs - BEGIN_MS] : []));
  expect(days.at(-1)).toBe(90_100);
  expect(days).toHaveLength(2);
});
