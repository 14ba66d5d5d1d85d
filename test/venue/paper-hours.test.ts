/** A paper venue whose market closes: nothing is matched in between, and what rests waits for the open. */
import { expect, it } from 'vitest';
import { MONEY_SCALE } from '../../src/domain/money.js';
import { SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { ALWAYS_OPEN, withOwnHours } from '../../src/domain/sessions/trading-hours.js';
import { SteppedPaperVenue } from '../../src/venue/paper/stepped-venue.js';
import { approved } from '../support/approved-order.js';
import { cryptoInstruments } from '../support/paper-instruments.js';
import { loaded } from '../validation/support/validations.js';

/** On Mondays until noon, and from 13:00 on. */
const HOURS = withOwnHours(ALWAYS_OPEN, { hours: { mon: ['09:00-12:00', '13:00-17:00'] } });
const at = (time: string): number => Date.parse(`2026-01-05T${time}Z`);

function bench() {
  const fills: [clientId: string, time: string][] = [];
  const due: (() => void)[] = [];
  let marketMs = at('11:58');
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
    calendars: [new SessionCalendar(HOURS, () => 0)],
    onEvent: (event) => {
      if (event.kind === 'fill')
        fills.push([event.fill.clientId, new Date(event.fill.marketMs).toISOString().slice(11, 16)]);
    },
  });
  const quote = (time: string, bidTicks: number): void => {
    marketMs = at(time);
    const sizes = { bidLots: 1000, askLots: 1000 };
    venue.onMarket({ kind: 'quote', instrument: 0, marketMs, bidTicks, askTicks: bidTicks + 2, ...sizes });
  };
  const arrive = (): void => {
    for (const work of due.splice(0)) work();
  };
  return { venue, fills, quote, arrive };
}

it('fills nothing in a closed market, whatever is quoted or traded there, and goes on at the open', () => {
  const { venue, fills, quote } = bench();
  quote('11:58', 6_000_000);
  const limit = approved({ type: 'limit', limitTicks: 5_900_000, quantityLots: 400 });
  expect(venue.submit(limit).kind).toBe('accepted');
  quote('11:59', 6_000_000);
  quote('12:00', 5_800_000);
  const trade = { priceTicks: 5_800_000, quantityLots: 1000, marketMs: at('12:30'), taker: null };
  venue.onMarket({ kind: 'trade', instrument: 0, ...trade });
  quote('12:59', 5_800_000);
  expect(fills).toEqual([]);
  quote('13:00', 5_800_000);
  expect(fills).toEqual([[limit.clientId, '13:00']]);
});

it('refuses what would be filled at once, and lets a limit that crosses the last price rest', () => {
  const { venue, fills, quote, arrive } = bench();
  quote('11:58', 6_000_000);
  quote('12:30', 6_000_000);
  expect(venue.submit(approved({ quantityLots: 400 }))).toMatchObject({
    kind: 'rejected',
    text: 'Market is closed.',
  });
  const crossing = approved({ type: 'limit', limitTicks: 6_100_000, quantityLots: 400 });
  expect(venue.submit(crossing).kind).toBe('accepted');
  arrive();
  expect(fills).toEqual([]);
  quote('13:00', 6_000_000);
  expect(fills).toEqual([[crossing.clientId, '13:00']]);
});

it('passes on the way inside a bar only prices of an open market, from where that way begins', () => {
  const { venue, quote } = bench();
  quote('11:58', 6_000_000);
  const bids = [5_990_000, 5_500_000, 5_010_000];
  const way = (from: string, to: string, now = from) => {
    const sizes = { bidLots: 0, askLots: 0, wayFromMs: at(from), marketMs: at(to) };
    const next = {
      kind: 'quote',
      instrument: 0,
      bidTicks: 5_000_000,
      askTicks: 5_000_002,
      ...sizes,
    } as const;
    const found = venue.onTheWay(next, at(now), () => ({ bids, asks: [], fromMs: Number.POSITIVE_INFINITY }));
    return found && [found.bidTicks, new Date(found.marketMs).toISOString().slice(11, 16)];
  };
  expect(way('11:58', '13:38')).toEqual([5_990_000, '11:59']);
  // Something that waits since the pause: what was passed before or in it is reached once the market is open.
  expect(way('11:58', '13:38', '12:30')).toEqual([5_010_000, '13:37']);
  expect(way('11:58', '12:20', '12:10')).toBeNull();
  // The price where this way begins was of a closed market: from the one before it prices have jumped.
  quote('12:30', 5_995_000);
  expect(way('12:30', '13:38')).toBeNull();
});
