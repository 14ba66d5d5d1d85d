/** Strategies of a desk's own that trade several instruments as one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { neverEnteredLines } from '../../src/backtest/report/execution.js';
import type { OrderIntent } from '../../src/domain/order.js';
import type { SignalRequest } from '../../src/domain/signal.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { definitionOf } from '../../src/pack/strategy/own-definition.js';
import { describeStrategies, readStrategies } from '../../src/pack/strategy/read-strategies.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { backtest } from '../backtest/support/backtests.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { deskConfig } from '../engine/support/desk-config.js';
import { asLegs } from '../simulation/entries.js';
import { repository } from '../support/desk-under-test.js';
import { coins, crossStrategy, FUTURES, SPOT } from '../support/engine-config.js';
import { waves, writeMinutes } from '../validation/support/validations.js';
import { deskText, problemsOf, strategyFolder, strategyOf } from './support/strategy-desk.js';

const { folder, write } = strategyFolder();
const SYMBOLS = ['BTC/USDT', 'ETH/USDT'] as const;

const withLegs = (body: string, { legs = '2', more = '' } = {}): string =>
  strategyOf(
    body,
    'const TICKS = (side: "buy" | "sell", bid: number) => (side === "buy" ? bid - 200 : bid + 200);',
  )
    .replace("suits: 'trending',", `suits: 'trending', enters: ['limit', 'market'], legs: ${legs},`)
    .replace('create: ({ parameters }) => ({', 'create: ({ parameters, legs }) => ({')
    .replace("state: () => 'waits',", `state: () => 'waits', ${more}`);

const ENTER = `
const enter = (symbol: string, side: 'buy' | 'sell') => {
  const leg = desk.leg(symbol);
  leg.enter({ side, type: 'limit', ticks: leg.bid, exits: { stop: { ticks: TICKS(side, leg.bid) } }, restBars: 5, because: side + ' ' + symbol });
};`;

/** Long of the first and short of the other while that is above 101.00, closed below 99.00. */
const PAIR = `${ENTER}
const [one, other] = legs.map(({ symbol }) => desk.leg(symbol));
if (one.openMs !== other.openMs) return;
if (other.closeTicks > 10_100 && one.lots === 0 && other.lots === 0 && !one.entryResting && !other.entryResting) {
  enter(one.symbol, 'buy');
  enter(other.symbol, 'sell');
}
if (other.closeTicks < 9_900) for (const leg of [one, other]) leg.exit('together again');`;

/** Enters the other leg once the first one is filled, and tells what it is shown. */
const AFTER_FILL = `
onFill: (desk, { symbol, lots }) => {
  desk.note(['filled', symbol, lots, desk.leg(symbol).lots, desk.lots].join(' '));
  const [, { symbol: second }] = legs;
  if (symbol === second) return;
  const leg = desk.leg(second);
  leg.enter({ side: 'buy', type: 'limit', ticks: leg.bid, exits: { stop: { ticks: leg.bid - 200 } }, restBars: 5, because: 'the second leg' });
},`;

const ON_QUOTE = `
onQuote: (desk, symbol) => {
  desk.note(['quote', symbol, desk.bid, desk.leg(symbol).bid].join(' '));
  for (const { symbol: one } of legs) for (let time = 0; time < 2; time += 1) {
    const leg = desk.leg(one);
    if (leg.bid > 0) leg.enter({ side: 'buy', type: 'limit', ticks: leg.bid - time, exits: { stop: { ticks: leg.bid - 200 } }, size: { lots: 100 }, restBars: 5, because: 'at a quote' });
  }
},
onTrade: (desk, { symbol, ticks }) => desk.note(['trade', symbol, ticks].join(' ')),`;

const ON_SIGNAL = `
onSignal: (desk, { symbol, stop, source }) => {
  for (const { symbol: one } of legs) {
    const leg = desk.leg(one);
    leg.enter({ side: 'buy', type: 'limit', ticks: leg.bid, exits: { stop: { ticks: stop } }, restBars: 5, because: 'signal of ' + source + ' for ' + symbol });
  }
},`;

