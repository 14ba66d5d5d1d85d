import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { checkRecording } from '../../src/market/recorded/check-recording.js';
import { openRecordedFeed } from '../../src/market/recorded/recorded-feed.js';
import { btc } from '../support/paper-instruments.js';
import { memoryPosition } from './memory-position.js';
import { short } from './recordings.js';

const shared = resolve('../shared/data');
describe.skipIf(!existsSync(shared))('real recordings (skipped where the data folder is absent)', () => {
  it('of fifty days of BTC minutes pass every check', async () => {
    const perpetual = buildInstrument(0, { ...btc, lotSize: '0.001', tickSize: '0.1', minNotional: '5' });
    await checkRecording(
      [{ symbol: null, file: join(shared, 'binanceusdm-BTCUSDT-1m-2025-05_06.csv.gz') }],
      [perpetual],
    );
  });

  it('of two weeks of bid and ask minutes, a file each, are one recording whose spread is that of the files', async () => {
    const eur = buildInstrument(0, {
      ...btc,
      symbol: 'EUR/USD',
      ...{ tickSize: '0.00001', lotSize: '1', minNotional: '0' },
    });
    const sides = (['bid', 'ask'] as const).map((side) => ({
      ...{ symbol: null, side, file: join(shared, `oanda-EURUSD-1m-${side}-2014-05.csv.gz`) },
    }));
    const feed = await openRecordedFeed({
      ...{ files: sides, instruments: [eur], spreadTicks: [1], speed: null },
      ...{ position: memoryPosition(), steadyMs: () => 0 },
    });
    const seen = { bars: 0, spreads: new Set<number>() };
    await new Promise<void>((done) => {
      feed.start((event) => {
        if (event.kind === 'bar') seen.bars += 1;
        if (event.kind === 'quote') seen.spreads.add(event.askTicks - event.bidTicks);
        if (event.kind === 'ended') done();
      });
    });
    await feed.stop();
    expect(seen.bars).toBe(15_366);
    expect(seen.spreads.size).toBeGreaterThan(20);
  });

  it('of trades make the bars that the exchange published', async () => {
    const xrp = buildInstrument(0, {
      ...btc,
      symbol: 'XRP/ETH',
      tickSize: '0.00000001',
      lotSize: '1',
      minNotional: '0',
    });
    const bars = async (name: string): Promise<string[]> => {
      const feed = await openRecordedFeed({
        files: [{ symbol: null, file: join(shared, name) }],
        instruments: [xrp],
        spreadTicks: [1],
        speed: null,
        position: memoryPosition(),
        steadyMs: () => 0,
      });
      const seen: string[] = [];
      await new Promise<void>((done) => {
        feed.start((event) => {
          if (event.kind === 'bar') seen.push(short(event));
          if (event.kind === 'ended') done();
        });
      });
      await feed.stop();
      return seen;
    };
    const built = await bars('binance-XRPETH-trades-2019-10.csv.gz');
    expect(built).toEqual(await bars('binance-XRPETH-1m-2019-10.csv.gz'));
    expect(built).toHaveLength(2469);
  });
});
