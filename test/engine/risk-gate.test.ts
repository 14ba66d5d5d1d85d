import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { parseMoney } from '../../src/domain/money.js';
import type { OrderIntent } from '../../src/domain/order.js';
import { judge } from '../../src/limits/gate.js';
import type { Holding, RiskCheck } from '../../src/limits/limit.js';
import type { RiskNumbers } from '../../src/limits/registry.js';
import { FUTURES, SPOT } from '../support/engine-config.js';

const instrument = buildInstrument(0, {
  symbol: 'BTC/USDT',
  kind: 'spot',
  tickSize: '0.01',
  lotSize: '0.001',
  minNotional: '5',
  makerFeePpm: 0,
  takerFeePpm: 0,
});

const ENTRY: OrderIntent = {
  clientId: 'fabc1231',
  instrument: 0,
  strategy: 'cross',
  purpose: 'entry',
  side: 'buy',
  type: 'limit',
  quantityLots: 2_000,
  limitTicks: 10_000,
  stopTicks: null,
  protectTicks: 9_600,
  reduceOnly: false,
  timeInForce: 'GTC',
};

const RISK: RiskNumbers = {
  maxPositionSizePct: 3,
  maxConcurrentPositions: 3,
  stopLossPct: 5,
  dailyLossLimitPct: 3,
  maxDrawdownPct: 15,
  staleDataSeconds: 10,
};

function check(intent: Partial<OrderIntent> = {}, world: Partial<RiskCheck> = {}): RiskCheck {
  return {
    intent: { ...ENTRY, ...intent },
    instrument,
    mode: 'ACTIVE',
    needsGoLive: false,
    closing: false,
    positionLots: 0,
    restingEntryLots: 0,
    stopsNeeded: () => 1,
    otherOpenPositions: 0,
    equity: parseMoney('10000'),
    dailyFloor: parseMoney('9700'),
    drawdownFloor: parseMoney('8500'),
    quoteAgeMs: 100,
    quoteUnchangedMs: 0,
    bidTicks: 10_000,
    askTicks: 10_002,
    venueBreaker: 'closed',
    session: null,
    closed: null,
    openFees: null,
    unconverted: null,
    sizeFactorPpm: 1_000_000,
    venue: SPOT.name,
    capabilities: SPOT,
    lossesInARow: 0,
    holdings: () => [],
    entriesLastMinute: () => 0,
    sameEntryAgeMs: () => null,
    volatilityPct: () => null,
    correlation: () => null,
    ...world,
  };
}

function limitOf(
  intent: Partial<OrderIntent> = {},
  world: Partial<RiskCheck> = {},
  more: Partial<RiskNumbers> = {},
): string | null {
  return judge(check(intent, world), { ...RISK, ...more }).denial?.limit ?? null;
}

/** Worth so much of the equity of 10,000. */
function holding(pct: number, at: Partial<Holding> = {}): Holding {
  const worth = (parseMoney('10000') * pct) / 100;
  return {
    instrument: 1,
    worth,
    buying: 0,
    selling: 0,
    byStrategy: new Map([['cross', Math.abs(worth)]]),
    ...at,
  };
}

