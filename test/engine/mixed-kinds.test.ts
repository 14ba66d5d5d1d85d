/** A desk of coins and of contracts: each can do what its own kind can, whatever stands beside it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { capabilitiesIn, capabilityLines, capabilityWords } from '../../src/domain/order-bounds.js';
import type { VenueOrder } from '../../src/domain/venue.js';
import { BINANCE_TAKES } from '../../src/venue/binance/options.js';
import { IBKR_TAKES } from '../../src/venue/ibkr/settings.js';
import { PAPER_CAPABILITIES } from '../../src/venue/paper/capabilities.js';
import { coins, FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';
import { oneEntry } from './support/one-entry.js';

const CONTRACT = buildInstrument(1, {
  ...{ symbol: 'ETH/USDT', kind: 'linear', tickSize: '0.01', lotSize: '0.001', minNotional: '5' },
  ...{ makerFeePpm: 1000, takerFeePpm: 1000 },
});
const INSTRUMENTS = [...coins(['BTC']), CONTRACT];
/** Contracts may be short, and have orders that only reduce; coins have neither. */
const MIXED = { ...FUTURES, ofKinds: { spot: { ...SPOT, amends: true, replaces: true } } };
const SALE = { side: 'sell', limitTicks: 10_002, protectTicks: 10_200 } as const;

function mixed(wish: Parameters<typeof oneEntry>[0], capabilities: typeof MIXED = MIXED): DeskUnderTest {
  const strategies = [{ ...oneEntry(wish), symbols: ['BTC/USDT', 'ETH/USDT'] }];
  const desk = new DeskUnderTest({ strategies, instruments: INSTRUMENTS, capabilities }).active();
  for (const { id } of INSTRUMENTS) desk.bar(id, 10_000);
  return desk;
}

/** Bought in both, each with its stop. */
function held(capabilities: typeof MIXED = MIXED): DeskUnderTest {
  const desk = mixed({}, capabilities);
  for (const at of [0, 1]) {
    const [entry] = desk.live('entry', at);
    desk.accept(entry!);
    desk.fill(entry!, 10_000);
    desk.accept(desk.live('protective', at)[0]!);
  }
  return desk;
}