beforeAll(() => {
  write('strategies/pair.ts', withLegs(PAIR));
  write('strategies/any.ts', withLegs(PAIR, { legs: 'true' }));
  write(
    'strategies/says.ts',
    withLegs(
      "desk.note([bar.symbol, bar.closeTicks, desk.of('ETH/USDT').closeTicks, desk.leg('BTC/USDT').closeTicks].join(' '));",
    ),
  );
  write(
    'strategies/after-fill.ts',
    withLegs(`${ENTER} if (bar.closeTicks > 10_100) enter('BTC/USDT', 'buy');`, { more: AFTER_FILL }),
  );
  write('strategies/on-quote.ts', withLegs('', { more: ON_QUOTE }));
  write('strategies/on-signal.ts', withLegs('', { more: ON_SIGNAL }));
  write('strategies/strange.ts', withLegs("desk.leg('SOL/USDT').exit('why not');"));
  write(
    'strategies/caught.ts',
    withLegs(
      `${ENTER} try { desk.leg('ETH/USDT').enter({} as never); } catch {} if (desk.lots === 0) desk.enter({ side: 'buy', type: 'limit', ticks: desk.bid, exits: { stop: { ticks: desk.bid - 200 } }, restBars: 5, because: 'own' });`,
    ),
  );
  write(
    'strategies/basket.ts',
    withLegs(
      `${ENTER}
      for (const { symbol } of legs) {
        const leg = desk.leg(symbol);
        if (!(leg.bid > 0)) return;
        if (leg.lots === 0 && !leg.entryResting) enter(symbol, 'buy');
        if (legs.every((one) => desk.leg(one.symbol).lots > 0)) { leg.cancel('over'); leg.exit('over'); }
      }`,
      { legs: 'true' },
    ),
  );
  write(
    'strategies/nested.ts',
    withLegs(`
      const [one, other] = legs.map(({ symbol }) => desk.leg(symbol));
      if (one.openMs === other.openMs && other.lots === 0 && !other.entryResting)
        other.enter({
          side: 'buy', type: 'limit', ticks: other.bid, exits: { stop: { ticks: other.bid - 200 } }, restBars: 5,
          get because() { one.cancel('room for it'); return 'nested'; },
        });`),
  );
  write('strategies/too-many.ts', withLegs('', { legs: '21' }));
  write(
    'strategies/alone.ts',
    strategyOf(
      "const leg = desk.leg('BTC/USDT'); leg.cancel(leg.symbol); desk.note([bar.closeTicks, leg.closeTicks].join(' '));",
    ),
  );
});

function deskOf(name: string, { bars = 1, journal = [] as readonly EngineRecord[] } = {}): DeskUnderTest {
  const kind = `./strategies/${name}.ts`;
  const own = definitionOf(readStrategies(folder, [kind]).get(kind)!);
  const listed = { name: 'own', kind, symbols: SYMBOLS, parameters: { bars }, enabled: true, own };
  return new DeskUnderTest(
    { strategies: [listed], capabilities: { ...FUTURES, shorting: true } },
    2,
    journal,
  );
}

/** One minute of both, in the order given: the instrument and its close. */
function minute(desk: DeskUnderTest, ...order: readonly (readonly [number, number])[]): void {
  desk.wait(60_000);
  for (const [instrument, close] of order) {
    desk.quote(instrument, close);
    desk.happen({
      ...{ kind: 'bar', instrument, openMs: desk.marketMs - 60_000, spanMs: 60_000, warmup: false },
      ...{ openTicks: close, highTicks: close + 5, lowTicks: close - 5, closeTicks: close, volumeLots: 1 },
    });
  }
}

const entered = (desk: DeskUnderTest) =>
  desk
    .recorded('order.intended')
    .filter(({ order }) => order.purpose === 'entry')
    .map(({ order: { strategy, instrument, side } }) => [strategy, instrument, side]);
const said = (desk: DeskUnderTest, what: RegExp): readonly string[] =>
  desk.recorded('note').flatMap(({ text }) => (what.test(text) ? [text] : []));

function fillBoth(desk: DeskUnderTest): readonly OrderIntent[] {
  return [0, 1].map((at) => desk.fillEntry(at, desk.live('entry', at)[0]!.limitTicks!).stop);
}