describe('the risk gate', () => {
  it('approves an entry within every limit, and gives back that very order', () => {
    const verdict = judge(check(), RISK);
    expect(verdict.denial).toBeNull();
    expect(verdict.approved).toEqual(ENTRY);
  });

  it.each([
    ['what is worth enough at its price, and not at its stop', 52, 9_600, 0, false],
    ['what is worth enough at its stop', 55, 9_600, 0, true],
    ['what a fee in coins makes too small at its stop', 55, 9_600, 1_000, false],
    ['what is worth enough after that fee', 56, 9_600, 1_000, true],
    ['what a further stop makes too small', 55, 9_500, 0, false],
  ])(
    'takes an entry by what could be protected and sold again: %s',
    (_, quantityLots, protectTicks, takerFeePpm, ok) => {
      const world = { instrument: { ...instrument, takerFeePpm } };
      expect(limitOf({ quantityLots, protectTicks }, world)).toBe(ok ? null : 'protectable');
    },
  );

  it('approves only what could be protected and sold again, at reduced size too', () => {
    const reduced = { sizeFactorPpm: 18_500 };
    expect(limitOf({ quantityLots: 55 }, reduced)).toBeNull();
    expect(limitOf({ quantityLots: 54 }, reduced)).toBe('protectable');
    expect(limitOf({ quantityLots: 56 }, reduced)).toBe('position-size');
  });

  it('approves only what one stop can protect: no more altogether than the venue takes in one order', () => {
    const most = { instrument: { ...instrument, maxMarketLots: 1_000 } };
    expect(limitOf({ quantityLots: 1_000 }, most)).toBeNull();
    expect(limitOf({ quantityLots: 1_001 }, most)).toBe('protectable');
    expect(limitOf({ quantityLots: 500 }, { ...most, positionLots: 300, restingEntryLots: 201 })).toBe(
      'protectable',
    );
    expect(limitOf({ quantityLots: 500 }, { ...most, positionLots: 300, restingEntryLots: 200 })).toBeNull();
    const any = { instrument: { ...instrument, maxQuantityLots: 999, maxMarketLots: 1_000 } };
    expect(limitOf({ quantityLots: 1_000 }, any)).toBe('protectable');
    expect(judge(check({ quantityLots: 1_001 }, most), RISK).denial?.reason).toBe(
      'the position would be 1.001 BTC, and the venue takes 1.000 at most in one order at the market: one stop could not protect it',
    );
  });

  it('approves only what could be protected and sold again, for each part that may fill', () => {
    const alone = { quantityLots: 54 };
    expect(limitOf(alone)).toBe('protectable');
    expect(limitOf(alone, { positionLots: 1_000 })).toBe('protectable');
    expect(limitOf(alone, { restingEntryLots: 1_000 })).toBe('protectable');
    expect(limitOf({ quantityLots: 55 }, { positionLots: 1_000, restingEntryLots: 1_000 })).toBeNull();
  });

  it('approves only what could be protected and sold again, whatever the venue asks for', () => {
    const whole = (max: number) => fc.integer({ min: 0, max });
    const drawn = fc.tuple(whole(400), whole(500), whole(2_000), whole(900), whole(900), whole(60));
    let approved = 0;
    fc.assert(
      fc.property(drawn, ([lots, belowTicks, takerFeePpm, positionLots, restingEntryLots, minimum]) => {
        const [quantityLots, protectTicks] = [lots, 10_000 - belowTicks];
        const rules = { takerFeePpm, minNotional: parseMoney(String(minimum)) };
        const world = { instrument: { ...instrument, ...rules }, positionLots, restingEntryLots };
        if (limitOf({ quantityLots, protectTicks }, world) !== null) return;
        approved += 1;
        // What is left of it after its fee, sold at the worst price that its stop may ask for.
        const left = (BigInt(quantityLots) * BigInt(1_000_000 - takerFeePpm)) / 1_000_000n;
        const worth = (left * BigInt(protectTicks) * 95n * BigInt(instrument.moneyPerTickLot)) / 100n;
        expect(worth).toBeGreaterThanOrEqual(BigInt(rules.minNotional));
      }),
      { numRuns: 2_000 },
    );
    expect(approved).toBeGreaterThan(200);
  });

  it('refuses entries while the breaker of the venue is open or half open, even those of a desk that is ACTIVE', () => {
    expect(limitOf({}, { mode: 'ACTIVE', venueBreaker: 'open' })).toBe('venue-breaker');
    expect(limitOf({}, { mode: 'ACTIVE', venueBreaker: 'halfOpen' })).toBe('venue-breaker');
  });

  it.each([
    ['mode', {}, { mode: 'REDUCING' }],
    ['mode', {}, { mode: 'HALTED' }],
    ['stale-data', {}, { quoteAgeMs: 10_001 }],
    ['stale-data', {}, { quoteAgeMs: null }],
    ['closed-instrument', {}, { closed: 'BTC/USDT is not trading' }],
    ['position-size', {}, { sizeFactorPpm: 100_000 }],
    ['stop-loss-required', { protectTicks: null }, {}],
    ['stop-loss-required', { protectTicks: 10_000 }, {}],
    ['stop-loss-required', { protectTicks: 9_499 }, {}],
    ['daily-loss', {}, { equity: parseMoney('9700') }],
    ['drawdown', {}, { equity: parseMoney('8500'), dailyFloor: 0 }],
    ['open-positions', {}, { otherOpenPositions: 3 }],
    ['position-size', { quantityLots: 3_001 }, {}],
    ['position-size', {}, { positionLots: 1_001 }],
    ['position-size', {}, { restingEntryLots: 1_001 }],
    ['position-size', { quantityLots: 1 }, {}],
    ['shorting', { side: 'sell', protectTicks: 10_400 }, {}],
    ['order', { quantityLots: 0 }, {}],
    ['order', { quantityLots: 1.5 }, {}],
  ] as [string, Partial<OrderIntent>, Partial<RiskCheck>][])('refuses by %s (%#)', (limit, intent, world) => {
    expect(limitOf(intent, world)).toBe(limit);
  });

  // The entry is worth 2 % of equity.
  it.each([
    ['gross-exposure', { maxGrossExposurePct: 9.9 }, { holdings: () => [holding(-8)] }],
    [
      'gross-exposure',
      { maxGrossExposurePct: 9.9 },
      { holdings: () => [holding(0, { selling: holding(8).worth })] },
    ],
    [null, { maxGrossExposurePct: 10 }, { holdings: () => [holding(-8)] }],
    ['strategy-exposure', { maxStrategyExposurePct: 9.9 }, { holdings: () => [holding(8)] }],
    [
      null,
      { maxStrategyExposurePct: 9.9 },
      { holdings: () => [holding(8, { byStrategy: new Map([['other', 8]]) })] },
    ],
    [
      'correlated-exposure',
      { maxCorrelatedExposurePct: 5.9 },
      { holdings: () => [holding(8)], correlation: () => 0.5 },
    ],
    [null, { maxCorrelatedExposurePct: 6 }, { holdings: () => [holding(8)], correlation: () => 0.5 }],
    [null, { maxCorrelatedExposurePct: 2 }, { holdings: () => [holding(8)], correlation: () => -0.5 }],
    [
      'correlated-exposure',
      { maxCorrelatedExposurePct: 9.9 },
      { holdings: () => [holding(-8)], correlation: () => null },
    ],
    [
      'correlated-exposure',
      { maxCorrelatedExposurePct: 5.9 },
      { holdings: () => [holding(0, { selling: holding(8).worth })], correlation: () => -0.5 },
    ],
    [
      null,
      { maxCorrelatedExposurePct: 2 },
      { holdings: () => [holding(0, { selling: holding(8).worth })], correlation: () => 0.5 },
    ],
    // What may never fill takes nothing off here either.
    [
      'correlated-exposure',
      { maxCorrelatedExposurePct: 5.9 },
      { holdings: () => [holding(8, { selling: holding(8).worth })], correlation: () => 0.5 },
    ],
    // An instrument moves like itself, measured or not.
    [
      'correlated-exposure',
      { maxCorrelatedExposurePct: 9.9 },
      { holdings: () => [holding(8, { instrument: 0 })], correlation: () => 0 },
    ],
    [
      null,
      { maxCorrelatedExposurePct: 2 },
      { holdings: () => [holding(-8, { instrument: 0 })], correlation: () => null },
    ],
    ['net-exposure', { maxNetExposurePct: 9.9 }, { holdings: () => [holding(8)] }],
    [null, { maxNetExposurePct: 10 }, { holdings: () => [holding(8)] }],
    ['net-exposure', { maxNetExposurePct: 3.9 }, { holdings: () => [holding(8), holding(-6)] }],
    [null, { maxNetExposurePct: 4 }, { holdings: () => [holding(8), holding(-6)] }],
    // It takes exposure off.
    [null, { maxNetExposurePct: 2 }, { holdings: () => [holding(-8)] }],
    [
      'net-exposure',
      { maxNetExposurePct: 9.9 },
      { holdings: () => [holding(0, { buying: holding(8).worth })] },
    ],
    // What may never fill takes nothing off.
    [
      'net-exposure',
      { maxNetExposurePct: 9.9 },
      { holdings: () => [holding(8, { selling: holding(8).worth })] },
    ],
    ['order-size', { maxOrderNotional: 199.99 }, {}],
    [null, { maxOrderNotional: 200 }, {}],
    ['order-size', { maxOrderNotional: 200 }, { bidTicks: 10_001 }],
    ['frozen-quotes', { frozenQuoteSeconds: 30 }, { quoteUnchangedMs: 30_001 }],
    ['frozen-quotes', { frozenQuoteSeconds: 30 }, { quoteUnchangedMs: null }],
    ['frozen-quotes', { frozenQuoteSeconds: 30 }, { quoteUnchangedMs: Number.NaN }],
    [null, { frozenQuoteSeconds: 30 }, { quoteUnchangedMs: 30_000 }],
    ['repeated-entry', { repeatedEntrySeconds: 60 }, { sameEntryAgeMs: () => 59_999 }],
    [null, { repeatedEntrySeconds: 60 }, { sameEntryAgeMs: () => 60_000 }],
    [null, { repeatedEntrySeconds: 60 }, { sameEntryAgeMs: () => null }],
    ['order-rate', { maxEntriesPerMinute: 2 }, { entriesLastMinute: () => 2 }],
    [null, { maxEntriesPerMinute: 2 }, { entriesLastMinute: () => 1 }],
    ['loss-streak', { maxLossesInARow: 2 }, { lossesInARow: 2 }],
    [null, { maxLossesInARow: 2 }, { lossesInARow: 1 }],
    ['volatility', { maxVolatilityPct: 0.2 }, { volatilityPct: () => 0.21 }],
    ['volatility', { maxVolatilityPct: 0.2 }, { volatilityPct: () => null }],
    [null, { maxVolatilityPct: 0.2 }, { volatilityPct: () => 0.2 }],
    ['price-collar', { maxEntryDistancePct: 1 }, { bidTicks: 9_800, askTicks: 9_900 }],
    ['price-collar', { maxEntryDistancePct: 1 }, { bidTicks: 10_102, askTicks: 10_104 }],
    [null, { maxEntryDistancePct: 1.1 }, { bidTicks: 9_800, askTicks: 9_900 }],
  ] as [string | null, Partial<RiskNumbers>, Partial<RiskCheck>][])(
    'a limit that a desk file may set: %s (%#)',
    (limit, more, world) => {
      expect(limitOf({}, world, more)).toBe(limit);
      // What reduces a position passes, whatever the limit says.
      const stop = { purpose: 'protective', side: 'sell', type: 'stop', quantityLots: 10 } as const;
      expect(limitOf(stop, { ...world, positionLots: 10 }, more)).toBeNull();
    },
  );

  it('refuses an entry where a limit can not be computed, and says why', () => {
    const holdings = () => {
      throw new Error('no price of it is known');
    };
    const { approved, denial } = judge(check({}, { holdings }), { ...RISK, maxGrossExposurePct: 100 });
    expect([approved, denial]).toEqual([
      null,
      {
        limit: 'risk-gate',
        reason: 'a limit could not be computed (no price of it is known), so nothing was sent',
      },
    ]);
  });

  it.each([
    ['net-exposure', 9.9, holding(-8)],
    [null, 10, holding(-8)],
    [null, 2, holding(8)],
    // A sale that rests adds, and a purchase that rests takes nothing off.
    ['net-exposure', 9.9, holding(0, { selling: holding(8).worth })],
    ['net-exposure', 9.9, holding(-8, { buying: holding(8).worth })],
  ])('sets short against long for a sale: %s at %d %% with %j', (limit, maxNetExposurePct, one) => {
    const world = { capabilities: FUTURES, holdings: () => [one] };
    expect(limitOf({ side: 'sell', protectTicks: 10_400 }, world, { maxNetExposurePct })).toBe(limit);
  });

  // Its stop is 400 ticks away.
  it.each<[string | null, number, NonNullable<OrderIntent['exits']>]>([
    [null, 2, { targets: [{ ticks: 10_800, closedPpm: 1_000_000 }] }],
    ['reward-to-risk', 2, { targets: [{ ticks: 10_799, closedPpm: 1_000_000 }] }],
    [null, 2.2, { targets: [{ ticks: 10_880, closedPpm: 1_000_000 }] }],
    [
      null,
      1.5,
      {
        targets: [
          { ticks: 10_400, closedPpm: 500_000 },
          { ticks: 10_800, closedPpm: 1_000_000 },
        ],
      },
    ],
    [
      'reward-to-risk',
      1.51,
      {
        targets: [
          { ticks: 10_400, closedPpm: 500_000 },
          { ticks: 10_800, closedPpm: 1_000_000 },
        ],
      },
    ],
    // The half that no target closes has no reward.
    ['reward-to-risk', 1.01, { targets: [{ ticks: 10_800, closedPpm: 500_000 }] }],
    ['reward-to-risk', 0.1, { trailTicks: 50 }],
  ])(
    'judges the reward by the parts that its targets close: %s at %d',
    (limit, minRewardRiskRatio, exits) => {
      expect(limitOf({ exits }, {}, { minRewardRiskRatio })).toBe(limit);
      const { targets } = exits;
      if (targets === undefined) return;
      const below = targets.map(({ ticks, closedPpm }) => ({ ticks: 20_000 - ticks, closedPpm }));
      const sale = { side: 'sell', protectTicks: 10_400, exits: { targets: below } } as const;
      expect(limitOf(sale, { capabilities: FUTURES }, { minRewardRiskRatio })).toBe(limit);
    },
  );

  /** A contract of 100 dollars, half a dollar a tick, of an account of one coin. */
  const inverse = (more: Partial<RiskCheck> = {}): Partial<RiskCheck> => ({
    instrument: buildInstrument(0, {
      ...{ symbol: 'BTC/USD', kind: 'inverse', tickSize: '0.5', lotSize: '1', multiplier: '100' },
      ...{ minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 },
    }),
    ...{ equity: parseMoney('1'), dailyFloor: 0, drawdownFloor: 0, capabilities: FUTURES },
    ...{ bidTicks: 100_000, askTicks: 100_001 },
    ...more,
  });
  const CONTRACTS = { quantityLots: 10, limitTicks: 100_000, protectTicks: 96_000 } as const;

  // 3 % of a coin are 15 contracts at 50,000, 14 at 49,000 and 15 at 51,000.
  it.each([
    [null, { quantityLots: 15 }, {}],
    ['position-size', { quantityLots: 16 }, {}],
    [null, { limitTicks: 98_000, protectTicks: 94_000, quantityLots: 14 }, {}],
    ['position-size', { limitTicks: 98_000, protectTicks: 94_000, quantityLots: 15 }, {}],
    ['position-size', { limitTicks: 102_000, protectTicks: 98_000, quantityLots: 16 }, {}],
    ['position-size', { quantityLots: 5 }, { positionLots: 6, restingEntryLots: 5 }],
    ['gross-exposure', {}, { holdings: () => [holding(0.0001 * 81)] }],
    [null, {}, { holdings: () => [holding(0.0001 * 80)] }],
  ] as [string | null, Partial<OrderIntent>, Partial<RiskCheck>][])(
    'values an inverse contract in its coin, at the price at which it is worth more: %s (%#)',
    (limit, intent, world) => {
      const given = { ...CONTRACTS, ...intent };
      expect(limitOf(given, inverse(world), { maxGrossExposurePct: 82 })).toBe(limit);
    },
  );

  it('says in the coin what an inverse position would be worth', () => {
    const { denial } = judge(check({ ...CONTRACTS, quantityLots: 16 }, inverse()), RISK);
    expect(denial?.reason).toBe(
      'the position would be worth 0.03200000 BTC, 3 % of equity allows 0.03000000',
    );
  });

  // A stop 4 % below loses 1/24 of the value, and a target 8 % above wins 2/27 of it: 1.78 times.
  it.each([
    [null, 1.77, 108_000],
    ['reward-to-risk', 1.78, 108_000],
    [null, 2, 109_091],
    ['reward-to-risk', 2, 109_090],
  ] as const)(
    'judges the reward of an inverse contract by what it wins of the coin: %s at %d',
    (limit, minRewardRiskRatio, ticks) => {
      const exits = { targets: [{ ticks, closedPpm: 1_000_000 }] };
      expect(limitOf({ ...CONTRACTS, exits }, inverse(), { minRewardRiskRatio })).toBe(limit);
    },
  );

  // 1,000 dollars are 0.02 at 50,000 and more below, where a stop closes a long one; 5 % above 52,000 they are 0.0183.
  it.each([
    ['buy', 96_000, '0.02', null],
    ['buy', 96_000, '0.0201', 'position-size'],
    ['sell', 104_000, '0.0183', null],
    ['sell', 104_000, '0.0184', 'protectable'],
  ] as const)(
    'takes an inverse entry by what could be closed at its stop: %s, stop at %d, at least %s',
    (side, protectTicks, least, limit) => {
      const world = inverse();
      const small = { ...world, instrument: { ...world.instrument!, minNotional: parseMoney(least) } };
      expect(limitOf({ ...CONTRACTS, side, protectTicks }, small)).toBe(limit);
    },
  );

  it('refuses an entry that has no targets where a reward is required, and leaves stops alone', () => {
    expect(limitOf({}, {}, { minRewardRiskRatio: 0.1 })).toBe('reward-to-risk');
    const stop = { purpose: 'protective', side: 'sell', type: 'stop', quantityLots: 10 } as const;
    expect(limitOf(stop, { positionLots: 10 }, { minRewardRiskRatio: 0.1 })).toBeNull();
  });

  it.each<[string | null, Partial<OrderIntent>, Partial<RiskCheck['capabilities']>]>([
    [null, { postOnly: true }, { postOnly: true }],
    ['post-only', { postOnly: true }, {}],
    ['post-only', { postOnly: true, limitTicks: 10_002 }, { postOnly: true }],
    ['post-only', { postOnly: true, timeInForce: 'IOC' }, { postOnly: true }],
    [
      'post-only',
      { postOnly: true, type: 'stop', stopTicks: 10_050, limitTicks: 10_060 },
      { postOnly: true },
    ],
    [null, { timeInForce: 'IOC' }, {}],
    [null, { timeInForce: 'FOK' }, { fillOrKill: true }],
    ['fill-or-kill', { timeInForce: 'FOK' }, {}],
    [null, {}, { entries: ['limit', 'stop'] }],
    ['entry-type', {}, { entries: ['market', 'stop'] }],
    [
      'entry-type',
      { type: 'market', timeInForce: 'IOC', limitTicks: 10_100 },
      { entries: ['limit', 'stop'] },
    ],
  ])('asks of the type and the terms of an entry what the venue can do: %s (%#)', (limit, intent, can) => {
    expect(limitOf(intent, { capabilities: { ...SPOT, ...can } })).toBe(limit);
  });

  it('refuses an entry whose exposure has no price', () => {
    const unpriced = { holdings: () => [holding(Number.NaN)] };
    for (const key of [
      'maxGrossExposurePct',
      'maxNetExposurePct',
      'maxStrategyExposurePct',
      'maxCorrelatedExposurePct',
    ])
      expect(limitOf({}, unpriced, { [key]: 10_000 })).not.toBeNull();
  });

  it('lets a protective stop leave in every mode, and a closing order only while closing', () => {
    const stop = {
      purpose: 'protective',
      side: 'sell',
      type: 'stop',
      quantityLots: 10,
      stopTicks: 9_000,
    } as const;
    const close = { purpose: 'close', side: 'sell', type: 'market', quantityLots: 10 } as const;
    for (const mode of ['ACTIVE', 'REDUCING', 'HALTED', 'KILLED'] as const) {
      expect(limitOf(stop, { mode, positionLots: 10 })).toBeNull();
      expect(limitOf(close, { mode, positionLots: 10, closing: true })).toBeNull();
    }
    expect(limitOf(close, { mode: 'HALTED', positionLots: 10 })).toBe('mode');
    expect(limitOf({ ...close, purpose: 'exit' }, { mode: 'KILLED', positionLots: 10, closing: true })).toBe(
      'mode',
    );
  });

  it('never lets a reducing order grow or turn a position', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1_000, max: 1_000 }),
        fc.integer({ min: -10, max: 2_000 }),
        fc.constantFrom('buy' as const, 'sell' as const),
        fc.constantFrom('protective' as const, 'close' as const, 'exit' as const),
        fc.constantFrom(FUTURES, SPOT),
        (positionLots, quantityLots, side, purpose, capabilities) => {
          const world = { positionLots, closing: true, capabilities };
          const denied = limitOf({ purpose, side, quantityLots }, world);
          const after = positionLots + (side === 'buy' ? quantityLots : -quantityLots);
          const reduces =
            quantityLots > 0 && Math.abs(after) < Math.abs(positionLots) && after * positionLots >= 0;
          // Coins are never bought back: nothing is owed.
          expect(denied === null).toBe(reduces && (side === 'sell' || capabilities.shorting));
        },
      ),
    );
  });

  it('never approves more than its part of equity', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer({ min: 0, max: 2 ** 45 }),
        (quantityLots, limitTicks, positionLots, equity) => {
          const protectTicks = Math.floor(limitTicks * 0.97);
          const world = { positionLots, equity, dailyFloor: -1, drawdownFloor: -1, bidTicks: limitTicks };
          if (limitOf({ quantityLots, limitTicks, protectTicks }, world) !== null) return;
          const value = (positionLots + quantityLots) * limitTicks * instrument.moneyPerTickLot;
          expect(value).toBeLessThanOrEqual(Math.round(equity * 0.03) + 1);
        },
      ),
    );
  });

  it('refuses whatever it can not compute with', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          'equity',
          'bidTicks',
          'quoteAgeMs',
          'dailyFloor',
          'drawdownFloor',
          'otherOpenPositions',
        ),
        (field) => {
          expect(judge(check({}, { [field]: Number.NaN }), RISK).approved).toBeNull();
        },
      ),
    );
    expect(limitOf({ limitTicks: Number.NaN })).not.toBeNull();
  });

  it('lets short entries through where the venue can short', () => {
    expect(limitOf({ side: 'sell', protectTicks: 10_400 }, { capabilities: FUTURES })).toBeNull();
  });
});
