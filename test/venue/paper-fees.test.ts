/** Fees of the paper venue, in the coin in which Binance takes them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { approved } from '../support/approved-order.js';
import { btc, eth } from '../support/paper-instruments.js';
import { PAPER, PaperBench } from './paper-bench.js';

const IN_COIN = { ...PAPER, feesIn: 'coin' } as const;
const bnb = buildInstrument(2, {
  symbol: 'BNB/USDT',
  kind: 'spot',
  tickSize: '0.01',
  lotSize: '0.001',
  minNotional: '5',
  makerFeePpm: 1000,
  takerFeePpm: 2000,
});
const instruments = [btc, eth, bnb];

let bench: PaperBench;
beforeEach(() => {
  bench = new PaperBench();
});
afterEach(() => bench.end());

async function trade(side: 'buy' | 'sell', quantityLots: number): Promise<void> {
  const before = bench.fills().length;
  expect(await bench.venue.submit(approved({ side, quantityLots }))).toMatchObject({ kind: 'accepted' });
  await bench.filled(before + 1);
}

describe('a fee on paper, where the desk file says coin,', () => {
  beforeEach(() => bench.reopen({ directory: null, paper: IN_COIN }));

  it('of a purchase is kept of what was bought, to the last place; cash pays the purchase alone', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    await trade('buy', 1_003);
    // 0.2 % of 0.01003.
    expect(bench.fills()[0]).toMatchObject({
      quantityLots: 1_003,
      feeIn: { asset: 'BTC', amount: '0.00002006' },
    });
    expect(await bench.venue.positions()).toEqual([{ instrument: 0, quantityLots: 1_000 }]);
    expect(Object.fromEntries(await bench.venue.holdings())).toEqual({
      USDT: (10_000 - 0.01003 * 60_000.01).toFixed(8),
      BTC: '0.01000994',
    });
  });

  it('of a sale is taken of the money, and what is left below a lot stays in the account', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    await trade('buy', 1_003);
    expect(await bench.venue.submit(approved({ side: 'sell', quantityLots: 1_001 }))).toMatchObject({
      kind: 'rejected',
    });
    await trade('sell', 1_000);
    expect(bench.fills()[1]).not.toHaveProperty('feeIn');
    expect(bench.fills()[1]?.fee).toBe(Math.round(0.01 * 59_997.99 * 0.002 * 1e8));
    expect(await bench.venue.positions()).toEqual([]);
    expect((await bench.venue.holdings()).get('BTC')).toBe('0.00000994');
  });

  it('needs no cash beside the purchase: all of it may be spent', async () => {
    bench.quote(1000, 9_999, 9_998);
    bench.quote(1001, 9_999_900, 9_999_999);
    // One tick of slippage makes 100,000.00 a coin.
    expect(await bench.venue.submit(approved({ quantityLots: 10_000 }))).toMatchObject({ kind: 'accepted' });
    await bench.filled(1);
    expect((await bench.venue.holdings()).get('USDT')).toBe('0.00000000');
  });
});

describe('a book on disk', () => {
  it('keeps what is below a lot, and what is left of a stock for fees', async () => {
    const paper = { ...IN_COIN, feeStock: { BNB: '0.001' } };
    await bench.end();
    bench = new PaperBench();
    await bench.reopen({ directory: `${bench.directory}/another`, instruments, paper });
    bench.quote(1000, 60_000, 60_002, { instrument: 2 });
    bench.quote(1001, 5_999_800, 6_000_000);
    // 0.75 of 0.2 % of 3.0000005 USDT, at 600 a BNB.
    await trade('buy', 10);
    expect(bench.fills()[0]).toMatchObject({ fee: 0, feeIn: { asset: 'BNB', amount: '0.00001500' } });
    // More than is left: the coin pays.
    await trade('buy', 1_003);
    expect(bench.fills()[1]?.feeIn).toEqual({ asset: 'BTC', amount: '0.00002006' });
    const before = await bench.venue.holdings();
    expect(before.get('BNB')).toBe('0.00098500');
    expect(before.get('BTC')).toBe('0.01010994');
    await bench.reopen({ directory: `${bench.directory}/another`, instruments, paper });
    expect(await bench.venue.holdings()).toEqual(before);
  });
});

describe('a fee on paper, where the desk file says nothing,', () => {
  it('is taken of the cash, as before', async () => {
    await bench.buyOne();
    expect(bench.fills()[0]).not.toHaveProperty('feeIn');
    expect((await bench.venue.holdings()).get('BTC')).toBe('0.01000000');
  });
});
