/** What a desk on paper tells of the maintenance margin of what it holds: NQ, 30,000 a contract, or 5 % of its worth. */
import { describe, expect, it } from 'vitest';
import { paperAccount } from '../../src/domain/account-name.js';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { parseMoney } from '../../src/domain/money.js';
import type { EngineConfig } from '../../src/engine/config.js';
import { FUTURES } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';
import { oneEntry } from './support/one-entry.js';

const AT_20000 = 80_000;
const NQ = buildInstrument(0, {
  ...{ symbol: 'NQ/USD', kind: 'future', tickSize: '0.25', lotSize: '1', multiplier: '20', minNotional: '0' },
  ...{ makerFeePpm: 0, takerFeePpm: 0, margin: { initial: '33000', maintenance: '30000' } },
});

/** Two contracts bought at 20,000 with 66,000. */
function holding(changes: Partial<EngineConfig> = {}, atTicks = AT_20000, lots = 2): DeskUnderTest {
  const wish = { side: 'buy', limitTicks: AT_20000, protectTicks: AT_20000 - 2_000 } as const;
  const desk = new DeskUnderTest({
    instruments: [NQ],
    strategies: [{ ...oneEntry(wish), symbols: ['NQ/USD'], size: { lots: 2 } }],
    risk: {
      ...{ maxPositionSizePct: 3000, maxConcurrentPositions: 1, stopLossPct: 50, dailyLossLimitPct: 90 },
      ...{ maxDrawdownPct: 90, staleDataSeconds: 60 },
    },
    ...{ capabilities: FUTURES, startingCash: parseMoney('66000'), ...changes },
  }).active();
  desk.bar(0, atTicks);
  const [entry] = desk.live('entry', 0);
  if (entry === undefined) throw new Error('nothing was entered');
  desk.accept(entry);
  desk.fill(entry, atTicks);
  expect(desk.lots(0)).toBe(lots);
  return desk;
}

function minute(desk: DeskUnderTest, bidTicks: number): void {
  desk.wait(60_000);
  desk.quote(0, bidTicks);
}

const alarms = (desk: DeskUnderTest): readonly string[] =>
  desk.recorded('note').flatMap(({ level, text }) => (level === 'alarm' ? [text] : []));

describe('equity below the maintenance margin', () => {
  it('is an alarm, once each time it has fallen below', () => {
    const desk = holding();
    // 150 points are 6,000 of two contracts: exactly what they need.
    minute(desk, AT_20000 - 600);
    expect(alarms(desk)).toEqual([]);
    minute(desk, AT_20000 - 601);
    minute(desk, AT_20000 - 602);
    const text =
      'equity 59990.00 is below the maintenance margin of 60000.00: nothing is opened until it is above that, or less is held';
    expect(alarms(desk)).toEqual([text]);
    minute(desk, AT_20000);
    minute(desk, AT_20000 - 601);
    expect(alarms(desk)).toEqual([text, text]);
  });

  it('counts a margin by worth at the prices of the moment', () => {
    const perpetual = {
      ...NQ,
      kind: 'linear',
      worthMargin: { initialPpm: 100_000, maintenancePpm: 50_000 },
    } as const;
    const { lotMargin: _, ...instrument } = perpetual;
    const desk = holding({ instruments: [instrument] });
    // 656.25 points against two contracts leave 39,750, and 5 % of 773,750 are 38,687.50.
    minute(desk, AT_20000 - 2_625);
    expect(alarms(desk)).toEqual([]);
    minute(desk, AT_20000 - 2_800);
    expect(alarms(desk)).toEqual([
      'equity 38000.00 is below the maintenance margin of 38600.00: nothing is opened until it is above that, or less is held',
    ]);
  });

  it('of a short one counts at the ask, and of an inverse one is told in its coin', () => {
    const worthMargin = { initialPpm: 100_000, maintenancePpm: 50_000 };
    const coins = buildInstrument(0, {
      ...{
        symbol: 'BTC/USD',
        kind: 'inverse',
        tickSize: '0.5',
        lotSize: '1',
        multiplier: '100',
        minNotional: '0',
      },
      ...{ makerFeePpm: 0, takerFeePpm: 0 },
    });
    const wish = { side: 'sell', limitTicks: 100_000, protectTicks: 120_000 } as const;
    const desk = holding(
      {
        instruments: [{ ...coins, worthMargin }],
        strategies: [{ ...oneEntry(wish), symbols: ['BTC/USD'], size: { lots: 5_000 } }],
        startingCash: parseMoney('1'),
      },
      100_000,
      -5_000,
    );
    // 5,000 contracts of 100 sold at 50,000 are 10 coins; at 52,777.50 they are 9.47373, and 0.52627 are lost.
    minute(desk, 105_553);
    expect(alarms(desk)).toEqual([]);
    // An ask of 52,778.
    minute(desk, 105_554);
    expect(alarms(desk)).toEqual([
      'equity 0.47364432 is below the maintenance margin of 0.47368222: nothing is opened until it is above that, or less is held',
    ]);
  });

  it('is an alarm in the paper account of each price source, as a running desk has one', () => {
    const desk = holding({ account: paperAccount('simulated-303-seed-7') });
    minute(desk, AT_20000 - 601);
    expect(alarms(desk)).toEqual([expect.stringContaining('is below the maintenance margin of 60000.00')]);
  });

  it('is for the broker to judge where orders go to one', () => {
    const desk = holding({ account: 'ibkr-paper' });
    minute(desk, AT_20000 - 601);
    expect(alarms(desk)).toEqual([]);
  });
});
