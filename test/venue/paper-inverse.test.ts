/** The paper account of inverse contracts: kept in the coin, and worth less of it the higher the price. */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { parseMoney } from '../../src/domain/money.js';
import { applyExecution } from '../../src/engine/apply-cash.js';
import { applyRecord } from '../../src/engine/apply-record.js';
import { cashUnits, stepsAt } from '../../src/engine/books.js';
import { createState } from '../../src/engine/state.js';
import { PaperBook } from '../../src/venue/paper/book.js';
import { approved } from '../support/approved-order.js';
import { PAPER, PaperBench } from './paper-bench.js';

/** A contract is worth 100 dollars; no order below 0.001 BTC. */
const BTC = buildInstrument(0, {
  ...{ symbol: 'BTC/USD', kind: 'inverse', tickSize: '0.5', lotSize: '1', multiplier: '100' },
  ...{ minNotional: '0.001', makerFeePpm: 200, takerFeePpm: 500 },
});
const COINS = {
  instruments: [BTC],
  paper: { ...PAPER, balance: '1', currency: 'BTC', makerFeePpm: 200, takerFeePpm: 500, slippageTicks: 0 },
};
const dollars = (price: number): number => price * 2;

let bench: PaperBench;
beforeEach(() => {
  bench = new PaperBench(COINS);
});
afterEach(() => bench.end());

const quote = (atMs: number, price: number) => bench.quote(atMs, dollars(price) - 1, dollars(price));

async function trade(side: 'buy' | 'sell', quantityLots: number): Promise<void> {
  const before = bench.fills().length;
  expect(await bench.venue.submit(approved({ side, quantityLots }))).toMatchObject({ kind: 'accepted' });
  await bench.filled(before + 1);
}

it('pays fees and results in the coin, to its books’ last place, also after a restart', async () => {
  quote(1000, 50_000);
  await trade('buy', 100);
  // 10,000 ÷ 50,000 = 0.2; 0.05 % of it
  expect(bench.fills()[0]).toMatchObject({ priceTicks: dollars(50_000), fee: parseMoney('0.0001') });
  expect(await bench.venue.balances()).toEqual({ cash: parseMoney('0.9999'), currency: 'BTC' });
  expect(await bench.venue.holdings()).toEqual(new Map([['BTC', '0.99990000']]));
  await bench.reopen(COINS);
  quote(2000, 55_000);
  quote(2001, 55_000.5);
  // Half of it, at the bid of 55,000: 0.1 − 5,000 ÷ 55,000 = 0.009090909091; fee 0.00004545
  await trade('sell', 50);
  expect(await bench.venue.balances()).toMatchObject({ cash: parseMoney('1.00894545') });
  await bench.reopen(COINS);
  // The other half the same: the fractions of both make one more money unit than each alone.
  quote(3000, 55_000.5);
  await trade('sell', 50);
  expect(await bench.venue.balances()).toMatchObject({ cash: parseMoney('1.01799091') });
  expect(await bench.venue.positions()).toEqual([]);
});

it('turns a position round: what is closed pays its result, what is opened costs a new price', async () => {
  quote(1000, 50_000);
  await trade('buy', 100);
  quote(2000, 40_000.5);
  // 100 closed at 40,000: 0.2 − 0.25; 60 opened there. Fee of 160: 0.0002
  await trade('sell', 160);
  expect(await bench.venue.positions()).toEqual([{ instrument: 0, quantityLots: -60 }]);
  expect(await bench.venue.balances()).toMatchObject({ cash: parseMoney('0.9497') });
  quote(3000, 50_000);
  // 60 sold at 40,000 and bought back at 50,000: 0.12 − 0.15. Fee 0.00006
  await trade('buy', 60);
  expect(await bench.venue.balances()).toMatchObject({ cash: parseMoney('0.91964') });
});

