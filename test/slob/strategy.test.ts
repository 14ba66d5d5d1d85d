/**
 * The rules of desks/slob/strategies/slob.ts, on a day worked out by hand. In points: the European high is 15,010, taken at
 * 09:30. Six bars rest between 15,012 and 15,022; that of 09:34 has no upper wick and a low of 15,013. 09:37 sweeps up to
 * 15,027. 09:39 closes at 15,011, the bid is 15,010.75: the stop is 15,027 + 1 = 15,028, 17.25 away; the target is twice
 * that below, 14,976.25.
 */
import { describe, expect, it } from 'vitest';
import { levelsOf } from '../../desks/slob/strategies/lib/levels.js';
import { objection } from '../../desks/slob/strategies/lib/second-look.js';
import { isOver, nextState, type SetupState, TRANSITIONS } from '../../desks/slob/strategies/lib/setup.js';
import type { LimitEntry } from '../../src/engine/strategies/strategy.js';
import { AtTheStrategy, points } from './support/at-the-strategy.js';
import { dayUntil, STORY } from './support/day.js';

/** A day that is quiet but for its European high. */
const EUROPE_ONLY = { '05:00': STORY['05:00']! };

const levels = ({ limitTicks, protectTicks }: LimitEntry) => [limitTicks, protectTicks];

const idOf = (text: string): string | undefined => /setup ([0-9a-f]{8})/i.exec(text)?.[1];

describe('the hand-worked day', () => {
  it('is sold once, with the stop above the sweep and the target twice the risk below', () => {
    const desk = new AtTheStrategy().see(dayUntil('15:59'));
    expect(desk.entries).toHaveLength(1);
    const { side, limitTicks, protectTicks, restBars, exits } = desk.entries[0]!;
    expect([side, points(limitTicks), points(protectTicks), restBars]).toEqual([
      'sell',
      15_010.75,
      15_028,
      3,
    ]);
    expect(exits).toEqual({ targets: [{ ticks: 14_976.25 * 4, closedPpm: 1_000_000 }] });
  });

  it('says each step with the setup’s id of eight characters, the plan when it is detected', () => {
    const desk = new AtTheStrategy().see(dayUntil('09:39'));
    const id = idOf(desk.state);
    expect(desk.notes).toEqual([
      `Setup ${id}: first liquidity, the European high 15010.00 is taken`,
      `Setup ${id}: consolidation of 5 bars from 15012.00 to 15022.00`,
      `Setup ${id}: second liquidity, the consolidation is swept up to 15027.00`,
      `Setup Detected - ${id}: SHORT NQ @ 15010.75, stop 15028.00, target 14976.25, reward to risk 2.00`,
    ]);
  });

  it.each([
    ['09:29', 'the European high 15010.00 is not taken after the US open (09:00 in New York) yet'],
    ['09:30', 'FIRST_LIQUIDITY: no consolidation yet'],
    ['09:34', 'FIRST_LIQUIDITY: 4 bars from 15012.00 to 15022.00'],
    ['09:35', 'CONSOLIDATION: 5 bars from 15012.00 to 15022.00'],
    ['09:38', 'SECOND_LIQUIDITY: waits for a close below 15013.00'],
    ['09:39', 'ORDER_PLACED: SHORT NQ @ 15010.75'],
    ['09:40', 'POSITION_OPEN: SHORT NQ @ 15010.75'],
  ])('is at %s: %s', (until, state) => {
    expect(new AtTheStrategy().see(dayUntil(until)).state).toContain(state);
  });

  it('is closed at the target, and the setup is complete', () => {
    const low = [14_990, 14_990, 14_976.25, 14_980] as const;
    const above = [14_990, 14_990, 14_976.5, 14_980] as const;
    const open = new AtTheStrategy().see(dayUntil('09:43', { '09:43': above }));
    expect(open.state).toContain('POSITION_OPEN');
    const desk = new AtTheStrategy().see(dayUntil('09:44', { '09:43': low }));
    expect(desk.state).toContain('SETUP_COMPLETE: its position is closed');
    expect(desk.exits, 'its target does it').toEqual([]);
  });

  it('is complete when the stop was filled', () => {
    const up = [14_990, 15_028, 14_990, 15_020] as const;
    const desk = new AtTheStrategy().see(dayUntil('09:44', { '09:43': up }));
    expect(desk.exits).toEqual([]);
    expect(desk.state).toContain('SETUP_COMPLETE');
  });

  it('expires where no position comes of its order', () => {
    const away = [15_009, 15_010, 15_000, 15_001] as const;
    const desk = new AtTheStrategy().see(dayUntil('09:40', { '09:40': away }));
    expect(desk.state).toContain('ORDER_PLACED');
    desk.resting = null;
    desk.see(dayUntil('09:41').slice(-1));
    expect(desk.state).toContain('EXPIRED: no position came of its order');
  });

  it('expires after a restart, too, where the price came to its order only once that had been taken back', () => {
    const away = [15_009, 15_010, 15_000, 15_001] as const;
    const back = [15_005, 15_015, 15_000, 15_010] as const;
    const day = (until: string, at: string) => dayUntil(until, { '09:40': away, [at]: back });
    for (const [at, state] of [
      ['09:42', 'SETUP_COMPLETE: its position is closed'],
      ['09:43', 'EXPIRED: no position came of its order'],
    ] as const) {
      const desk = new AtTheStrategy().see(day('09:44', at), true);
      desk.see(day('09:45', at).slice(-1));
      expect(desk.state, at).toContain(state);
    }
  });

  it.each(['2026-01-14', '2026-03-09', '2026-10-30', '2026-11-02'])(
    'is the same on %s, whatever the clocks do',
    (date) => {
      expect(new AtTheStrategy({}, date).see(dayUntil('09:39')).entries).toHaveLength(1);
    },
  );
});

