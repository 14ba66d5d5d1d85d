import { describe, expect, it } from 'vitest';
import { drawFrom } from '../../simulators/random.js';
import { formatUnits, parseMoney } from '../../src/domain/money.js';
import { applyRecord } from '../../src/engine/apply-record.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { createState } from '../../src/engine/state.js';
import { coins, crossStrategy } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';
import { ExactAccount, type FeeAsset, results } from './support/exact-account.js';

const ASSETS: readonly FeeAsset[] = ['USDT', 'coin', 'BNB'];

describe('fees', () => {
  it('kept in coins are not rounded up to a lot: forty round trips halt nothing and lose what they really lose', () => {
    const account = new ExactAccount(drawFrom(7));
    for (let trip = 0; trip < 40; trip += 1) {
      account.roundTrip('coin');
      expect(account.agrees(), `round trip ${trip + 1}`).toBe(true);
    }
    const { trips, gained } = results(account);
    expect(trips).toBe(gained);
    expect(account.desk.recorded('halt').map(({ halt }) => halt.cause)).toEqual(['startup']);
  });

  it('kept in coins leave dust that is told and valued to the last place: all that equity has beside cash', () => {
    const account = new ExactAccount(drawFrom(7));
    for (let trip = 0; trip < 10; trip += 1) account.roundTrip('coin');
    expect(account.agrees()).toBe(true);
    const { positions, dust, equity, cash } = account.desk.engine.view;
    expect(positions).toEqual([]);
    expect(dust.map(({ quantity }) => quantity)).toEqual(account.held.map((units) => formatUnits(units)));
    expect(dust.every(({ value }) => value > 0)).toBe(true);
    expect(dust.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(equity - cash, -1);
  });

  it('of 300 round trips of random size and fee asset leave books equal to the venue at each one', () => {
    const draw = drawFrom(20_260_105);
    const account = new ExactAccount(draw);
    for (let trip = 0; trip < 300; trip += 1) {
      account.roundTrip(ASSETS[draw(3)] as FeeAsset);
      if (!account.agrees()) throw new Error(`the books differ after round trip ${trip + 1}`);
    }
    const { trips, gained } = results(account);
    expect(trips).toBe(gained);
  });
});

describe('a fee in BNB', () => {
  const instruments = coins(['BTC', 'BNB']);
  const strategies = crossStrategy(instruments.slice(0, 1), {
    fastBars: 2,
    slowBars: 3,
    atrBars: 2,
    entryRestBars: 2,
  });
  const desk = (changes: ConstructorParameters<typeof DeskUnderTest>[0] = {}) =>
    new DeskUnderTest({ instruments, strategies, ...changes }).active();
  const feeIn = { asset: 'BNB', amount: '0.00200000' };

  function bought(under: DeskUnderTest): void {
    const entry = under.enter(0);
    under.accept(entry);
    const fill = under.makeFill(entry, entry.limitTicks ?? 0, entry.quantityLots);
    under.happen({ kind: 'fill', fill: { ...fill, feeIn } });
  }

  it("is worth what the desk's own quote says, which is recorded with the fill; cash pays the purchase alone", () => {
    const under = desk({ feeAssets: { BNB: 1 } });
    under.quote(1, 60_000);
    const before = under.engine.view;
    bought(under);
    const [{ fill }] = under.recorded('fill') as [ReturnType<typeof under.recorded<'fill'>>[0]];
    expect(fill).toMatchObject({ fee: 120_000_000, feeIn: { ...feeIn, priceTicks: 60_000 } });
    const { cash, balances } = under.engine.view;
    expect(before.cash - cash).toBe(fill.quantityLots * fill.priceTicks * 1_000);
    expect(balances).toContainEqual({ asset: 'BNB', amount: '-0.00200000' });
    const cost = fill.quantityLots * (under.engine.view.positions[0]?.markTicks ?? 0) * 1_000;
    expect(under.engine.view.equity).toBe(cash + cost - 120_000_000);
  });

  it('that nobody declared is unvalued: nothing new is entered, and the status says what to do', () => {
    const under = desk();
    bought(under);
    expect(under.engine.view.unvaluedFees).toMatchObject([{ asset: 'BNB', amount: '0.00200000' }]);
    expect(under.recorded('fill')[0]?.fill).toMatchObject({ fee: 0, feeIn: { unvalued: true } });
    const [reason] = under.engine.whyNotTrading().filter(({ reason: text }) => text.includes('BNB'));
    expect(reason?.reason).toMatch(/declare BNB in venue.feeAssets with the instrument that prices it$/);
    under.fill(under.live('protective', 0)[0]!, 9_000);
    for (const close of [9_990, 9_980, 9_970, 9_960, 10_100]) under.bar(0, close);
    expect(under.live('entry', 0)).toEqual([]);
    expect(under.recorded('order.denied').at(-1)).toMatchObject({ limit: 'fee-value' });
  });

  it('without a fresh quote waits for one, and then costs what it is worth', () => {
    const under = desk({ feeAssets: { BNB: 1 } });
    under.wait(20_000);
    under.quote(0, 10_000);
    bought(under);
    expect(under.engine.view.unvaluedFees).toHaveLength(1);
    under.quote(1, 50_000);
    under.pass(1_000);
    expect(under.engine.view.unvaluedFees).toEqual([]);
    expect(under.recorded('fee.valued')).toMatchObject([{ fee: 100_000_000, priceTicks: 50_000 }]);
    const state = createState();
    for (const record of under.records) applyRecord(state, record);
    expect(state.feesElsewhere).toBe(100_000_000n);
  });

  it('wakes nobody while its price is only late, and people once if it stays away; one undeclared wakes them at once', () => {
    const alarms = (under: DeskUnderTest) =>
      under
        .recorded('note')
        .flatMap(({ level, text }) => (level === 'alarm' && text.includes('BNB') ? [text] : []));
    const unpriced = () => {
      const under = desk({ feeAssets: { BNB: 1 } });
      under.wait(20_000);
      under.quote(0, 10_000);
      bought(under);
      under.pass(50_000);
      expect(alarms(under)).toEqual([]);
      return under;
    };
    const late = unpriced();
    late.quote(1, 50_000);
    late.pass(1_000);
    late.pass(120_000);
    expect(alarms(late)).toEqual([]);
    const away = unpriced();
    for (let second = 0; second < 120; second += 1) away.pass(1_000);
    expect(alarms(away)).toEqual([expect.stringContaining('BNB/USDT has no fresh price; nothing new')]);
    const undeclared = desk();
    bought(undeclared);
    expect(alarms(undeclared)).toEqual([expect.stringContaining('declare BNB in venue.feeAssets')]);
    const fill = away.makeFill(away.recorded('order.intended')[0]!.order, 10_000, 1);
    away.happen({ kind: 'fill', fill: { ...fill, feeIn: { asset: 'XYZ', amount: '0.1' } } });
    expect(away.recorded('note').at(-1)).toMatchObject({
      ...{ level: 'alarm', text: expect.stringContaining('declare XYZ in venue.feeAssets') },
    });
  });

  it('is taken of a sale of BNB itself, too', () => {
    const under = desk({ feeAssets: { BNB: 1 } });
    under.quote(1, 60_000);
    const deal = (tradeId: string, side: 'buy' | 'sell', more: object) => ({
      ...{
        tradeId,
        clientId: 'person',
        instrument: 1,
        side,
        quantityLots: 1_000,
        priceTicks: 60_000,
        fee: 0,
      },
      ...{ liquidity: 'taker' as const, marketMs: under.marketMs, simulated: true, ...more },
    });
    under.happen({ kind: 'fill', fill: deal('b1', 'buy', {}) });
    under.happen({ kind: 'fill', fill: deal('b2', 'sell', { feeIn }) });
    expect(under.engine.view.positions).toEqual([]);
    expect(under.engine.view.balances).toContainEqual({ asset: 'BNB', amount: '-0.00200000' });
    expect(under.engine.view.cash).toBe(parseMoney('10000'));
  });
});

describe('a fee in BNB that waits for a value over a change of the instruments', () => {
  const feeIn = { asset: 'BNB', amount: '0.00200000' };
  const short = { fastBars: 2, slowBars: 3, atrBars: 2, entryRestBars: 2 };
  /** Has traded `symbol` once, in vain, and paid a fee that nobody can value. */
  const paidFor = (symbol: string): DeskUnderTest => {
    const instruments = coins(['BTC', 'ETH', 'SOL']);
    const under = new DeskUnderTest({ instruments, strategies: crossStrategy(instruments, short) }).active();
    const { entry, stop } = under.hold(instruments.findIndex((one) => one.symbol === symbol));
    under.happen({ kind: 'fill', fill: { ...under.makeFill(stop, entry.limitTicks ?? 0), feeIn } });
    expect(under.engine.view.unvaluedFees).toHaveLength(1);
    return under;
  };
  const startedAs = (names: readonly string[], journal: readonly EngineRecord[]): DeskUnderTest => {
    const instruments = coins(names);
    const feeAssets = { BNB: names.indexOf('BNB') };
    const config = { instruments, strategies: crossStrategy(instruments), feeAssets, configHash: 'other' };
    return new DeskUnderTest(config, names.length, journal);
  };
  const priced = (under: DeskUnderTest): DeskUnderTest => {
    under.begin().quote(under.config.feeAssets?.BNB ?? -1, 60_000);
    under.pass(1_000);
    return under;
  };
  /** What trades have earned, by symbol. */
  const earned = ({ config: { instruments }, records }: DeskUnderTest) => {
    const state = createState();
    for (const record of records) applyRecord(state, record);
    return [...state.trips.values()].map((one) => [instruments[one.instrument]?.symbol, one.realised]);
  };
  const worth = 120_000_000n;

  it.each([
    ['in another order', 'SOL/USDT', ['SOL', 'BTC', 'BNB'], [['SOL/USDT', -worth]]],
    ['with fewer symbols', 'SOL/USDT', ['SOL', 'BNB'], [['SOL/USDT', -worth]]],
    ['without its own', 'SOL/USDT', ['BTC', 'BNB'], []],
    ['without its own, whose number another has', 'BTC/USDT', ['SOL', 'ETH', 'BNB'], []],
  ] as const)('%s is charged to equity, and to no other symbol', (_, symbol, names, trips) => {
    const under = priced(startedAs(names, paidFor(symbol).records));
    expect(under.engine.view.unvaluedFees).toEqual([]);
    expect(under.engine.view.feesElsewhere).toBe(Number(worth));
    expect(earned(under)).toEqual(trips);
    const again = startedAs(names, JSON.parse(JSON.stringify(under.records)));
    expect(again.engine.stateHash()).toBe(under.engine.stateHash());
    again.begin();
    expect(again.engine.view.feesElsewhere).toBe(Number(worth));
  });

  it('is charged to its own symbol also where an earlier build recorded the number that this had before', () => {
    const names = ['SOL', 'BTC', 'ETH', 'BNB'];
    const under = priced(startedAs(names, paidFor('SOL/USDT').records));
    const earlier = under.records.map((one) => (one.type === 'fee.valued' ? { ...one, instrument: 2 } : one));
    expect(startedAs(names, earlier).engine.stateHash()).toBe(under.engine.stateHash());
  });
});

describe('a fee in the coin that was bought', () => {
  const instruments = coins(['BTC']);
  const strategies = crossStrategy(instruments);
  const under = () => new DeskUnderTest({ instruments, strategies }).active();
  const deal = (tradeId: string, side: 'buy' | 'sell', more: object = {}) => ({
    ...{ tradeId, clientId: 'person', instrument: 0, side, quantityLots: 1_000, priceTicks: 10_000, fee: 0 },
    ...{ liquidity: 'taker' as const, simulated: true, ...more },
  });
  const feeIn = { asset: 'BTC', amount: '0.00050000' };

  it('is owed where its sale is heard of first, and the next purchase pays it back', () => {
    const desk = under();
    desk.quote(0, 10_000);
    const { marketMs } = desk;
    desk.happen({ kind: 'fill', fill: { ...deal('x2', 'sell'), marketMs } });
    desk.happen({ kind: 'fill', fill: { ...deal('x1', 'buy', { feeIn }), marketMs } });
    expect(desk.engine.view.positions).toEqual([]);
    expect(desk.engine.view.balances).toContainEqual({ asset: 'BTC', amount: '-0.00050000' });
    // What is owed, 0.0005 coins, costs the ask.
    expect(desk.engine.view.equity).toBe(parseMoney('10000') - parseMoney('0.05001'));
    desk.happen({ kind: 'fill', fill: { ...deal('x3', 'buy'), marketMs } });
    expect(desk.engine.view.positions).toMatchObject([{ quantityLots: 999 }]);
    expect(desk.engine.view.balances).toContainEqual({ asset: 'BTC', amount: '0.99950000' });
    expect(desk.engine.view.equity).toBe(parseMoney('10000') - parseMoney('0.05'));
  });
});
