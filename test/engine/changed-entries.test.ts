/** A strategy takes back and changes its own entries, and enters one of two. */
import { describe, expect, it } from 'vitest';
import type { OrderIntent } from '../../src/domain/order.js';
import type { TradedStrategy } from '../../src/engine/config.js';
import { createEngine } from '../../src/engine/engine.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type {
  EntryWish,
  LimitEntry,
  StopEntry,
  StrategyContext,
  TouchedEntry,
  TrailingEntry,
} from '../../src/engine/strategies/strategy.js';
import { FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest, venueOrder } from './support/desk.js';

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

const SHORTING = { capabilities: { ...FUTURES, shorting: true } };

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

  it('is said once also in words that differ each time, so that quotes do not fill the journal', () => {
    const [one, other]: Ask[] = [(context) => context.cancel('at 1'), (context) => context.cancel('at 2')];
    const desk = resting([one!, other!]);
    desk.bar(0, 10_000);
    expect(notes(desk).filter((text) => text.includes('no entry to withdraw'))).toHaveLength(1);
  });

  it('is its own: that of another strategy rests on', () => {
    const changes = { strategies: [asking([entering(IN)], 'other'), asking([cancels])] };
    const desk = resting([], { ...changes, capabilities: SPOT });
    expect(desk.live('entry', 0)).toMatchObject([{ strategy: 'other' }]);
    expect(desk.sent('cancel')).toEqual([]);
  });
});

const moves: Ask = (context) => context.change({ ticks: 9_995, because: 'nearer' });
const cancelled = (desk: DeskUnderTest, { clientId }: OrderIntent) =>
  desk.happen({ kind: 'order.cancelled', clientId });

