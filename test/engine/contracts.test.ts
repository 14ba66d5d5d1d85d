/** An instrument that is rolled from month to month: what the core refuses, closes and takes. */
import { describe, expect, it } from 'vitest';
import { contractTerms, fixedTerms } from '../../src/domain/sessions/contract-months.js';
import { rolledSeries } from '../../src/domain/sessions/contract-series.js';
import { monthKey } from '../../src/domain/settings-change.js';
import { contractPhase } from '../../src/engine/flow/expiry.js';
import { FUTURES } from '../support/engine-config.js';
import { DeskUnderTest, START_MS } from './support/desk.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SYMBOL = new DeskUnderTest({}, 1).config.instruments[0]?.symbol ?? '';
const KEY = monthKey(SYMBOL);
const NQ = rolledSeries('NQ/USD');

/** `202603`, whose roll day begins `inMs` from now; the afternoon on which it is left is three days later. */
function dueIn(
  inMs: number,
  changes: ConstructorParameters<typeof DeskUnderTest>[0] = {},
  journal?: DeskUnderTest,
) {
  const rollMs = START_MS + inMs;
  const traded = {
    ...contractTerms(NQ, '202603', 'monday-before-expiry', () => 0),
    ...{ rollMs, flatMs: rollMs + 3 * DAY_MS, lastTradeMs: rollMs + 4 * DAY_MS },
  };
  const contracts = [{ symbol: SYMBOL, month: '202603', traded }];
  return new DeskUnderTest({ contracts, capabilities: FUTURES, ...changes }, 1, journal?.records ?? []);
}

const roll = (desk: DeskUnderTest, to: string, approvedBy: readonly string[] = ['anna']) =>
  desk.command({
    ...{ name: 'reload', baseVersion: desk.engine.view.settings.version },
    ...{ values: { [KEY]: to }, approvedBy },
  });

const why = (desk: DeskUnderTest) => JSON.stringify(desk.engine.whyNotTrading());

function pass(desk: DeskUnderTest, ms: number): void {
  desk.wait(ms);
  desk.quote(0, 10_000);
  desk.pass(0);
}

describe('the phase of a contract', () => {
  const traded = {
    ...contractTerms(NQ, '202603', 'monday-before-expiry', () => 0),
    ...{ rollMs: 1_000, flatMs: 2_000, lastTradeMs: 3_000 },
  };
  it.each([
    [999, 'trading'],
    [1_000, 'due'],
    [1_999, 'due'],
    [2_000, 'leaving'],
    [2_999, 'leaving'],
    [3_000, 'ended'],
  ])('at %d is %s: each begins at its very moment', (ms, phase) => {
    expect(contractPhase({ symbol: SYMBOL, month: '202603', traded }, ms)).toBe(phase);
  });
});

describe('the roll day', () => {
  it('ends entries: a resting one is cancelled, and the status says what it waits for', () => {
    const desk = dueIn(2 * HOUR_MS).active();
    const entry = desk.enter(0);
    desk.accept(entry);
    pass(desk, HOUR_MS);
    expect(desk.sent('cancel')).toEqual([]);
    expect(desk.engine.view.contracts).toMatchObject([{ phase: 'trading' }]);
    pass(desk, HOUR_MS);
    expect(desk.engine.view.contracts).toMatchObject([{ phase: 'due' }]);
    expect(desk.sent('cancel')).toEqual([entry.clientId]);
    expect(why(desk)).toContain(`people to roll it: fermata roll ${SYMBOL}`);
  });

  it('closes nothing by itself; the afternoon before the last trade does', () => {
    const desk = dueIn(HOUR_MS).active();
    desk.hold(0);
    pass(desk, 2 * HOUR_MS);
    expect(desk.live('exit', 0)).toEqual([]);
    pass(desk, 3 * DAY_MS);
    expect(desk.live('exit', 0)).toMatchObject([{ side: 'sell', type: 'market' }]);
    // Once, however long its order takes.
    pass(desk, 1_000);
    const told = desk.recorded('note').filter(({ text }) => text.includes('is traded for the last time'));
    expect(told).toHaveLength(1);
  });

  it('tells people each hour of a position that a halted desk holds into the last trade', () => {
    const desk = dueIn(HOUR_MS).active();
    desk.hold(0);
    desk.command({ name: 'stop', why: { cause: 'person', resume: 'person' } });
    const alarms = () =>
      desk.recorded('note').filter(({ level, text }) => level === 'alarm' && text.includes('settled'));
    pass(desk, 3 * DAY_MS + 2 * HOUR_MS);
    pass(desk, 60_000);
    expect(alarms()).toHaveLength(1);
    pass(desk, HOUR_MS);
    expect(alarms()).toHaveLength(2);
  });
});