describe('a desk of coins and contracts', () => {
  it('sells the contract short, and of the coins only what it holds', () => {
    const desk = mixed(SALE);
    expect(desk.live('entry', 0)).toEqual([]);
    expect(desk.live('entry', 1)).toMatchObject([{ side: 'sell', limitTicks: 10_002 }]);
    expect(desk.recorded('order.denied')).toMatchObject([{ order: { instrument: 0 }, limit: 'shorting' }]);
  });

  it('lets a sale wait for its price in the contract only', () => {
    const wish = {
      side: 'sell',
      type: 'ifTouched',
      limitTicks: null,
      slippageTicks: 5,
      restBars: 3,
    } as const;
    const desk = mixed({ ...wish, touchTicks: 10_100, protectTicks: 10_300, because: 'it may rise' });
    expect(desk.recorded('entry.waits')).toMatchObject([{ entry: { instrument: 1 } }]);
    expect(desk.recorded('order.denied')).toMatchObject([{ order: { instrument: 0 }, limit: 'shorting' }]);
  });

  it('takes a sale with a trigger and a worst price for a stop of the coins, and for an entry in the contract', () => {
    const desk = new DeskUnderTest({ instruments: INSTRUMENTS, capabilities: MIXED }).begin();
    const found = INSTRUMENTS.map(({ id }) => ({
      ...{ clientId: `fabc1231${id}`, venueId: `v${id}`, instrument: id, state: 'working', filledLots: 0 },
      ...{ side: 'sell', type: 'stop', quantityLots: 10, limitTicks: 9_000, stopTicks: 9_500 },
    })) as unknown as VenueOrder[];
    desk.snapshot({ openOrders: found });
    expect(desk.recorded('order.intended').map(({ order }) => [order.instrument, order.purpose])).toEqual([
      [0, 'protective'],
      [1, 'entry'],
    ]);
  });

  it('gives each of two strategies a trade of its own in the coins, and the contract to one of them', () => {
    const symbols = ['BTC/USDT', 'ETH/USDT'];
    const strategies = ['one', 'two'].map((name) => ({
      ...oneEntry({ size: { lots: 100 } }),
      name,
      symbols,
    }));
    const desk = new DeskUnderTest({ strategies, instruments: INSTRUMENTS, capabilities: MIXED }).active();
    for (const { id } of INSTRUMENTS) desk.bar(id, 10_000);
    expect(desk.live('entry', 0).map(({ strategy }) => strategy)).toEqual(['one', 'two']);
    expect(desk.live('entry', 1).map(({ strategy }) => strategy)).toEqual(['one']);
    expect(desk.recorded('order.denied')).toMatchObject([{ order: { instrument: 1 }, limit: 'taken' }]);
  });

  it('has a stop for a contract that somebody sold, and buys no coins that nobody can owe', () => {
    const desk = mixed({});
    for (const instrument of [0, 1]) {
      const sale = { tradeId: `x${instrument}`, clientId: 'person', instrument, side: 'sell' } as const;
      const at = { quantityLots: 1_000, priceTicks: 10_000, fee: 0, liquidity: 'taker' } as const;
      desk.happen({ kind: 'fill', fill: { ...sale, ...at, simulated: true, marketMs: desk.marketMs } });
    }
    desk.pass(1_000);
    expect(desk.live('protective', 1)).toMatchObject([{ side: 'buy', quantityLots: 1_000 }]);
    expect(desk.live('protective', 0)).toEqual([]);
    expect(desk.recorded('order.denied')).toEqual([]);
  });

  it('lets a strategy see for each of its instruments whether it can be short', () => {
    const seen: [string, boolean][] = [];
    const { own, ...once } = oneEntry();
    const looks = {
      ...{ ...once, symbols: ['BTC/USDT', 'ETH/USDT'] },
      own: {
        ...own!,
        create: () => ({
          ...{ warmupBars: 0, state: () => '' },
          onBar: (context: Parameters<ReturnType<NonNullable<typeof own>['create']>['onBar']>[0]) => {
            seen.push([context.instrument.symbol, context.shorting]);
          },
        }),
      },
    };
    const desk = new DeskUnderTest({
      strategies: [looks],
      instruments: INSTRUMENTS,
      capabilities: MIXED,
    }).active();
    for (const { id } of INSTRUMENTS) desk.bar(id, 10_000);
    expect(seen).toEqual([
      ['BTC/USDT', false],
      ['ETH/USDT', true],
    ]);
  });

  it('closes the contract under its stop, which only reduces, and cancels the stop of the coins first', () => {
    const desk = held();
    expect(desk.live('protective', 0)).toMatchObject([{ reduceOnly: false }]);
    expect(desk.live('protective', 1)).toMatchObject([{ reduceOnly: true }]);
    desk.command({ name: 'closeAll' });
    expect(desk.effects).toContainEqual(expect.objectContaining({ kind: 'cancel' }));
    expect(desk.live('close', 0)).toEqual([]);
    expect(desk.live('close', 1)).toMatchObject([{ type: 'market', side: 'sell', reduceOnly: true }]);
    desk.happen({ kind: 'order.cancelled', clientId: desk.live('protective', 0)[0]!.clientId });
    expect(desk.live('close', 0)).toMatchObject([{ type: 'market', side: 'sell', reduceOnly: false }]);
  });

  it('links the exits of the one kind of instrument of which the venue links them', () => {
    const desk = held({ ...MIXED, linksOrders: true });
    expect(desk.live('protective', 0)[0]).not.toHaveProperty('group');
    expect(desk.live('protective', 1)[0]).toHaveProperty('group');
    for (let round = 0; round < 3; round += 1) {
      desk.pass(5_000);
      desk.snapshot();
    }
    const notes = desk.recorded('note').map(({ text }) => text);
    expect(notes.filter((text) => text.includes('read back'))).toEqual([
      expect.stringMatching(/^ETH\/USDT: read back from the venue/),
    ]);
  });

  it('says of each instrument what the venue refuses, and what the desk does in its place', () => {
    const desk = mixed({});
    const { capabilities = [] } = desk.status();
    expect(capabilities).toMatchObject([
      { symbol: 'BTC/USDT', targetsWait: 'desk' },
      { symbol: 'ETH/USDT', targetsWait: 'desk' },
    ]);
    expect(capabilityLines(capabilities)).toEqual([
      'BTC/USDT: refuses short sales, post-only entries, fill-or-kill entries; ' +
        'the desk holds targets, cancels the stop before it closes a position',
      'ETH/USDT: refuses post-only entries, fill-or-kill entries; ' +
        'the desk holds targets, cancels a stop that changes before it sends the new one',
    ]);
  });

  it('says so too where the venue itself exchanges no orders of one symbol', () => {
    const desk = mixed({});
    desk.snapshot({ fixedOrders: [{ instrument: 0, amends: true, replaces: false }] });
    expect(desk.status().capabilities?.[0]?.byDesk).toContain(
      'cancels a stop that moves before it sends the new one',
    );
  });
});

it('is declared once for each kind, at every venue', () => {
  const words = (can: Parameters<typeof capabilityWords>[0]): readonly string[] =>
    capabilityWords(can).refused;
  expect(words(IBKR_TAKES.future.can)).toEqual([
    'market entries',
    'post-only entries',
    'fill-or-kill entries',
  ]);
  expect(words(IBKR_TAKES.stock.can)).toEqual(['short sales', ...words(IBKR_TAKES.future.can)]);
  expect(words(BINANCE_TAKES.spot.can)).toEqual(['short sales']);
  const onPaper = (['spot', 'stock', 'linear', 'inverse', 'future', 'fx'] as const).map((kind) =>
    words(capabilitiesIn(PAPER_CAPABILITIES, { kind })),
  );
  expect(onPaper).toEqual([['short sales'], ['short sales'], [], [], [], []]);
});

it('no code of the engine asks the account what only an instrument can say', () => {
  const engine = fileURLToPath(new URL('../../src/engine/', import.meta.url));
  const ofAccount = ['name', 'takesActions', 'cashStep'];
  const asked = readdirSync(engine, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(join(engine, file), 'utf8').matchAll(/config\.capabilities\.(\w+)/g)])
    .map((found) => found[1]);
  expect(asked.filter((member) => !ofAccount.includes(member as string))).toEqual([]);
  expect(new Set(asked)).toEqual(new Set(ofAccount));
});