describe('an entry that its strategy changes', () => {
  it('comes off the book before it rests at its new price: the two never rest together', () => {
    const desk = resting([entering(IN), moves]);
    const [old] = desk.live('entry', 0);
    desk.bar(0, 10_000);
    expect(desk.sent('cancel')).toEqual([old!.clientId]);
    expect(desk.sent('submit')).toEqual([]);
    expect(desk.recorded('order.state').at(-1)).toMatchObject({ reason: 'asks changes it: nearer' });
    replays(desk);
    cancelled(desk, old!);
    const { clientId, quantityLots } = old!;
    expect(desk.sent('submit')).toMatchObject([
      { limitTicks: 9_995, protectTicks: 9_800, quantityLots, waited: 'change', changes: clientId },
    ]);
    expect(desk.live('entry', 0)).toHaveLength(1);
    expect(notes(desk).at(-1)).toBe('nearer');
    replays(desk);
  });

  it('is for no more than is left of it, where a fill crosses the change', () => {
    const desk = resting([entering(IN), moves]);
    const [old] = desk.live('entry', 0);
    desk.bar(0, 10_000);
    desk.fill(old!, 9_990, old!.quantityLots - 200);
    cancelled(desk, old!);
    expect(desk.live('entry', 0)).toMatchObject([{ quantityLots: 200, limitTicks: 9_995 }]);
  });

  it('is not sent again where a person cancels it meanwhile', () => {
    const desk = resting([entering(IN), moves]);
    const [old] = desk.live('entry', 0);
    desk.bar(0, 10_000);
    expect(desk.engine.whyNotTrading().map(({ waitsFor }) => waitsFor)).toContain(
      'the order that it changes to come off the book',
    );
    desk.command({ name: 'cancelEntry', clientId: old!.clientId });
    cancelled(desk, old!);
    expect(desk.live('entry', 0)).toEqual([]);
    expect(desk.recorded('entry.over')).toMatchObject([{ outcome: 'dropped' }]);
  });

  it('is changed also where it is all that the `maxLots` of its strategy allows', () => {
    const strategy = { ...asking([entering(IN), moves]), size: { lots: 500, maxLots: 500 } };
    const desk = resting([], { strategies: [strategy] });
    const [old] = desk.live('entry', 0);
    desk.bar(0, 10_000);
    cancelled(desk, old!);
    expect(desk.live('entry', 0)).toMatchObject([{ quantityLots: 500, limitTicks: 9_995 }]);
  });

  it.each(['maxGrossExposurePct', 'maxNetExposurePct', 'maxStrategyExposurePct', 'maxCorrelatedExposurePct'])(
    'counts once for %s, though its order still rests as it is judged',
    (key) => {
      // The entry is worth 50 USDT of 10,000.
      const risk = { ...new DeskUnderTest().config.risk, [key]: 0.6 };
      const strategy = { ...asking([entering(IN), moves]), size: { lots: 500 } };
      const desk = resting([], { risk, strategies: [strategy] });
      const [old] = desk.live('entry', 0);
      desk.bar(0, 10_000);
      cancelled(desk, old!);
      expect(desk.recorded('order.denied')).toEqual([]);
      expect(desk.live('entry', 0)).toMatchObject([{ quantityLots: 500, limitTicks: 9_995 }]);
    },
  );

  it('is not entered again where the venue filled all of it', () => {
    const desk = resting([entering(IN), moves]);
    const [old] = desk.live('entry', 0);
    desk.bar(0, 10_000);
    desk.fill(old!, 9_990);
    expect(desk.live('entry', 0)).toEqual([]);
    expect(desk.recorded('entry.over')).toMatchObject([
      { outcome: 'dropped', reason: 'the order that it changes is filled' },
    ]);
  });

  it('is taken off again where a fill of the former order comes late', () => {
    const desk = resting([entering(IN), moves]);
    const [old] = desk.live('entry', 0);
    desk.bar(0, 10_000);
    cancelled(desk, old!);
    const [next] = desk.live('entry', 0);
    desk.accept(next!);
    desk.fill(old!, 9_990, 200);
    expect(desk.sent('cancel')).toEqual([next!.clientId]);
  });

  it('is taken off for such a fill also where it was changed twice', () => {
    const further: Ask = (context) => context.change({ ticks: 9_997, because: 'nearer still' });
    const desk = resting([entering(IN), moves, further]);
    const [first] = desk.live('entry', 0);
    desk.bar(0, 10_000);
    cancelled(desk, first!);
    const [second] = desk.live('entry', 0);
    desk.accept(second!);
    desk.bar(0, 10_000);
    cancelled(desk, second!);
    const [third] = desk.live('entry', 0);
    desk.accept(third!);
    desk.fill(first!, 9_990, 200);
    expect(desk.sent('cancel')).toEqual([third!.clientId]);
  });

  it('repeats neither the order that it changes, nor one that it was changed from before', () => {
    const stop =
      (protectTicks: number): Ask =>
      (context) =>
        context.change({ protectTicks, because: 'another stop' });
    const risk = { ...new DeskUnderTest().config.risk, repeatedEntrySeconds: 3_600 };
    const desk = resting([], { risk, strategies: [asking([entering(IN), stop(9_850), stop(9_860)])] });
    for (const protectTicks of [9_850, 9_860]) {
      const [old] = desk.live('entry', 0);
      desk.bar(0, 10_000);
      cancelled(desk, old!);
      const [next] = desk.live('entry', 0);
      expect(next).toMatchObject({ limitTicks: 9_990, protectTicks });
      desk.accept(next!);
    }
    expect(desk.recorded('order.denied')).toEqual([]);
  });

  it('stays as it is where the gate refuses its new price', () => {
    const wrong: Ask = (context) => context.change({ protectTicks: 9_999, because: 'wrong' });
    const desk = resting([entering(IN), wrong]);
    desk.bar(0, 10_000);
    expect(desk.recorded('order.denied')).toHaveLength(1);
    expect(desk.sent('cancel')).toEqual([]);
  });

  it('and that waits for a price waits for the new one', () => {
    const lower: Ask = (context) => context.change({ ticks: 9_940, protectTicks: 9_700, because: 'lower' });
    const desk = resting([entering(DIP), lower]);
    desk.bar(0, 10_000);
    expect(desk.engine.view.waiting).toMatchObject([
      { touchTicks: 9_940, protectTicks: 9_700, because: 'lower' },
    ]);
    expect(desk.recorded('entry.over')).toMatchObject([{ reason: 'asks changed it: lower' }]);
    desk.quote(0, 9_945);
    expect(desk.live('entry', 0)).toEqual([]);
    desk.quote(0, 9_938);
    expect(desk.live('entry', 0)).toHaveLength(1);
    replays(desk);
  });

  it('and that waits for the market to turn keeps its best price, and has no price of its own to change', () => {
    const turn: TrailingEntry = {
      ...{ side: 'buy', type: 'trailingStop', trailTicks: 40, slippageTicks: 5 },
      ...{ restBars: 9, protectTicks: 9_800, because: 'a turn' },
    };
    const exits: Ask = (context) => context.change({ protectTicks: 9_750, exits: {}, because: 'nearer' });
    const desk = resting([entering(turn), exits, moves]);
    desk.quote(0, 9_900);
    desk.bar(0, 9_930);
    const trail = { ticks: 40, bestTicks: 9_902 };
    expect(desk.engine.view.waiting).toMatchObject([{ trail, protectTicks: 9_750 }]);
    desk.bar(0, 9_930);
    expect(notes(desk).at(-1)).toBe(
      'nearer: its entry waits for a time or a turn of the market, and has no price to change',
    );
    desk.quote(0, 9_940);
    expect(desk.live('entry', 0)).toMatchObject([{ protectTicks: 9_750 }]);
    replays(desk);
  });

  it.each<[string, readonly Ask[], string]>([
    ['there is none', [() => undefined, moves], 'nearer: no entry to change'],
    ['it is changed already', [entering(IN), moves, moves], 'nearer: its entry is being changed already'],
    ['it is taken off', [entering(IN), cancels, moves], 'nearer: its entry is being taken off already'],
    [
      'there are two',
      [entering(IN, DIP), moves],
      'nearer: it has several entries: say which side, or cancel them',
    ],
  ])('where %s, it is said', (_, asks, said) => {
    const desk = resting(asks);
    for (const _bar of asks.slice(1)) desk.bar(0, 10_000);
    expect(notes(desk).at(-1)).toBe(said);
  });

  it('that is changed to what it is stays, and nothing is recorded', () => {
    const same: Ask = (context) => context.change({ ticks: IN.limitTicks, because: 'as it is' });
    const desk = resting([entering(IN), same]);
    const before = desk.records.length;
    desk.bar(0, 10_000);
    expect(desk.sent('cancel')).toEqual([]);
    expect(desk.records.slice(before).map(({ type }) => type)).not.toContain('entry.waits');
  });

  it.each<[string, EntryWish, Ask]>([
    ['rests', IN, (context) => context.change({ ticks: 9_995, exits: {}, because: 'nearer' })],
    ['waits', DIP, (context) => context.change({ ticks: 9_940, exits: {}, because: 'lower' })],
  ])('and %s has no exits where it is changed to none, as where it was entered with none', (_, wish, to) => {
    const same: Ask = (context) => context.change({ exits: {}, because: 'as it is' });
    const desk = resting([entering(wish), same, to]);
    const [old] = desk.live('entry', 0);
    const before = desk.engine.view.waiting;
    desk.bar(0, 10_000);
    expect(desk.sent('cancel')).toEqual([]);
    expect(desk.engine.view.waiting).toEqual(before);
    desk.bar(0, 10_000);
    if (old !== undefined) cancelled(desk, old);
    else desk.quote(0, 9_938);
    const [next] = desk.live('entry', 0);
    expect(next).toBeDefined();
    expect(next).not.toHaveProperty('exits');
  });

  it('is dropped with everything else by a stop of the desk', () => {
    const desk = resting([entering(IN), moves]);
    const [old] = desk.live('entry', 0);
    desk.bar(0, 10_000);
    desk.command({ name: 'stop' });
    cancelled(desk, old!);
    expect(desk.live('entry', 0)).toEqual([]);
  });
});