describe('a strategy of two legs', () => {
  it('enters both at whichever bar comes last, each with its own stop, and leaves both at once', () => {
    const desk = deskOf('pair').active();
    minute(desk, [1, 10_200], [0, 10_000]);
    expect(entered(desk)).toEqual([
      ['own', 0, 'buy'],
      ['own', 1, 'sell'],
    ]);
    const stops = fillBoth(desk);
    expect(stops).toMatchObject([
      { instrument: 0, side: 'sell', stopTicks: 9_800, strategy: 'own' },
      { instrument: 1, side: 'buy', stopTicks: 10_400, strategy: 'own' },
    ]);
    minute(desk, [0, 10_000], [1, 10_200]);
    expect(entered(desk)).toHaveLength(2);
    minute(desk, [0, 10_000]);
    // The first one's exit leaves within the event of the other one's bar.
    minute(desk, [0, 10_000], [1, 9_800]);
    const leaving = desk.records.filter(
      (one) => one.type === 'order.intended' && one.order.purpose === 'exit',
    );
    const cancelled = desk.recorded('order.state').filter(({ state }) => state === 'cancelling');
    expect(leaving.length + cancelled.length).toBe(2);
    expect(desk.sent('cancel').length + desk.sent('submit').length).toBe(2);
  });

  it('is shown each bar with its symbol, and the newest minute of each leg at any time', () => {
    const desk = deskOf('says').active();
    minute(desk, [0, 10_000], [1, 300]);
    minute(desk, [1, 310], [0, 10_010]);
    expect(said(desk, /^(BTC|ETH)/)).toEqual([
      'ETH/USDT 300 300 10000',
      'ETH/USDT 310 310 10000',
      'BTC/USDT 10010 310 10010',
    ]);
  });

  it('warms up on each of them, and counts alike in both', () => {
    const desk = deskOf('pair', { bars: 3 }).active();
    minute(desk, [0, 10_000], [1, 10_200]);
    minute(desk, [0, 10_000], [1, 10_200]);
    minute(desk, [0, 10_000]);
    expect(entered(desk)).toEqual([]);
    expect(desk.engine.view.strategies).toMatchObject([
      { name: 'own', instrument: 0, barsSeen: 2, warmupBars: 3, state: 'waits' },
      { name: 'own', instrument: 1, barsSeen: 2, warmupBars: 3, state: 'waits' },
    ]);
    desk.quote(1, 10_200);
    desk.happen({
      ...{ kind: 'bar', instrument: 1, openMs: desk.marketMs - 60_000, spanMs: 60_000, warmup: false },
      ...{ openTicks: 10_200, highTicks: 10_200, lowTicks: 10_200, closeTicks: 10_200, volumeLots: 1 },
    });
    expect(entered(desk)).toHaveLength(2);
  });

  it('is told of whose fill it is, and may enter the other leg at it', () => {
    const desk = deskOf('after-fill').active();
    minute(desk, [1, 10_000], [0, 10_200]);
    expect(entered(desk)).toEqual([['own', 0, 'buy']]);
    const { entry } = desk.fillEntry(0, 10_200);
    expect(entered(desk)).toEqual([
      ['own', 0, 'buy'],
      ['own', 1, 'buy'],
    ]);
    const { entry: second } = desk.fillEntry(1, 10_000);
    expect(said(desk, /^filled/)).toEqual([
      `filled BTC/USDT ${entry.quantityLots} ${entry.quantityLots} ${entry.quantityLots}`,
      `filled ETH/USDT ${second.quantityLots} ${second.quantityLots} ${entry.quantityLots}`,
    ]);
  });

  it('is shown quotes and trades of both, and may enter once in each between two bars', () => {
    const desk = deskOf('on-quote').active();
    minute(desk, [0, 10_000], [1, 10_100]);
    const before = entered(desk).length;

    desk.quote(1, 10_105);
    expect(said(desk, /^quote/).at(-1)).toBe('quote ETH/USDT 10000 10105');
    expect(entered(desk).slice(before)).toEqual([
      ['own', 0, 'buy'],
      ['own', 1, 'buy'],
    ]);
    desk.quote(0, 10_001);
    expect(said(desk, /^quote/).at(-1)).toBe('quote BTC/USDT 10001 10001');
    desk.happen({ kind: 'trade', instrument: 1, priceTicks: 10_106, quantityLots: 5, taker: 'buy' });
    expect(said(desk, /^trade/)).toEqual(['trade ETH/USDT 10106']);
    expect(entered(desk).slice(before)).toHaveLength(2);
    // A bar of one leg lets it enter there again, and there alone.
    desk.wait(60_000);
    for (const at of [0, 1]) desk.quote(at, 10_000);
    const then = entered(desk).length;
    desk.happen({
      ...{ kind: 'bar', instrument: 1, openMs: desk.marketMs - 60_000, spanMs: 60_000, warmup: false },
      ...{ openTicks: 10_000, highTicks: 10_000, lowTicks: 10_000, closeTicks: 10_000, volumeLots: 1 },
    });
    desk.quote(0, 10_002);
    expect(entered(desk).slice(then)).toEqual([['own', 1, 'buy']]);
  });

  it('follows a signal with the entry in its instrument, and with no other', () => {
    const desk = deskOf('on-signal').active();
    minute(desk, [0, 10_000], [1, 10_000]);
    const signal: SignalRequest = {
      ...{
        source: 'tv',
        id: '7',
        revision: 1,
        symbol: 'ETH/USDT',
        action: 'buy',
        entry: null,
        stop: '98.00',
      },
      ...{ targets: [], text: '', issuedMs: null, expiresMs: null, validMs: 600_000 },
    };
    expect(desk.command({ name: 'signal', signal })).toMatchObject({ ok: true });
    expect(desk.live('entry', 0)).toEqual([expect.not.objectContaining({ signal: expect.anything() })]);
    expect(desk.live('entry', 1)).toMatchObject([{ signal: { source: 'tv', id: '7', revision: 1 } }]);
    desk.command({ name: 'withdrawSignal', source: 'tv', id: '7' });
    expect(desk.sent('cancel')).toEqual([desk.live('entry', 1)[0]!.clientId]);
    expect(desk.stateOf(desk.live('entry', 0)[0]!)).toBe('intended');
  });

  it('asks for nothing in a leg any more once it has thrown, whoever catches it, and goes on with its own', () => {
    const desk = deskOf('caught').active();
    minute(desk, [0, 10_000], [1, 10_000]);
    expect(entered(desk).every(([, instrument]) => instrument === 0)).toBe(true);
    expect(entered(desk).length).toBeGreaterThan(0);
  });

  it('is off in each leg once it can’t go on, and its entries in both are withdrawn', () => {
    const desk = deskOf('strange').active();
    minute(desk, [0, 10_000], [1, 10_000]);
    expect(desk.recorded('strategy.toggled')).toMatchObject([
      {
        strategy: 'own',
        enabled: false,
        reason: expect.stringContaining(
          'desk.leg: expected one of the instruments that it trades (BTC/USDT, ETH/USDT), found SOL/USDT',
        ),
      },
    ]);
    expect(desk.engine.view.strategies.map(({ enabled }) => enabled)).toEqual([false, false]);
    const pair = deskOf('pair').active();
    minute(pair, [1, 10_200], [0, 10_000]);
    for (const at of [0, 1]) pair.accept(pair.live('entry', at)[0]!);
    pair.command({ name: 'toggle', strategy: 'own', enabled: false });
    expect(pair.sent('cancel')).toHaveLength(2);
  });

  it('knows after a start what it holds in each, and leaves it', () => {
    const before = deskOf('pair').active();
    minute(before, [1, 10_200], [0, 10_000]);
    const stops = fillBoth(before);
    const after = deskOf('pair', { journal: before.records });
    after.marketMs = before.marketMs;
    after.wallMs = before.wallMs;
    after.begin();
    for (const at of [0, 1]) after.quote(at, 10_000);
    after.snapshot({ positions: [before.lots(0), before.lots(1)] });
    after.arm('person');
    minute(after, [0, 10_000], [1, 9_800]);
    minute(after, [0, 10_000], [1, 9_800]);
    const cancels = after.recorded('order.state').filter(({ state }) => state === 'cancelling');
    const exits = after.recorded('order.intended').filter(({ order }) => order.purpose === 'exit');
    const about = [
      ...cancels.map(({ clientId }) => stops.find((stop) => stop.clientId === clientId)?.instrument),
      ...exits.map(({ order }) => order.instrument),
    ];
    expect(new Set(about)).toEqual(new Set([0, 1]));
  });

  it('begins anew as a whole where a setting of it changes', () => {
    const desk = deskOf('pair').active();
    minute(desk, [0, 10_000], [1, 10_000]);
    const seen = () => desk.engine.view.strategies.map(({ barsSeen }) => barsSeen);
    expect(seen()).toEqual([1, 1]);
    const reload = {
      name: 'reload',
      baseVersion: 0,
      values: { 'strategies.own.parameters.bars': 2 },
      approvedBy: ['operator'],
    } as const;
    expect(desk.command(reload)).toMatchObject({ ok: true });
    expect(seen()).toEqual([0, 0]);
    for (let at = 0; at < 2; at += 1) minute(desk, [1, 10_200], [0, 10_000]);
    expect(entered(desk)).toHaveLength(2);
  });

  it('loses no exit to what it asks for in other legs, however many there are', () => {
    const kind = './strategies/basket.ts';
    const own = definitionOf(readStrategies(folder, [kind]).get(kind)!);
    const count = 12;
    const names = Array.from({ length: count }, (_, id) => ['BTC', 'ETH'][id] ?? `C${id}`);
    const symbols = names.map((name) => `${name}/USDT`);
    const listed = { name: 'own', kind, symbols, parameters: { bars: 1 }, enabled: true, own };
    const risk = { ...deskConfig().risk, maxConcurrentPositions: count };
    const desk = new DeskUnderTest({ strategies: [listed], capabilities: FUTURES, risk }, count).active();
    const all = names.map((_, at) => at);
    minute(desk, ...all.map((at) => [at, 10_000] as const));
    for (const at of all) desk.fillEntry(at, 10_000);
    minute(desk, ...all.map((at) => [at, 10_000] as const));
    const left = desk.records.flatMap((one) => {
      if (one.type === 'order.intended' && one.order.purpose === 'exit') return [one.order.instrument];
      const stop = one.type === 'order.state' && one.state === 'cancelling' ? one.clientId : null;
      const order = desk.engine.view.orders.find(({ clientId }) => clientId === stop);
      return order === undefined ? [] : [order.instrument];
    });
    expect(new Set(left)).toEqual(new Set(all));
  });

  it('goes on about the instrument of before where a wish asks for another while it is read', () => {
    const desk = deskOf('nested').active();
    minute(desk, [0, 10_100], [1, 10_000]);
    expect(desk.live('entry', 1)).toMatchObject([{ side: 'buy', limitTicks: 10_000 }]);
    expect(desk.live('entry', 0)).toEqual([]);
  });

  it('begins anew as a whole where one of its instruments is split', () => {
    const kind = './strategies/pair.ts';
    const own = definitionOf(readStrategies(folder, [kind]).get(kind)!);
    const listed = { name: 'own', kind, symbols: SYMBOLS, parameters: { bars: 1 }, enabled: true, own };
    const instruments = coins(['BTC', 'ETH'], { kind: 'stock', lotSize: '1', minNotional: '0' });
    const capabilities = { ...SPOT, takesActions: true };
    const desk = new DeskUnderTest({ instruments, strategies: [listed], capabilities }).active();
    minute(desk, [0, 10_000], [1, 10_000]);
    const seen = () => desk.engine.view.strategies.map(({ barsSeen }) => barsSeen);
    expect(seen()).toEqual([1, 1]);
    desk.command({ name: 'stop' });
    const action = { kind: 'split', symbol: 'ETH/USDT', numerator: 4, denominator: 1 } as const;
    expect(desk.command({ name: 'corporateAction', action })).toMatchObject({ ok: true });
    expect(seen()).toEqual([0, 0]);
    minute(desk, [0, 10_000], [1, 2_500]);
    expect(seen()).toEqual([1, 1]);
  });

  describe('counts losses in a row of both legs together', () => {
    const LOSS = [9_500, 9_890] as const;
    const GAIN = [9_950, 9_800] as const;

    /** Both are entered and left; the first one's exit is filled first. */
    function round(desk: DeskUnderTest, [first, second]: readonly [number, number]): void {
      minute(desk, [1, 10_200], [0, 10_000]);
      fillBoth(desk);
      minute(desk, [0, 10_000]);
      minute(desk, [0, 10_000], [1, 9_890]);
      for (const [at, ticks] of [first, second].entries()) {
        for (const { clientId, state } of desk.engine.view.orders)
          if (state === 'cancelling') desk.happen({ kind: 'order.cancelled', clientId });
        desk.fill(desk.live('exit', at)[0]!, ticks);
      }
      expect([desk.lots(0), desk.lots(1)]).toEqual([0, 0]);
      minute(desk, [0, 10_000], [1, 10_000]);
    }

    it('one leg that gains ends no row, and two that lose are one', () => {
      const desk = deskOf('pair').active();
      round(desk, LOSS);
      expect(desk.engine.view.strategies[0]!.lossesInARow).toBe(1);
      const closed = desk.recorded('trade.closed').map(({ result }) => Math.sign(Number(result)));
      expect(closed).toEqual([-1, 1]);
      round(desk, [9_500, 10_300]);
      expect(desk.engine.view.strategies[0]!.lossesInARow).toBe(2);
      round(desk, LOSS);
      expect(said(desk, /switched off/)).toEqual([
        expect.stringMatching(/^own was switched off: 3 losses in a row/),
      ]);
    });

    it('ends the row where both together gain, also if the last one lost', () => {
      const desk = deskOf('pair').active();
      round(desk, LOSS);
      round(desk, [10_500, 10_250]);
      expect(desk.engine.view.strategies[0]!.lossesInARow).toBe(0);
      round(desk, GAIN);
      expect(desk.engine.view.strategies[0]!.lossesInARow).toBe(0);
    });

    it('knows after a start what the closed leg came to', () => {
      const desk = deskOf('pair').active();
      minute(desk, [1, 10_200], [0, 10_000]);
      const [stop] = fillBoth(desk);
      desk.fill(stop!, 9_500);
      expect(desk.engine.view.strategies[0]!.lossesInARow).toBe(0);
      const again = deskOf('pair', { journal: desk.records });
      expect(again.engine.stateHash()).toBe(desk.engine.stateHash());
    });
  });

  it('without legs has its own instrument as the one of its legs', () => {
    const desk = deskOf('pair').active();
    expect(desk.engine.view.strategies).toHaveLength(2);
    const kind = './strategies/alone.ts';
    const own = definitionOf(readStrategies(folder, [kind]).get(kind)!);
    const alone = new DeskUnderTest({
      strategies: [{ name: 'own', kind, symbols: ['BTC/USDT'], parameters: { bars: 1 }, enabled: true, own }],
    }).active();
    alone.bar(0, 10_000);
    alone.bar(0, 10_010);
    expect(alone.recorded('strategy.toggled')).toEqual([]);
    expect(alone.recorded('note').map(({ text }) => text)).toContain('10010 10010');
  });
});

