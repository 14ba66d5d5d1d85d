/** No seed so far has refused the stop for the rest of a position that grew: what the watcher takes for cover is tried by itself. */
import { expect, it } from 'vitest';
import type { EngineEvent } from '../../src/engine/event.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { approved } from '../support/approved-order.js';
import { FollowedBook } from './followed-book.js';
import { Random } from './random.js';
import { drawScenario } from './scenario.js';
import { RefusedStops } from './watchers/refused-stops.js';

const SEED = 1;
const BID_TICKS = 10_000;
const AT = { marketMs: 0, wallMs: 0, monotonicMs: 0 };

const scenario = drawScenario(SEED, new Random(SEED));

/** 900 lots are held, a stop rests for so many of them, and every other stop is refused for half a minute. */
function objectionsWith(stopLots: number): string[] {
  const book = new FollowedBook(scenario);
  const watcher = new RefusedStops(book, scenario);
  const tell = (record: EngineRecord) => book.follow(record);
  const stop = (quantityLots: number) =>
    approved({ purpose: 'protective', side: 'sell', type: 'stop', stopTicks: BID_TICKS - 100, quantityLots });
  tell({ type: 'position.adopted', instrument: 0, quantityLots: 900, priceTicks: BID_TICKS, marketMs: 0 });
  const rests = stop(stopLots);
  const { clientId } = rests;
  tell({ type: 'order.intended', order: rests, marketMs: 0 });
  tell({ type: 'order.state', clientId, state: 'working', venueId: '1', reason: '', marketMs: 0 });
  watcher.heard({ kind: 'quote', instrument: 0, bidTicks: BID_TICKS, askTicks: BID_TICKS + 1, ...AT });
  const objections: string[] = [];
  for (let second = 1; second <= 30; second += 1) {
    const whole = stop(900);
    const refused = { code: '-2010', text: 'no', replaced: clientId, old: 'rests' } as const;
    tell({ type: 'order.intended', order: whole, replaces: clientId, marketMs: 0 });
    const event: EngineEvent = { kind: 'order.replaceRejected', clientId: whole.clientId, ...refused, ...AT };
    watcher.heard(event);
    tell({
      ...{ type: 'order.state', clientId: whole.clientId, state: 'rejected', venueId: null },
      ...{ reason: '', marketMs: 0 },
    });
    const moment = {
      wallMs: second * 1000,
      view: () => {
        throw new Error('nobody asks for it');
      },
    };
    const objection = watcher.looked(moment);
    if (objection !== null) objections.push(objection);
  }
  return objections;
}

it('takes a stop over a part of the position for no cover of all of it', () => {
  expect(objectionsWith(450)[0]).toMatch(/^the stops of 0 are refused for \d+ ms, and nothing closes it$/);
});

it('says nothing of a stop that covers all of it', () => {
  expect(objectionsWith(900)).toEqual([]);
});