const UP: StopEntry = {
  ...{ side: 'buy', type: 'stop', stopTicks: 10_050, slippageTicks: 5, protectTicks: 9_950 },
  ...{ restBars: 9, because: 'up', size: { lots: 500 } },
};
const DOWN: StopEntry = { ...UP, side: 'sell', stopTicks: 9_950, protectTicks: 10_050, because: 'down' };
const breaksOut: Ask = (context) => context.enterOneOf([UP, DOWN]);

describe('one of two entries', () => {
  it('are one group, and the first fill of either takes the other one off', () => {
    const desk = resting([breaksOut], SHORTING);
    const [up, down] = desk.live('entry', 0);
    expect(up!.oneOf).toBe(up!.clientId);
    expect(down!.oneOf).toBe(up!.clientId);
    desk.fill(up!, 10_051, 200);
    expect(desk.sent('cancel')).toEqual([down!.clientId]);
    expect(desk.recorded('order.state').at(-1)).toMatchObject({
      reason: `${up!.clientId}, which stands for the same, was filled`,
    });
    cancelled(desk, down!);
    expect(desk.live('entry', 0)).toMatchObject([{ side: 'buy' }]);
    replays(desk);
  });

  it('are both sent or none', () => {
    const desk = resting([(context) => context.enterOneOf([UP, DOWN])], { capabilities: SPOT });
    expect(desk.recorded('order.denied')).toHaveLength(1);
    expect(desk.live('entry', 0).map(({ clientId }) => desk.stateOf({ clientId } as OrderIntent))).toEqual([
      'cancelling',
    ]);
  });

  it('that were both filled are netted, and nothing is left without a stop', () => {
    const desk = resting([breaksOut], SHORTING);
    const [up, down] = desk.live('entry', 0);
    desk.fill(up!, 10_051);
    const [stop] = desk.live('protective', 0);
    desk.accept(stop!);
    desk.fill(down!, 9_949, 200);
    const [less] = desk.live('protective', 0);
    expect(desk.engine.view.positions[0]).toMatchObject({ quantityLots: 300 });
    expect(less).toBeDefined();
    replays(desk);
  });

  it('may be changed alone, and stay one of two', () => {
    const higher: Ask = (context) => context.change({ side: 'buy', ticks: 10_060, because: 'higher' });
    const desk = resting([breaksOut, higher], SHORTING);
    const [up, down] = desk.live('entry', 0);
    desk.bar(0, 10_000);
    cancelled(desk, up!);
    const next = desk.live('entry', 0).find(({ side }) => side === 'buy')!;
    expect(next).toMatchObject({ stopTicks: 10_060, limitTicks: 10_065, oneOf: up!.oneOf });
    desk.accept(next);
    desk.fill(down!, 9_949);
    expect(desk.sent('cancel')).toEqual([next.clientId]);
  });
});

describe('an entry that is taken off for its strategy, where the venue refuses the cancel,', () => {
  it('is cancelled again at the next bar', () => {
    const desk = resting([entering(IN), cancels]);
    const [entry] = desk.live('entry', 0);
    const { clientId } = entry!;
    desk.bar(0, 10_000);
    desk.happen({ kind: 'order.cancelRejected', clientId, code: '-1', text: 'busy' });
    desk.happen({ kind: 'order.lookup', clientId, found: venueOrder(entry!) });
    desk.bar(0, 10_000);
    expect(desk.sent('cancel')).toEqual([clientId]);
  });
});