describe('a month that the desk file names', () => {
  function endsIn(inMs: number, changes: ConstructorParameters<typeof DeskUnderTest>[0] = {}) {
    const flatMs = START_MS + inMs;
    const terms = {
      ...fixedTerms('202603', () => 0, { series: NQ }),
      ...{ rollMs: flatMs, flatMs, lastTradeMs: flatMs + DAY_MS },
    };
    return [{ symbol: SYMBOL, month: '202603', traded: terms, ...changes }];
  }
  const starting = (inMs: number) =>
    new DeskUnderTest({ contracts: endsIn(inMs), capabilities: FUTURES }, 1).active();

  it('is entered until the afternoon before its end; then entries leave, and what is held is closed', () => {
    const desk = starting(HOUR_MS);
    const entry = desk.enter(0);
    desk.accept(entry);
    pass(desk, HOUR_MS);
    expect(desk.sent('cancel')).toEqual([entry.clientId]);
    expect(desk.engine.view.contracts).toMatchObject([{ phase: 'leaving' }]);
    expect(why(desk)).toContain(
      'since the afternoon of the business day before its end: its last trade is on 2026-03-20',
    );
    expect(why(desk)).toContain(`another month in the desk file (contractMonth of ${SYMBOL}), and a start`);
    const holding = starting(2 * HOUR_MS);
    holding.hold(0);
    pass(holding, HOUR_MS);
    expect(holding.live('exit', 0)).toEqual([]);
    pass(holding, HOUR_MS);
    expect(holding.live('exit', 0)).toMatchObject([{ side: 'sell', type: 'market' }]);
  });

  it('has expired with its last trade, and nothing is entered', () => {
    const desk = starting(HOUR_MS);
    pass(desk, HOUR_MS + DAY_MS);
    expect(desk.engine.view.contracts).toMatchObject([{ phase: 'ended' }]);
    expect(why(desk)).toContain(`${SYMBOL} 202603 has expired`);
  });

  it('is no setting: nobody rolls it, and a roll of before does not count', () => {
    const desk = starting(DAY_MS);
    expect(roll(desk, '202606')).toMatchObject({ ok: false, code: 'bad-setting' });
    const before = dueIn(DAY_MS).active();
    roll(before, '202606');
    const fixed = new DeskUnderTest(
      { contracts: endsIn(DAY_MS), capabilities: FUTURES },
      1,
      before.records,
    ).active();
    expect(fixed.engine.view.contracts).toMatchObject([{ month: '202603', phase: 'trading' }]);
  });
});

