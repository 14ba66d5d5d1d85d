/** A paper venue that gives orders a part of what was traded. */
import { expect, it } from 'vitest';
import { MONEY_SCALE } from '../../src/domain/money.js';
import { SteppedPaperVenue } from '../../src/venue/paper/stepped-venue.js';
import { approved } from '../support/approved-order.js';
import { cryptoInstruments } from '../support/paper-instruments.js';
import { loaded } from '../validation/support/validations.js';

function bench() {
  const fills: [clientId: string, lots: number][] = [];
  const due: (() => void)[] = [];
  let marketMs = 0;
  const venue = new SteppedPaperVenue({
    instruments: cryptoInstruments,
    paper: { ...loaded.desk.paper, feesIn: 'quote' },
    cash: 100_000 * MONEY_SCALE,
    bookId: 'abcdef',
    schedule: (_delayMs, work) => {
      due.push(work);
      return () => due.splice(0, due.length, ...due.filter((other) => other !== work));
    },
    marketNowMs: () => marketMs,
    onEvent: (event) => {
      if (event.kind === 'fill') fills.push([event.fill.clientId, event.fill.quantityLots]);
    },
    fills: { volumePartPpm: 500_000 },
  });
  const quote = (bidTicks: number, lots: number): void => {
    marketMs += 60_000;
    const askTicks = bidTicks + 2;
    venue.onMarket({
      kind: 'quote',
      instrument: 0,
      marketMs,
      bidTicks,
      askTicks,
      bidLots: lots,
      askLots: lots,
    });
  };
  return { venue, fills, quote };
}

it('shares what a price offers between all orders, and lets a market order wait for the next one', () => {
  const { venue, fills, quote } = bench();
  quote(6_000_000, 1000);
  const [first, second] = [approved({ quantityLots: 400 }), approved({ quantityLots: 400 })];
  for (const order of [first, second]) expect(venue.submit(order).kind).toBe('accepted');
  quote(6_000_000, 1000);
  expect(fills).toEqual([
    [first.clientId, 400],
    [second.clientId, 100],
  ]);
  quote(6_000_000, 200);
  quote(6_000_000, 1000);
  expect(fills.slice(2)).toEqual([
    [second.clientId, 100],
    [second.clientId, 200],
  ]);
});

it('sells the rest of a stop that went off, though prices are above it again', () => {
  const { venue, fills, quote } = bench();
  quote(6_000_000, 2000);
  venue.submit(approved({ quantityLots: 1000 }));
  quote(6_000_000, 2000);
  const stop = approved({ side: 'sell', type: 'stop', stopTicks: 5_900_000, quantityLots: 1000 });
  venue.submit(stop);
  quote(5_950_000, 1000);
  expect(fills).toHaveLength(1);
  quote(5_890_000, 600);
  quote(5_950_000, 1000);
  quote(5_950_000, 1000);
  expect(fills.slice(1)).toEqual([
    [stop.clientId, 300],
    [stop.clientId, 500],
    [stop.clientId, 200],
  ]);
});

it('gives an entry at the market what this price offers, and lets nothing of it wait', () => {
  const { venue, fills, quote } = bench();
  quote(6_000_000, 1000);
  const entry = approved({ quantityLots: 800, limitTicks: 6_000_010, timeInForce: 'IOC' });
  expect(venue.submit(entry).kind).toBe('accepted');
  quote(6_000_000, 1000);
  quote(6_000_000, 1000);
  expect(fills).toEqual([[entry.clientId, 500]]);
  expect(venue.orderByClientId(entry.clientId)).toMatchObject({ state: 'expired', filledLots: 500 });
});