it('lends nothing: a contract takes more of the coin the lower the price', async () => {
  const answer = async (order: Parameters<typeof approved>[0]) => bench.venue.submit(approved(order));
  quote(1000, 50_000);
  // One BTC carries 500 contracts at 50,000, and only 400 at 40,000.
  expect(await answer({ quantityLots: 501 })).toMatchObject({ kind: 'rejected', code: '-2019' });
  const limit = { type: 'limit', limitTicks: dollars(40_000) } as const;
  expect(await answer({ ...limit, quantityLots: 401 })).toMatchObject({ kind: 'rejected', code: '-2019' });
  expect(await answer({ ...limit, quantityLots: 300 })).toMatchObject({ kind: 'accepted' });
  // 0.75 are held back: 125 contracts at 50,000 take the other quarter.
  expect(await answer({ quantityLots: 126 })).toMatchObject({ kind: 'rejected', code: '-2019' });
  await trade('buy', 125);
});

it('counts an open loss against what else may be opened', async () => {
  quote(1000, 50_000);
  await trade('buy', 100);
  // At a bid of 40,000: 0.9999 − 0.05 lost − 0.25 of margin leave 0.6999, 279 contracts at 40,000.
  quote(2000, 40_000.5);
  const rejected = await bench.venue.submit(approved({ quantityLots: 280 }));
  expect(rejected).toMatchObject({ kind: 'rejected', code: '-2019' });
  await trade('buy', 279);
});

it('takes no order that is worth less than its smallest one', async () => {
  quote(1000, 50_000);
  await trade('buy', 1);
  // 100 dollars are 0.002 at 50,000, and less than 0.001 above 100,000.
  quote(2000, 100_001);
  const answer = await bench.venue.submit(approved({ quantityLots: 1 }));
  expect(answer).toMatchObject({ kind: 'rejected', code: '-1013' });
});

it('refuses a book whose money is not the coin', async () => {
  await bench.venue.close();
  expect(() => bench.open({ ...COINS, paper: { ...COINS.paper, currency: 'USD' } })).toThrow(
    /paper money is in USD, but BTC\/USD is paid in BTC/,
  );
  bench.open(COINS);
});

it('agrees with the books of the desk to the last place after any fills, also where it is read again', () => {
  const fills = fc.array(
    fc.tuple(
      fc.constantFrom('buy' as const, 'sell' as const),
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: 20_000, max: 300_000 }),
    ),
    { minLength: 1, maxLength: 60 },
  );
  fc.assert(
    fc.property(fills, (all) => {
      const begun = { bookId: 'b', currency: 'BTC', prices: 'p', cash: 1e12, idsGiven: 0, seenMs: 0 };
      const instruments = new Map([[BTC.symbol, BTC]]);
      let book = new PaperBook({ ...begun, positions: [], orders: [], fills: [] }, instruments);
      const state = createState();
      applyRecord(state, {
        ...{ type: 'config', configHash: 'hash', desk: 'desk', symbols: [BTC.symbol] },
        ...{ instruments: [BTC], startingCash: 1e12, marketMs: 0 },
      });
      for (const [at, [side, quantityLots, priceTicks]] of all.entries()) {
        const fee = at * 7;
        const done = {
          side,
          quantityLots,
          priceTicks,
          liquidity: 'taker',
          marketMs: at,
          caughtUp: false,
        } as const;
        book.apply({
          type: 'fill',
          fill: { ...done, tradeId: `${at}`, clientId: `${at}`, symbol: BTC.symbol, fee },
        });
        applyExecution(state, BTC, {
          ...{ side, quantityLots, priceTicks, fee: BigInt(fee) * stepsAt(state, 0).perMoney },
          ...{ paidFrom: 'cash', coins: 0n, order: null, why: 'venue', marketMs: at },
        });
        if (at % 3 === 0) book = new PaperBook(JSON.parse(JSON.stringify(book.state())), instruments);
        const { quantityLots: lots, cost } = book.position(BTC.symbol);
        expect([book.cashUnits, lots]).toEqual([cashUnits(state), state.positions[0]?.quantityLots]);
        expect(BigInt(Math.round(Number(cost) * 1e4))).toBe(state.positions[0]?.cost);
      }
    }),
  );
});
