/** The paper account is charged for what it holds once for each time, whatever is restarted and however prices come. */
import { afterEach, describe, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { type HoldingSource, holdingCost } from '../../src/domain/holding-cost.js';
import { parseMoney } from '../../src/domain/money.js';
import { zoneOffset } from '../../src/domain/zone-offset.js';
import type { PaperVenueOptions } from '../../src/venue/paper/paper-venue.js';
import { approved } from '../support/approved-order.js';
import { PAPER, PaperBench } from './paper-bench.js';

const fees = { minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 };
const BTC = { ...fees, kind: 'linear', tickSize: '0.1', lotSize: '0.001' } as const;
const instruments = ['BTC/USDT', 'ETH/USDT'].map((symbol, id) => buildInstrument(id, { ...BTC, symbol }));

const FUNDING: HoldingSource = { funding: { ratePct: '0.01', everyHours: 8 } };
const costs = (...sources: readonly HoldingSource[]) => sources.map((one) => holdingCost(one, zoneOffset));

const at = (time: string): number => Date.parse(`2026-03-0${time}:00Z`);
let clock = at('2T07:00');
const benches: PaperBench[] = [];

function benchWith(more: Partial<PaperVenueOptions> = {}): PaperBench {
  clock = at('2T07:00');
  const bench = new PaperBench({ ...venueOf(), ...more });
  benches.push(bench);
  return bench;
}

const venueOf = (): Partial<PaperVenueOptions> => ({
  instruments,
  paper: { ...PAPER, balance: '100000', makerFeePpm: 0, takerFeePpm: 0, slippageTicks: 0 },
  nowMs: () => clock,
  holdingCosts: costs(FUNDING, FUNDING),
});

/** Half a bitcoin at 60,000: 0.01 % of it is 3. */
async function holdHalf(bench: PaperBench, quantityLots = 500): Promise<void> {
  bench.quote(at('2T07:00'), 600_000, 600_000);
  await bench.venue.submit(approved({ quantityLots }));
  await bench.filled(1);
}

const movements = async (bench: PaperBench) =>
  ((await bench.venue.cashMovements?.(0))?.movements ?? []).map(
    ({ amount, marketMs }) => `${new Date(marketMs).toISOString().slice(8, 16)} ${amount}`,
  );

const cashOf = async (bench: PaperBench) => (await bench.venue.balances()).cash;

const quiet = (bench: PaperBench, time: string): void => bench.quote(at(time), 600_000, 600_000);

afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.end();
});

describe('a paper account that holds a perpetual', () => {
  it('is charged behind the last price of that moment, and tells it', async () => {
    const bench = benchWith();
    await holdHalf(bench);
    quiet(bench, '2T08:00');
    expect(await movements(bench)).toEqual([]);
    quiet(bench, '2T08:01');
    expect(await movements(bench)).toEqual(['02T08:00 -3.00000000']);
    expect(await cashOf(bench)).toBe(parseMoney('99997'));
    expect(bench.events.filter(({ kind }) => kind === 'movement')).toMatchObject([
      {
        movement: {
          ...{ kind: 'funding', asset: 'USDT', source: 'BTC/USDT' },
          reason: '0.500 BTC of BTC/USDT held at 2026-03-02T08:00Z',
        },
      },
    ]);
  });

  it('is charged once after a restart, also for the time in which no trader ran', async () => {
    const bench = benchWith();
    await holdHalf(bench);
    quiet(bench, '2T08:01');
    await bench.reopen(venueOf());
    // Nobody knows a price yet: the first one counts.
    clock = at('3T00:02');
    expect(await cashOf(bench)).toBe(parseMoney('99997'));
    bench.quote(at('3T00:02'), 500_000, 500_000);
    const charged = ['02T08:00 -3.00000000', '02T16:00 -2.50000000', '03T00:00 -2.50000000'];
    expect(await movements(bench)).toEqual(charged);
    expect(await cashOf(bench)).toBe(parseMoney('99992'));
    await bench.reopen(venueOf());
    bench.quote(at('3T00:03'), 500_000, 500_000);
    expect(await movements(bench)).toEqual(charged);
  });

  it('is charged at the prices of the minutes that are caught up', async () => {
    const bench = benchWith();
    await holdHalf(bench);
    await bench.reopen(venueOf());
    const bar = (openMs: number, ticks: number) => ({
      ...{ instrument: 0, openMs, spanMs: 60_000, volumeLots: 0 },
      ...{ openTicks: ticks, highTicks: ticks, lowTicks: ticks, closeTicks: ticks },
    });
    await bench.venue.catchUp([bar(at('2T07:59'), 400_000), bar(at('2T08:30'), 600_000)]);
    // The bid of a bar with a spread of one tick is its price: 20,000.025 × 0.0001.
    expect(await movements(bench)).toEqual(['02T08:00 -2.00000250']);
  });

  it('is charged while its market is silent, as soon as its account is read', async () => {
    const bench = benchWith();
    await holdHalf(bench);
    clock = at('2T16:01');
    expect(await cashOf(bench)).toBe(parseMoney('99994'));
    expect(await movements(bench)).toEqual(['02T08:00 -3.00000000', '02T16:00 -3.00000000']);
  });

  it('pays nothing for what it did not hold then', async () => {
    const bench = benchWith();
    bench.quote(at('2T07:00'), 600_000, 600_000, { instrument: 1 });
    quiet(bench, '2T08:01');
    await holdHalf(bench);
    await bench.reopen(venueOf());
    quiet(bench, '2T15:59');
    expect([await movements(bench), await cashOf(bench)]).toEqual([[], parseMoney('100000')]);
  });

  it('pays nothing for a time in which nothing was declared', async () => {
    const bench = benchWith();
    await holdHalf(bench);
    quiet(bench, '2T08:01');
    await bench.reopen({ ...venueOf(), holdingCosts: costs({}, {}) });
    quiet(bench, '3T09:00');
    await bench.reopen(venueOf());
    quiet(bench, '3T16:01');
    expect(await movements(bench)).toEqual(['02T08:00 -3.00000000', '03T16:00 -3.00000000']);
  });

  it('has no list of movements, and pays nothing, where nothing is declared', async () => {
    const bench = benchWith({ holdingCosts: costs({}, {}) });
    await holdHalf(bench);
    quiet(bench, '2T08:01');
    expect(bench.venue.cashMovements).toBeUndefined();
    expect(await cashOf(bench)).toBe(parseMoney('100000'));
  });
});
