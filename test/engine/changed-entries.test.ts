/** A strategy takes back and changes its own entries, and enters one of two. */
import { describe, expect, it } from 'vitest';
import type { TradedStrategy } from '../../src/engine/config.js';
import { createEngine } from '../../src/engine/engine.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type {
  EntryWish,
  LimitEntry,
  StrategyContext,
  TouchedEntry,
} from '../../src/engine/strategies/strategy.js';
import { SPOT } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';

type Ask = (context: StrategyContext) => void;
type Changes = ConstructorParameters<typeof DeskUnderTest>[0];

/** The bid is 10,000 and the ask 10,002. */
const IN: LimitEntry = { side: 'buy', limitTicks: 9_990, protectTicks: 9_800, restBars: 9, because: 'in' };
const DIP: TouchedEntry = {
  ...{ side: 'buy', type: 'ifTouched', touchTicks: 9_950, limitTicks: null, slippageTicks: 5 },
  ...{ restBars: 9, protectTicks: 9_800, because: 'a dip' },
};

/** At each bar it asks for the next of these. */
function asking(asks: readonly Ask[], name = 'asks'): TradedStrategy {
  const kind = `./strategies/${name}.ts`;
  return {
    ...{ name, kind, symbols: ['BTC/USDT'], enabled: true, parameters: {} },
    own: {
      ...{ kind, suits: 'trending', parameters: [] },
      create: () => {
        const ahead = [...asks];
        return { warmupBars: 0, onBar: (context) => ahead.shift()?.(context), state: () => '' };
      },
    },
  };
}

const entering =
  (...wishes: readonly EntryWish[]): Ask =>
  (context) => {
    for (const wish of wishes) context.enter(wish);
  };
const cancels: Ask = (context) => context.cancel('the trend is over');

/** After the first bar; each entry that was sent rests. */
function resting(asks: readonly Ask[], changes: Changes = {}): DeskUnderTest {
  const desk = new DeskUnderTest({ strategies: [asking(asks)], ...changes }, 1).active();
  desk.bar(0, 10_000);
  for (const entry of desk.live('entry', 0)) desk.accept(entry);
  return desk;
}

const notes = (desk: DeskUnderTest) => desk.recorded('note').map(({ text }) => text);

function replays(desk: DeskUnderTest): void {
  const again = createEngine(desk.config);
  for (const record of desk.records) again.apply(JSON.parse(JSON.stringify(record)) as EngineRecord);
  expect(again.stateHash()).toBe(desk.engine.stateHash());
}

describe('an entry that its strategy takes back', () => {
  it('is cancelled in the event in which it asks, with its reason on record', () => {
    const desk = resting([entering(IN), cancels]);
    const [entry] = desk.live('entry', 0);
    desk.bar(0, 10_000);
    expect(desk.sent('cancel')).toEqual([entry!.clientId]);
    expect(desk.recorded('order.state').at(-1)).toMatchObject({
      ...{ clientId: entry!.clientId, state: 'cancelling' },
      reason: 'asks withdrew it: the trend is over',
    });
    desk.happen({ kind: 'order.cancelled', clientId: entry!.clientId });
    expect(desk.live('entry', 0)).toEqual([]);
    replays(desk);
  });

  it('and that waits in the core is dropped, and makes no order any more', () => {
    const desk = resting([entering(DIP), cancels]);
    desk.bar(0, 10_000);
    expect(desk.recorded('entry.over')).toMatchObject([
      { outcome: 'dropped', reason: 'asks withdrew it: the trend is over' },
    ]);
    desk.quote(0, 9_940);
    expect(desk.live('entry', 0)).toEqual([]);
  });

  it('and that is filled as the cancel leaves keeps what was filled, with its stop', () => {
    const desk = resting([entering(IN), cancels]);
    const [entry] = desk.live('entry', 0);
    desk.bar(0, 10_000);
    const lots = entry!.quantityLots - 100;
    desk.fill(entry!, 9_990, lots);
    desk.happen({ kind: 'order.cancelled', clientId: entry!.clientId });
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: lots, stopTicks: 9_800 }]);
  });

  it('leaves stop and trade alone', () => {
    const desk = new DeskUnderTest({ strategies: [asking([entering(IN), cancels])] }, 1).active();
    desk.bar(0, 10_000);
    const { stop } = desk.fillEntry(0, 9_990);
    desk.bar(0, 10_000);
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: stop.clientId }]);
    expect(desk.sent('cancel')).toEqual([]);
    expect(notes(desk).at(-1)).toBe('the trend is over: no entry to withdraw');
  });

  it('says once that there is none, however often it asks', () => {
    const desk = resting([cancels, cancels, cancels]);
    for (const _ of [1, 2]) desk.bar(0, 10_000);
    expect(notes(desk).filter((text) => text.includes('no entry to withdraw'))).toHaveLength(1);
  });

  it('is its own: that of another strategy rests on', () => {
    const changes = { strategies: [asking([entering(IN)], 'other'), asking([cancels])] };
    const desk = resting([], { ...changes, capabilities: SPOT });
    expect(desk.live('entry', 0)).toMatchObject([{ strategy: 'other' }]);
    expect(desk.sent('cancel')).toEqual([]);
  });
});