describe('a day that breaks one rule', () => {
  const SWEEP = [15_018, 15_022, 15_017, 15_020] as const;
  it.each([
    [
      'the European high is touched, not taken',
      { '05:00': [15_004, 15_027, 15_002, 15_004] },
      'is not taken',
    ],
    ['the European morning is known in part', { '05:00': undefined }, 'only 299 bars', {}, 60],
    ['the consolidation is too short', {}, 'CONSOLIDATION', { consolMinDuration: 7 }],
    [
      'the consolidation is too long',
      {},
      'EXPIRED: no second liquidity within 5 bars',
      { consolMaxDuration: 5 },
    ],
    [
      'no candle is without an upper wick',
      { '09:34': [15_014, 15_020, 15_013, 15_019] },
      'INVALIDATED: the consolidation has no candle',
    ],
    ['the consolidation’s high is touched, not swept', { '09:37': SWEEP, '09:38': SWEEP }, 'CONSOLIDATION'],
    [
      'the price leaves the consolidation downwards',
      { '09:36': [15_017, 15_018, 14_980, 14_990] },
      'INVALIDATED: the price left the consolidation',
    ],
    [
      'the close is at the low, not below it',
      { '09:39': [15_015, 15_016, 15_010, 15_013] },
      'SECOND_LIQUIDITY',
    ],
    ['the close comes too late', {}, 'EXPIRED: no close below 15013.00 in time', { entryMaxBars: 1 }],
    [
      'reward to risk is 1.5',
      {},
      'INVALIDATED: reward to risk is not above 1.5',
      { tpRiskReward: 1.5, slBufferPips: 0.75 },
    ],
    ['it is late in the day', {}, 'EXPIRED: no entry before the last minute', { lastEntryMinutes: 440 }],
  ] as const)(
    'is not traded: %s',
    (_what, changes, state, parameters: Record<string, number> = {}, dropped: number = 0) => {
      const minutes = dayUntil('09:39', changes).slice(dropped);
      const desk = new AtTheStrategy(parameters).see(minutes);
      expect(desk.state).toContain(state);
      expect(desk.entries).toEqual([]);
    },
  );

  it.each([
    ['2026-07-15', '15:28', 'FIRST_LIQUIDITY'],
    ['2026-07-15', '15:29', 'is not taken'],
    // The day after Thanksgiving: the market closes at 13:15.
    ['2026-11-27', '11:43', 'FIRST_LIQUIDITY'],
    ['2026-11-27', '11:44', 'is not taken'],
    ['2026-07-15', '18:30', 'is not taken'],
  ] as const)('on %s, the high taken at %s: %s', (date, at, state) => {
    const minutes = dayUntil(at, { [at]: [15_004, 15_020, 15_003, 15_016] }, EUROPE_ONLY);
    expect(new AtTheStrategy({}, date).see(minutes).state).toContain(state);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0, -15_000, 1e9])(
    'with %d for the prices of a minute: sells nothing, or what it would have sold without that minute',
    (absurd) => {
      const prices = [absurd, absurd, absurd, absurd] as const;
      for (const at of ['05:00', '09:30', '09:34', '09:37', '09:38', '09:39']) {
        const desk = new AtTheStrategy().see(dayUntil('09:39', { [at]: prices }));
        const without = new AtTheStrategy().see(dayUntil('09:39', { [at]: undefined }));
        if (desk.entries.length > 0)
          expect(desk.entries.map(levels), at).toEqual(without.entries.map(levels));
      }
    },
  );

  it.each([
    ['the quote is far from the close', { bidAway: -5.25 }, 'the quote is far from the close'],
    ['the quote is far above the close', { bidAway: 5.25 }, 'the quote is far from the close'],
    [
      'the stop is farther than the desk allows',
      { stopLossPct: 0.11 },
      'the stop is farther than the desk allows',
    ],
    ['the venue sells nothing short', { shorting: false }, 'the venue sells nothing short'],
  ])('is not traded where %s', (_what, quoted, why) => {
    const desk = new AtTheStrategy({}, '2026-07-15', quoted).see(dayUntil('09:39'));
    expect(desk.state).toContain(`INVALIDATED: ${why}`);
    expect(desk.entries).toEqual([]);
  });

  it('is traded where the consolidation and the stop are just as large as they may be', () => {
    // From 15,012 to 15,022; without its first bar it is smaller.
    const at0935 = (consolMaxPoints: number) =>
      new AtTheStrategy({ consolMaxPoints }).see(dayUntil('09:35')).state;
    expect(at0935(10)).toContain('CONSOLIDATION: 5 bars from 15012.00 to 15022.00');
    expect(at0935(9.75)).toContain('FIRST_LIQUIDITY: 4 bars from 15013.00 to 15021.00');
    // 17.25 points are 69 ticks, and 0.115 % of 60,043 are 69.05.
    const entries = (stopLossPct: number) =>
      new AtTheStrategy({}, '2026-07-15', { stopLossPct }).see(dayUntil('09:39')).entries.length;
    expect([0.115, 0.1149].map(entries)).toEqual([1, 0]);
  });

  it('goes by the newest candle without an upper wick, and by what ended within the European morning', () => {
    const newer = { '09:36': [15_017, 15_020, 15_015, 15_020] } as const;
    expect(new AtTheStrategy().see(dayUntil('09:38', newer)).state).toContain(
      'waits for a close below 15015.00',
    );
    const high = { open: 15_000, high: 15_030, low: 14_995, close: 15_000 };
    const before = [{ at: '02:59', ...high }, ...dayUntil('09:39')];
    expect(new AtTheStrategy().see(before).entries).toHaveLength(1);
    const last = { '08:59': [15_000, 15_030, 14_995, 15_000] } as const;
    expect(new AtTheStrategy().see(dayUntil('09:39', last)).state).toContain('high 15030.00 is not taken');
  });

  it('is traded where the quote and the stop are just near enough', () => {
    const desk = new AtTheStrategy({}, '2026-07-15', { bidAway: -5, stopLossPct: 0.15 });
    expect(desk.see(dayUntil('09:39')).entries).toHaveLength(1);
  });
});