/** Three hundred minutes of both, whose averages cross often; the venue takes, fills and cancels all that it is asked. */
function traded(asOne: boolean): readonly EngineRecord[] {
  const instruments = deskConfig({ capabilities: FUTURES }).instruments;
  const listed = crossStrategy(instruments, { fastBars: 2, slowBars: 4, atrBars: 2, entryRestBars: 2 });
  const desk = new DeskUnderTest({
    strategies: asOne ? listed.map(asLegs) : listed,
    capabilities: FUTURES,
  }).active();
  for (let at = 0; at < 300; at += 1) {
    const swing = (pace: number): number =>
      10_000 + Math.round(60 * Math.sin(at / pace) + 20 * Math.sin(at * pace));
    minute(desk, [0, swing(3)], [1, swing(5)]);
    for (let round = 0; round < 6; round += 1)
      for (const order of desk.engine.view.orders) {
        if (order.state === 'cancelling') desk.happen({ kind: 'order.cancelled', clientId: order.clientId });
        else if (order.state === 'intended') desk.accept(order);
        else if (order.purpose !== 'protective')
          desk.fill(order, order.limitTicks ?? swing(order.instrument === 0 ? 3 : 5));
      }
  }
  return desk.records;
}

it('comes to what it would on each of its own, where it looks at no other', () => {
  const alone = traded(false);
  const exits = alone.filter((one) => one.type === 'order.intended' && one.order.purpose === 'exit');
  expect(exits.length).toBeGreaterThan(20);
  const asOne = traded(true).map((one) => {
    if (one.type !== 'order.intended') return one;
    const { leg: _, ...order } = one.order;
    return { ...one, order };
  });
  expect(asOne).toEqual(alone);
});