describe('a roll', () => {
  it('is taken only as people approved it, and nothing is entered until the trader has started again', () => {
    const desk = dueIn(2 * DAY_MS).active();
    expect(roll(desk, '202606', [])).toMatchObject({ ok: false, code: 'approval-needed' });
    expect(roll(desk, '202612')).toMatchObject({ ok: true });
    expect(roll(desk, '202606')).toMatchObject({ ok: true });
    expect(desk.recorded('settings').at(-1)).toMatchObject({
      changes: [{ key: KEY, from: '202612', to: '202606' }],
      approvedBy: ['anna'],
    });
    expect(desk.engine.view.contracts).toMatchObject([{ month: '202606', phase: 'rolled' }]);
    expect(why(desk)).toContain('rolled from 202603 to 202606');
  });

  it.each(['202602', '202603x', '203006'])('to %s is refused: it is none of the months ahead', (to) => {
    expect(roll(dueIn(DAY_MS).active(), to)).toMatchObject({ ok: false, code: 'bad-setting' });
  });

  it('back is refused once the earlier month is past its roll day, in a trader that started before it too', () => {
    const earlyMs = START_MS + DAY_MS;
    const traded = {
      ...contractTerms(NQ, '202606', 'monday-before-expiry', () => 0, '202603'),
      rollsMs: { '202603': earlyMs, '202606': earlyMs + 90 * DAY_MS },
    };
    const contracts = [{ symbol: SYMBOL, month: '202606', traded }];
    const early = new DeskUnderTest({ contracts, capabilities: FUTURES }, 1).active();
    expect(roll(early, '202603')).toMatchObject({ ok: true });
    const late = new DeskUnderTest({ contracts, capabilities: FUTURES }, 1).active();
    pass(late, DAY_MS);
    expect(roll(late, '202603')).toMatchObject({
      ...{ ok: false, code: 'bad-setting' },
      message: expect.stringContaining('expected one of 202606, 202609'),
    });
    expect(roll(late, '202609')).toMatchObject({ ok: true });
  });

  it('is refused while a position is held, and while an order rests: both are of the old month', () => {
    const held = dueIn(DAY_MS).active();
    held.hold(0);
    expect(roll(held, '202606')).toMatchObject({
      ...{ ok: false, code: 'not-flat' },
      message: expect.stringContaining('a position in'),
    });
    const resting = dueIn(DAY_MS).active();
    resting.accept(resting.enter(0));
    expect(roll(resting, '202606')).toMatchObject({ ok: false, code: 'not-flat' });
    expect(resting.engine.view.contracts).toMatchObject([{ month: '202603', phase: 'trading' }]);
  });

  it('leaves the entries of other instruments as they are: no limit has changed', () => {
    const { contracts } = dueIn(DAY_MS).config;
    const desk = new DeskUnderTest({ contracts: [...contracts!, null], capabilities: FUTURES }, 2).active();
    desk.accept(desk.enter(1));
    expect(roll(desk, '202606')).toMatchObject({ ok: true });
    expect(desk.sent('cancel')).toEqual([]);
  });

  it('leaves the hash of the configuration as it is: what was approved for it goes on', () => {
    const desk = dueIn(DAY_MS).active();
    const { configHash } = desk.engine.view;
    roll(desk, '202606');
    expect(desk.engine.view.configHash).toBe(configHash);
  });

  it('is over with the next start: the new month is in the books, and nobody is told of an edited file', () => {
    const before = dueIn(DAY_MS).active();
    roll(before, '202606');
    const rolled = {
      symbol: SYMBOL,
      month: '202606',
      traded: contractTerms(NQ, '202606', 'monday-before-expiry', () => 0),
    };
    const instruments = before.config.instruments.map((one) => ({ ...one, contractMonth: '202606' }));
    const after = dueIn(DAY_MS, { contracts: [rolled], instruments }, before).active();
    expect(after.recorded('settings')).toHaveLength(1);
    expect(after.recorded('config').at(-1)).toMatchObject({ instruments: [{ contractMonth: '202606' }] });
    expect(after.engine.view.contracts).toMatchObject([{ month: '202606', phase: 'trading' }]);
    expect(why(after)).not.toContain('rolled');
  });

  const inMonths = (...months: readonly (string | undefined)[]) =>
    new DeskUnderTest({ capabilities: FUTURES }, 2).config.instruments.map(
      ({ contractMonth: _, ...one }, at) => {
        const contractMonth = months[at];
        return contractMonth === undefined ? one : { ...one, contractMonth };
      },
    );
  const startedIn = (instruments: ReturnType<typeof inMonths>, journal?: DeskUnderTest) =>
    new DeskUnderTest({ instruments, capabilities: FUTURES }, 2, journal?.records ?? []);

  it('of one future leaves what is held of another as it is, with its stop, over the next start', () => {
    const before = startedIn(inMonths('202603', '202603')).active();
    before.hold(1);
    const [stop] = before.live('protective', 1);
    const held = (desk: DeskUnderTest) =>
      desk.engine.view.positions.map(({ instrument, quantityLots, averageTicks, stopTicks, trade }) => [
        ...[instrument, quantityLots, averageTicks, stopTicks, trade?.id],
      ]);
    const after = startedIn(inMonths('202606', '202603'), before).begin();
    expect(after.recorded('config').at(-1)).toMatchObject({
      instruments: [{ contractMonth: '202606' }, { contractMonth: '202603' }],
    });
    expect(held(after)).toEqual(held(before));
    expect(held(after)).toHaveLength(1);
    expect(after.live('protective', 1)).toMatchObject([{ clientId: stop?.clientId }]);
  });

  it.each([
    ['202603', 'of 202603'],
    [undefined, 'the month that was the front month'],
  ])('that finds what is held of month %s begins nothing, and names both', (held, words) => {
    const before = startedIn(inMonths(held, '202603')).active();
    before.hold(0);
    const start = () => startedIn(inMonths('202606', '202603'), before).begin();
    expect(start).toThrow(`${SYMBOL} stands for 202606`);
    expect(start).toThrow(words);
  });
});
