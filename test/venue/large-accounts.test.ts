import { expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { formatMoney, parseUnits } from '../../src/domain/money.js';
import { applyRecord } from '../../src/engine/apply-record.js';
import { cashUnits } from '../../src/engine/books.js';
import { createState } from '../../src/engine/state.js';
import { approved } from '../support/approved-order.js';
import { PAPER, PaperBench } from './paper-bench.js';

const FEES = { kind: 'spot', minNotional: '0', makerFeePpm: 1000, takerFeePpm: 2000 } as const;
const pair = (symbol: string, tickSize: string, lotSize: string) =>
  buildInstrument(0, { symbol, tickSize, lotSize, ...FEES });

it.each([
  ['JPY', pair('BTC/JPY', '1', '0.00001'), '25000000000.00000001', 15_000_000],
  ['KRW', pair('BTC/KRW', '1000', '0.00001'), '900000000000.00000003', 150_000],
  ['BTC', pair('ETH/BTC', '0.00001', '0.0001'), '12.34567891', 4_200],
] as const)(
  'an account in %s is counted to the last unit, by the paper venue and by the engine',
  async (currency, instrument, balance, ticks) => {
    const bench = new PaperBench();
    const instruments = [instrument];
    const paper = { ...PAPER, balance, currency };
    await bench.end();
    bench.open({ instruments, paper });
    try {
      expect(formatMoney((await bench.venue.balances()).cash)).toBe(balance);
      const state = createState();
      applyRecord(state, {
        type: 'config',
        configHash: 'hash',
        desk: 'desk',
        symbols: [instrument.symbol],
        instruments,
        startingCash: parseUnits(balance).toString(),
        marketMs: 0,
      });
      bench.quote(1000, ticks - 2, ticks);
      const buy = approved({ type: 'market', limitTicks: null, quantityLots: 777 });
      expect(await bench.venue.submit(buy)).toMatchObject({ kind: 'accepted' });
      await bench.filled(1);
      for (const fill of bench.fills()) applyRecord(state, { type: 'fill', fill });
      const venues = BigInt((await bench.venue.balances()).cash);
      const difference = venues - cashUnits(state);
      // A pair finer than money units: the venue cuts to eight places.
      const most = instrument.moneyPerTickLot < 1 ? 1n : 0n;
      expect(difference <= most && difference >= -most).toBe(true);
      expect(state.positions[0]?.quantityLots).toBe(777);
    } finally {
      await bench.end();
    }
  },
);