describe('a desk file with such a strategy', () => {
  const problems = (strategy: Readonly<Record<string, unknown>>) =>
    problemsOf(() => loadDesk(write('desk.yaml', deskText({ parameters: {}, ...strategy }))));

  it('is refused with another number of symbols', () => {
    expect(problems({ kind: './strategies/pair.ts', symbols: ['BTC/USDT'] })).toEqual([
      'strategies[0].symbols 1: BTC/USDT',
    ]);
    expect(problems({ kind: './strategies/any.ts', symbols: ['BTC/USDT'] })).toHaveLength(1);
    expect(problems({ kind: './strategies/any.ts', symbols: SYMBOLS })).toEqual([]);
    expect(problems({ kind: './strategies/too-many.ts', symbols: SYMBOLS })).toEqual([
      expect.stringContaining('legs: expected true or a whole number from 2 to 20, found number 21'),
    ]);
  });

  it('is the example of STRATEGY.md, which enters and leaves both', () => {
    const page = readFileSync(join(repository, 'docs/STRATEGY.md'), 'utf8');
    const [, code = ''] = /## Several instruments as one\n.*?```ts\n(.*?)```/s.exec(page) ?? [];
    write('strategies/documented.ts', `import { Sma, strategy } from 'fermata/strategy';\n${code}`);
    const [described] = describeStrategies(folder, ['strategies/documented.ts']);
    expect(described).toMatchObject({ legs: 2 });
    expect(described!.trial.entries).toBeGreaterThan(10);
    expect(described!.trial.exits).toBeGreaterThan(10);
    expect(described!.trial.entries % 2).toBe(0);
  });

  it('is left out of a backtest without prices of one leg', async () => {
    const text = deskText({ kind: './strategies/pair.ts', parameters: {}, symbols: SYMBOLS });
    const { desk, configHash } = loadDesk(write('desk.yaml', text));
    const { scopeOf } = await import('../../src/backtest/run-on-prices.js');
    const file = writeMinutes(folder, waves(10), 'btc.csv');
    const scope = scopeOf(desk, { kind: 'recorded', files: [{ symbol: 'BTC/USDT', file }] } as never);
    expect(scope.desk.strategies).toEqual([]);
    expect(scope.leftOut).toContain('ETH/USDT');
    expect(configHash).not.toBe('');
  });

  it('trades both in a backtest, the same each time and by each way', async () => {
    const follow = `${ENTER}
      const [one, other] = legs.map(({ symbol }) => desk.leg(symbol));
      if (one.openMs !== other.openMs) return;
      const flat = one.lots === 0 && other.lots === 0 && !one.entryResting && !other.entryResting;
      const minutes = bar.openMs / 60_000;
      if (flat && minutes % 7 === 0) for (const leg of [one, other]) enter(leg.symbol, 'buy');
      if (minutes % 7 === 4) for (const leg of [one, other]) leg.exit('time');`;
    write('strategies/both.ts', withLegs(follow));
    const text = deskText({ kind: './strategies/both.ts', parameters: {}, symbols: SYMBOLS });
    const loaded = loadDesk(write('desk.yaml', text));
    const files = SYMBOLS.map((symbol, at) => ({
      symbol,
      file: writeMinutes(folder, waves(300), `leg-${at}.csv`),
    }));
    const runs = [];
    for (const takesNoShortcut of [false, false, true])
      runs.push(await backtest('', { ...loaded, files, takesNoShortcut } as never));
    const [lines = [], ...others] = runs.map(({ kept }) => kept.fillLines);
    for (const symbol of SYMBOLS)
      expect(lines.filter((line) => line.includes(symbol)).length).toBeGreaterThan(6);
    for (const other of others) expect(other).toEqual(lines);
  });

  it('is named once in a backtest in which it asked for no entry, with all its legs', async () => {
    write('strategies/silent.ts', withLegs(''));
    const text = deskText({ kind: './strategies/silent.ts', parameters: {}, symbols: SYMBOLS });
    const loaded = loadDesk(write('desk.yaml', text));
    const file = writeMinutes(folder, waves(60), 'silent.csv');
    const { report } = await backtest('', {
      ...loaded,
      files: SYMBOLS.map((symbol) => ({ symbol, file })),
    } as never);
    expect(report.neverEntered).toEqual([{ strategy: 'ema-cross', symbols: SYMBOLS, reason: 'waits' }]);
    expect(neverEnteredLines(report)).toEqual([
      'ema-cross asked for no entry in BTC/USDT, ETH/USDT; at the end: waits',
    ]);
  });
});