describe('levels', () => {
  const plan = (parameters: Record<string, number>, changes = {}) => {
    const { entries, notes } = new AtTheStrategy(parameters).see(dayUntil('09:39', changes));
    return { stop: points(entries[0]?.protectTicks ?? Number.NaN), said: notes.at(-1) ?? '' };
  };

  it('follow the buffer and the reward to risk of the desk file', () => {
    expect(plan({ slBufferPips: 2.5 })).toMatchObject({
      stop: 15_029.5,
      said: expect.stringContaining('target 14973.25'),
    });
    expect(plan({ pipPoints: 0.25 }).stop).toBe(15_027.25);
    expect(plan({ tpRiskReward: 3 }).said).toContain('target 14959.00');
  });

  it('are rounded to ticks: the stop away from the price, the target towards it', () => {
    expect(plan({ slBufferPips: 0.3 }).stop).toBe(15_027.5);
    // 17.25 × 2.01 = 34.6725: 14,976.0775 is between two ticks.
    expect(plan({ tpRiskReward: 2.01 }).said).toContain('target 14976.25');
  });

  it('go by the highest candle since the sweep', () => {
    expect(plan({}, { '09:38': [15_024, 15_030, 15_014, 15_015] }).stop).toBe(15_031);
  });

  it('of a spike, a wick above twice the body, have the stop above the body, and say so', () => {
    // Body 3, wick 6: not above twice. A point less body, and it is one.
    expect(plan({}, { '09:37': [15_018, 15_027, 15_017, 15_021] }).stop).toBe(15_028);
    const spike = plan({}, { '09:37': [15_018, 15_027, 15_017, 15_020] });
    expect(spike).toMatchObject({ stop: 15_021, said: expect.stringContaining('spike rule') });
  });

  it('that are wrong are found by the second look, and sell nothing', () => {
    const sweep = { openMs: 0, open: 60_072, high: 60_108, low: 60_068, close: 60_096 };
    const rules = { bufferTicks: 4, rewardRisk: 2, spikeWickToBody: 2 };
    const look = { ...rules, tickSize: '0.25', bufferPoints: 1, minRewardRisk: 1.5 };
    const levels = levelsOf(60_043, sweep, rules);
    expect(objection(levels, sweep, look)).toBeNull();
    for (const off of [-1, 1]) {
      const [stop, target] = [levels.stop + off, levels.target + off];
      expect(objection({ ...levels, stop }, sweep, look)).toContain('the stop is another one');
      expect(objection({ ...levels, target }, sweep, look)).toContain('the target is another one');
    }
    expect(objection({ ...levels, entry: levels.stop }, sweep, look)).toContain('not above the entry');
  });
});

