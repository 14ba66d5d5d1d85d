/** Quotes and timers between bars: shown once a strategy has warmed up, bounded, and the same every time. */
import { beforeAll, describe, expect, it } from 'vitest';
import { SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { tradingHours } from '../../src/domain/sessions/trading-hours.js';
import { zoneOffset } from '../../src/domain/zone-offset.js';
import type { EngineConfig } from '../../src/engine/config.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { definitionOf } from '../../src/pack/strategy/own-definition.js';
import { describeStrategies, readStrategies } from '../../src/pack/strategy/read-strategies.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { backtest } from '../backtest/support/backtests.js';
import { DeskUnderTest, START_MS } from '../engine/support/desk.js';
import { waves, writeMinutes } from '../validation/support/validations.js';
import { deskText, problemsOf, strategyFolder, strategyOf } from './support/strategy-desk.js';

const { folder, write } = strategyFolder();
/** With more beside `onBar`, which does nothing. */
const between = (more: string): string =>
  strategyOf('').replace("state: () => 'waits',", `state: () => 'waits', ${more}`);

beforeAll(() => {
  const entry = `desk.enter({
    side: 'buy', type: 'limit', ticks: desk.bid, exits: { stop: { ticks: desk.bid - 100 } },
    restBars: 1, because: 'a quote',
  });`;
  write(
    'strategies/says.ts',
    between(`timerSeconds: 15,
      onQuote(desk) { desk.note('quote ' + desk.bid + ' ' + desk.ask + ' ' + desk.session.minuteOfDay); },
      onTimer(desk, dueMs) { desk.note('timer ' + dueMs + ' ' + desk.bid); },`),
  );
  write(
    'strategies/timed.ts',
    between("timerSeconds: 15, onTimer(desk, dueMs) { desk.note('timer ' + dueMs); },"),
  );
  write(
    'strategies/trades.ts',
    between(`onQuote(desk) {
        if (desk.lots !== 0 && desk.bid % 7 === 0) return desk.exit('a seventh');
        if (desk.lots === 0 && !desk.entryResting) ${entry}
      },`),
  );
  const tells = 'onFill(desk, fill) { desk.note(JSON.stringify([fill, desk.lots])); },';
  write('strategies/watches.ts', between(tells));
  write(
    'strategies/filled.ts',
    between(`${tells} onQuote(desk) { if (desk.lots === 0 && !desk.entryResting) ${entry} },`),
  );
  write(
    'strategies/again.ts',
    between(`onQuote(desk) {
        if (desk.lots !== 0) return desk.exit('enough');
        if (!desk.entryResting) ${entry}
      },
      onFill(desk, { opens }) { if (!opens && desk.lots === 0) ${entry} },`),
  );
  write(
    'strategies/listens.ts',
    between("onTrade(desk, trade) { desk.note('trade ' + JSON.stringify(trade) + ' at ' + desk.bid); },"),
  );
  // What it could not say while it warms up, it would have counted.
  write(
    'strategies/counts.ts',
    strategyOf('', 'let [trades, fills] = [0, 0];').replace(
      "state: () => 'waits',",
      `state: () => trades + ' trades, ' + fills + ' fills',
      onTrade() { trades += 1; },
      onFill() { fills += 1; },
      onQuote(desk) { if (desk.lots === 0 && !desk.entryResting) ${entry} },`,
    ),
  );
  write('strategies/follows.ts', between(`onTrade(desk, { taker }) { if (taker === 'buy') ${entry} },`));
  write('strategies/eager.ts', between(`onQuote(desk) { ${entry} },`));
  write(
    'strategies/fails.ts',
    between("onQuote(desk) {\nif (desk.bid === 10_013) throw new Error('unlucky'); },"),
  );
});

/** What stands beside `onBar`, and why it is refused. */
const WRONG: readonly (readonly [string, string])[] = [
  ['onTimer() {},', 'timerSeconds: expected a whole number above 0, found undefined'],
  ['timerSeconds: 1.5, onTimer() {},', 'timerSeconds: expected a whole number above 0, found 1.5'],
  ['timerSeconds: 86_401, onTimer() {},', 'timerSeconds: expected at most 86400, found 86401'],
  ["onQuote: 'each',", 'onQuote: expected a function'],
  ["onQuote(desk) { throw new Error('at once'); },", 'an error on made-up prices: at once'],
];

const listedOf = (name: string) => {
  const kind = `./strategies/${name}.ts`;
  const own = definitionOf(readStrategies(folder, [kind]).get(kind)!);
  return { name: 'own', kind, symbols: ['BTC/USDT'], enabled: true, parameters: { bars: 2 }, own };
};
const deskOf = (name: string, more: Partial<EngineConfig> = {}, records: readonly EngineRecord[] = []) =>
  new DeskUnderTest({ strategies: [listedOf(name)], ...more }, 2, records);
const said = (desk: DeskUnderTest): readonly string[] =>
  desk.recorded('note').flatMap(({ text }) => (/^(quote|timer) /.test(text) ? [text] : []));
const quoteAt = (desk: DeskUnderTest, seconds: number, bidTicks = 10_000, instrument = 0): void => {
  desk.wait(START_MS + seconds * 1000 - desk.marketMs);
  desk.quote(instrument, bidTicks);
};

describe('quotes', () => {
  it('are shown once it has warmed up, those of its own symbol, with the clocks of that moment', () => {
    const desk = deskOf('says').active();
    desk.bar(0, 10_000);
    quoteAt(desk, 70);
    expect(said(desk)).toEqual([]);
    desk.bar(0, 10_000);
    quoteAt(desk, 131, 10_004);
    quoteAt(desk, 132, 10_005, 1);
    expect(said(desk).filter((text) => text.startsWith('quote'))).toEqual(['quote 10004 10006 722']);
  });

  it('are not shown while its market is closed', () => {
    const hours = tradingHours({ calendar: 'us-stocks' });
    const calendar = new SessionCalendar(hours, zoneOffset(hours.zone));
    // The fixture begins at 07:00 in New York.
    const desk = deskOf('says', { sessions: [{ calendar }, { calendar }] }).active();
    desk.wait(180 * 60_000);
    for (const close of [10_000, 10_000]) desk.bar(0, close);
    const before = said(desk).length;
    desk.quote(0, 10_000);
    expect(said(desk).length).toBeGreaterThan(before);
    desk.wait(7 * 3_600_000);
    const atClose = said(desk).length;
    desk.quote(0, 10_000);
    expect(said(desk)).toHaveLength(atClose);
  });

  it('bring one entry between two bars, and 20 notes', () => {
    const desk = deskOf('eager').active();
    for (const close of [10_000, 10_000]) desk.bar(0, close);
    const asked = () => desk.recorded('order.intended').length + desk.recorded('order.denied').length;
    for (const second of [1, 2, 3]) quoteAt(desk, 120 + second);
    expect(asked()).toBe(1);
    desk.bar(0, 10_000);
    for (const second of [1, 2, 3]) quoteAt(desk, 190 + second);
    expect(asked()).toBe(2);
    const talks = deskOf('says').active();
    for (const close of [10_000, 10_000]) talks.bar(0, close);
    for (let second = 1; second < 50; second += 1) quoteAt(talks, 120 + second);
    expect(said(talks)).toHaveLength(20);
  });

  it('that make it throw switch it off with its line', () => {
    const desk = deskOf('fails').active();
    for (const close of [10_000, 10_000]) desk.bar(0, close);
    for (const bid of [10_012, 10_013, 10_014]) desk.quote(0, bid);
    expect(desk.recorded('strategy.toggled')).toMatchObject([
      {
        strategy: 'own',
        enabled: false,
        reason: expect.stringMatching(/^unlucky \(strategies\/fails\.ts:\d+\)$/),
      },
    ]);
  });
});

describe('trades of the market', () => {
  const traded = (desk: DeskUnderTest, taker: 'buy' | 'sell' | null, instrument = 0, priceTicks = 10_001) =>
    desk.happen({ kind: 'trade', instrument, priceTicks, quantityLots: 7, taker });
  const told = (desk: DeskUnderTest) =>
    desk.recorded('note').flatMap(({ text }) => (text.startsWith('trade ') ? [text] : []));

  it('are told once it has warmed up, those of its own symbol, beside the price of that moment', () => {
    const desk = deskOf('listens').active();
    expect(desk.engine.tradeListeners).toEqual(['own']);
    desk.bar(0, 10_000);
    traded(desk, 'buy');
    desk.bar(0, 10_000);
    desk.quote(0, 10_000);
    traded(desk, 'buy');
    traded(desk, null, 1);
    traded(desk, null);
    traded(desk, 'sell', 0, 0);
    expect(told(desk)).toEqual([
      'trade {"symbol":"BTC/USDT","ticks":10001,"lots":7,"taker":"buy"} at 10000',
      'trade {"symbol":"BTC/USDT","ticks":10001,"lots":7,"taker":null} at 10000',
    ]);
    expect(deskOf('says').engine.tradeListeners).toEqual([]);
  });

  it('are not heard while it warms up, and none of nothing ever', () => {
    const desk = deskOf('counts').active();
    desk.bar(0, 10_000);
    desk.quote(0, 10_000);
    traded(desk, 'buy');
    desk.bar(0, 10_000);
    desk.happen({ kind: 'trade', instrument: 0, priceTicks: 10_001, quantityLots: 0, taker: 'buy' });
    const heard = () => desk.engine.view.strategies[0]?.state;
    expect(heard()).toBe('0 trades, 0 fills');
    traded(desk, 'buy');
    desk.bar(0, 10_000);
    expect(heard()).toBe('1 trades, 0 fills');
  });

  it('make no price, and bring one entry between two bars', () => {
    const desk = deskOf('follows').active();
    for (const close of [10_000, 10_000]) desk.bar(0, close);
    desk.quote(0, 10_000);
    const asked = () => desk.recorded('order.intended').length + desk.recorded('order.denied').length;
    traded(desk, 'sell');
    expect(asked()).toBe(0);
    for (const _ of [1, 2, 3]) traded(desk, 'buy', 0, 90_000);
    expect(asked()).toBe(1);
    expect(desk.recorded('order.intended').map(({ order }) => order.limitTicks)).toEqual([10_000]);
  });

  it('of a recording are told in a backtest; minutes without them are named as what is missing', async () => {
    const { desk, configHash } = loadDesk(
      write('desk.yaml', deskText({ kind: './strategies/follows.ts', parameters: {} })),
    );
    const rows = Array.from({ length: 900 }, (_, second) => {
      const at = START_MS + second * 1_000;
      return `${at},${30_000 + (second % 60)},0.5,${second % 2 === 0 ? 'buy' : 'sell'}`;
    });
    const recording = write('trades.csv', `ts,price,size,side\n${rows.join('\n')}\n`);
    const heard = await backtest(recording, { desk, configHash });
    expect(heard.report.trades.length).toBeGreaterThan(0);
    expect(heard.report.data.problems.map(({ kind }) => kind)).not.toContain('no-trades');
    const deaf = await backtest(writeMinutes(folder, waves(60)), { desk, configHash });
    expect(deaf.report.data.problems).toContainEqual({
      kind: 'no-trades',
      symbol: 'BTC/USDT',
      text: expect.stringContaining('listens to trades, and the prices of BTC/USDT tell of none'),
    });
  });
});

describe('fills', () => {
  it('of its own orders are shown, what opens and what closes, and not those of another strategy', () => {
    const shown = (strategies: readonly ReturnType<typeof listedOf>[]) => {
      const desk = new DeskUnderTest({ strategies }, 2).active();
      for (const close of [10_000, 10_000]) desk.bar(0, close);
      desk.quote(0, 10_000);
      const [entry] = desk.live('entry', 0);
      if (entry === undefined) throw new Error('no entry');
      desk.accept(entry);
      desk.fill(entry, 10_000);
      const [stop] = desk.live('protective', 0);
      if (stop === undefined) throw new Error('no stop');
      desk.accept(stop);
      desk.fill(stop, 9_900);
      const lots = entry.quantityLots;
      return {
        lots,
        notes: desk.recorded('note').flatMap(({ text }) => (text.startsWith('[') ? [text] : [])),
      };
    };
    const { lots, notes } = shown([listedOf('filled')]);
    const symbol = 'BTC/USDT';
    expect(notes.map((text) => JSON.parse(text))).toEqual([
      [{ symbol, side: 'buy', lots, ticks: 10_000, opens: true }, lots],
      [{ symbol, side: 'sell', lots, ticks: 9_900, opens: false }, 0],
    ]);
    expect(shown([listedOf('trades'), { ...listedOf('watches'), name: 'other' }]).notes).toEqual([]);
  });

  it('bring an entry that stays, also where the fill is of the exit that the strategy asked for', () => {
    const desk = deskOf('again').active();
    for (const close of [10_000, 10_000]) desk.bar(0, close);
    desk.quote(0, 10_000);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    desk.fill(entry!, 10_000);
    const [stop] = desk.live('protective', 0);
    desk.accept(stop!);
    desk.bar(0, 10_000);
    desk.happen({ kind: 'order.cancelled', clientId: stop!.clientId });
    const [exit] = desk.live('exit', 0);
    desk.accept(exit!);
    desk.fill(exit!, 10_000);
    const [next] = desk.live('entry', 0);
    expect(desk.stateOf(next!)).toBe('intended');
  });

  it('from before a start are not shown, though it is warm as the venue tells of them', () => {
    const before = deskOf('counts').active();
    for (const close of [10_000, 10_000]) before.bar(0, close);
    before.quote(0, 10_000);
    const [entry] = before.live('entry', 0);
    if (entry === undefined) throw new Error('no entry');
    before.accept(entry);
    const desk = deskOf('counts', {}, before.records).begin();
    for (const close of [10_000, 10_000]) desk.bar(0, close, true);
    desk.quote(0, 10_000);
    desk.snapshot({
      ...{ fills: [before.makeFill(entry, 10_000)], openOrders: [] },
      positions: [entry.quantityLots, 0],
    });
    expect(desk.recorded('fill')).toHaveLength(1);
    desk.bar(0, 10_000);
    expect(desk.engine.view.strategies[0]?.state).toBe('0 trades, 0 fills');

    // Nor is one of since then, as long as it has not warmed up.
    const cold = deskOf('counts', {}, before.records).begin();
    cold.snapshot();
    cold.fill(entry, 10_000);
    expect(cold.recorded('fill')).toHaveLength(1);
    for (const close of [10_000, 10_000]) cold.bar(0, close);
    expect(cold.engine.view.strategies[0]?.state).toBe('0 trades, 0 fills');
  });
});

describe('a timer', () => {
  it('is told at the first quote at or after each of its times, the newest alone where several passed', () => {
    const desk = deskOf('timed').active();
    for (const close of [10_000, 10_000]) desk.bar(0, close);
    const at = (seconds: number) => `timer ${START_MS + seconds * 1000}`;
    // The first quote after warming up says which time has passed already.
    quoteAt(desk, 121);
    expect(said(desk)).toEqual([]);
    quoteAt(desk, 134);
    expect(said(desk)).toEqual([]);
    quoteAt(desk, 135);
    quoteAt(desk, 136);
    expect(said(desk)).toEqual([at(135)]);
    quoteAt(desk, 171);
    quoteAt(desk, 179);
    expect(said(desk)).toEqual([at(135), at(165)]);
  });

  it('or quotes, declared as what can not be called, are refused when the file is read', () => {
    const files = strategyFolder();
    const names = WRONG.map(([more], at) => {
      files.write(`strategies/w${at}.ts`, between(more));
      return `strategies/w${at}.ts`;
    });
    expect(problemsOf(() => describeStrategies(files.folder, names))).toEqual(
      WRONG.map(([, why]) => expect.stringContaining(why)),
    );
  });
});

describe('the same quotes', () => {
  it('bring the same records and the same hash, and a replay of these records has it too', () => {
    const run = () => {
      const desk = deskOf('trades').active();
      for (let minute = 0; minute < 30; minute += 1) {
        desk.bar(0, 10_000 + (minute % 5));
        for (const bid of [10_003, 10_007, 9_996]) {
          desk.quote(0, bid + minute);
          for (const order of desk.live('entry', 0)) {
            desk.accept(order);
            desk.fill(order, order.limitTicks ?? 0);
          }
        }
      }
      return desk;
    };
    const [first, second] = [run(), run()];
    expect(first.recorded('fill').length).toBeGreaterThan(0);
    expect(second.records).toEqual(first.records);
    const replayed = deskOf('trades', {}, first.records);
    expect([second.engine.stateHash(), replayed.engine.stateHash()]).toEqual([
      first.engine.stateHash(),
      first.engine.stateHash(),
    ]);
  });

  it('of a file of minutes bring the same backtest, which trades between its bars', async () => {
    const { desk, configHash } = loadDesk(
      write('desk.yaml', deskText({ kind: './strategies/trades.ts', parameters: {} })),
    );
    const file = writeMinutes(folder, waves(6 * 60));
    const [first, second] = [
      await backtest(file, { desk, configHash }),
      await backtest(file, { desk, configHash }),
    ];
    expect(first.report.trades.length).toBeGreaterThan(3);
    expect(second.report.stateHash).toBe(first.report.stateHash);
    expect(second.kept.fillLines).toEqual(first.kept.fillLines);
  });
});