describe('a setup', () => {
  const states = Object.keys(TRANSITIONS) as SetupState[];
  const events = ['consolidated', 'swept', 'ordered', 'filled', 'closed', 'broken', 'expired'] as const;

  it('ends complete, invalidated or expired, and nowhere else', () => {
    expect(states.filter(isOver)).toEqual(['SETUP_COMPLETE', 'INVALIDATED', 'EXPIRED']);
  });

  it('goes the ways of its table, and no other', () => {
    const ways = states.flatMap((state) =>
      events.flatMap((event) => {
        try {
          return [`${state} ${event} ${nextState(state, event)}`];
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
          return [];
        }
      }),
    );
    expect(ways).toEqual([
      'FIRST_LIQUIDITY consolidated CONSOLIDATION',
      'FIRST_LIQUIDITY expired EXPIRED',
      'CONSOLIDATION swept SECOND_LIQUIDITY',
      'CONSOLIDATION broken INVALIDATED',
      'CONSOLIDATION expired EXPIRED',
      'SECOND_LIQUIDITY ordered ORDER_PLACED',
      'SECOND_LIQUIDITY broken INVALIDATED',
      'SECOND_LIQUIDITY expired EXPIRED',
      'ORDER_PLACED filled POSITION_OPEN',
      'ORDER_PLACED closed SETUP_COMPLETE',
      'ORDER_PLACED expired EXPIRED',
      'POSITION_OPEN closed SETUP_COMPLETE',
    ]);
  });

  it('has another id on another day, and the same one after a kill at any minute', () => {
    const whole = new AtTheStrategy().see(dayUntil('09:42'));
    expect(idOf(new AtTheStrategy({}, '2026-07-16').see(dayUntil('09:42')).state)).not.toBe(
      idOf(whole.state),
    );
    for (let minute = 30; minute <= 41; minute += 1) {
      const until = `09:${minute}`;
      const alone = new AtTheStrategy().see(dayUntil(until));
      const begunAnew = new AtTheStrategy().see(dayUntil(until), true);
      expect(idOf(begunAnew.state), until).toBe(idOf(whole.state));
      expect(begunAnew.entries, until).toEqual([]);
      if (minute < 39) expect(begunAnew.state, until).toBe(alone.state);
      // What is held goes on to its target, which the engine has kept.
      begunAnew.lots = minute < 39 ? 0 : -1;
      begunAnew.see(dayUntil('09:43').filter(({ at }) => at > until));
      expect(begunAnew.state, until).toContain('POSITION_OPEN');
      begunAnew.lots = 0;
      begunAnew.see(dayUntil('09:44').slice(-1));
      expect(begunAnew.state, until).toContain('SETUP_COMPLETE');
      expect(begunAnew.entries, until).toHaveLength(minute < 39 ? 1 : 0);
    }
  });

  it('is one a day, and the next day has another', () => {
    const desk = new AtTheStrategy().see(dayUntil('15:59', { '10:30': [15_000, 15_040, 15_000, 15_035] }));
    expect(desk.entries).toHaveLength(1);
    expect(new Set(desk.notes.map(idOf).filter((id) => id !== undefined)).size).toBe(1);
  });
});
