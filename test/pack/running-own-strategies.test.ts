/** A strategy of a desk's own, as it trades: in the engine, in a validation, and in a trader that starts. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backtestDesk } from '../../src/cli/backtest-desk.js';
import type { LoadedDesk } from '../../src/desk/load.js';
import { hoursProblems } from '../../src/desk/own-strategies.js';
import { alwaysOpen, SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { tradingHours } from '../../src/domain/sessions/trading-hours.js';
import { zoneOffset } from '../../src/domain/zone-offset.js';
import { STRATEGIES } from '../../src/engine/strategies/registry.js';
import { definitionOf } from '../../src/pack/strategy/own-definition.js';
import { readStrategies } from '../../src/pack/strategy/read-strategies.js';
import type { ValidationReport } from '../../src/validation/report/report.js';
import { keepRequest, validationPlace } from '../../src/validation/request.js';
import { runValidation } from '../../src/validation/run.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { FUTURES } from '../support/engine-config.js';
import { HOUR_MS, recorded, waves, writeMinutes } from '../validation/support/validations.js';
import { deskText, problemsOf, strategyFolder, strategyOf } from './support/strategy-desk.js';

const QUICK = {
  fastBars: 5,
  slowBars: 13,
  atrBars: 14,
  atrStopMultiple: 3,
  entryRestBars: 3,
  entryOffsetTicks: 1,
};

/** The rules of the shipped EMA cross, written as a user would. */
const CROSS = `
import { Atr, Ema, strategy } from 'fermata/strategy';
import { stopDistance } from './lib/stop.js';

export default strategy({
  suits: 'trending',
  parameters: {
    fastBars: { whole: true, min: 2, max: 500, default: 5, meaning: 'bars of the fast average' },
    slowBars: { whole: true, min: 3, max: 1000, default: 13, meaning: 'bars of the slow average' },
    atrBars: { whole: true, min: 2, max: 500, default: 14, meaning: 'bars of the average true range' },
    atrStopMultiple: { min: 0.1, max: 50, default: 3, meaning: 'stop distance in ATR' },
    entryRestBars: { whole: true, min: 1, max: 100, default: 3, meaning: 'bars that an entry waits' },
    entryOffsetTicks: { whole: true, min: 0, max: 10000, default: 1, meaning: 'ticks below the bid' },
  },
  create({ parameters }) {
    const { fastBars, slowBars, atrBars, atrStopMultiple, entryRestBars, entryOffsetTicks } = parameters;
    const [fast, slow, atr] = [new Ema(fastBars), new Ema(slowBars), new Atr(atrBars)];
    const warmupBars = Math.max(fastBars, slowBars, atrBars) + 1;
    let above: boolean | null = null;
    let seen = 0;
    return {
      warmupBars,
      onBar(desk, bar) {
        seen += 1;
        fast.update(bar.closeTicks);
        slow.update(bar.closeTicks);
        atr.update(bar.highTicks, bar.lowTicks, bar.closeTicks);
        if (fast.value === null || slow.value === null) return;
        const before = above;
        above = fast.value > slow.value;
        if (seen < warmupBars || before === null) return;
        if (desk.lots > 0 && !above) desk.exit('fast average is below slow');
        if (desk.lots < 0 && above) desk.exit('fast average is above slow');
        if (before === above || Number.isNaN(desk.bid) || atr.value === null) return;
        if (desk.lots !== 0 || desk.entryResting || (!above && !desk.shorting)) return;
        const ticks = above ? desk.bid - entryOffsetTicks : desk.ask + entryOffsetTicks;
        const distance = stopDistance(ticks, atr.value * atrStopMultiple, desk.stopLossPct);
        desk.enter({
          side: above ? 'buy' : 'sell',
          type: 'limit',
          ticks,
          exits: { stop: { ticks: above ? ticks - distance : ticks + distance } },
          restBars: entryRestBars,
          because: 'they crossed',
        });
      },
      state: () => (above === true ? 'fast is above slow' : 'fast is below slow'),
    };
  },
});
`;
const STOP = `export function stopDistance(ticks: number, byAtr: number, stopLossPct: number): number {
  return Math.max(1, Math.min(Math.floor(byAtr), Math.floor((ticks * Math.round(stopLossPct * 10_000)) / 1_000_000)));
}`;

const { folder, write } = strategyFolder();
const kind = './strategies/cross.ts';
let own: LoadedDesk;
beforeAll(() => {
  write('strategies/cross.ts', CROSS);
  write('strategies/lib/stop.ts', STOP);
  write('strategies/fails.ts', strategyOf('if (desk.lots !== 0)\nthrow new Error("it fell over");'));
  write('strategies/eager.ts', strategyOf(EAGER));
  write('strategies/anything.ts', strategyOf(ANYTHING));
  write(
    'strategies/halves.ts',
    strategyOf(EAGER.replace('ticks: desk.bid,', 'ticks: bar.closeTicks === 10_100 ? 1.5 : desk.bid,')),
  );
  write('strategies/closes.ts', strategyOf("desk.exit('always');"));
  write('strategies/endless.ts', strategyOf('\nwhile (desk.lots !== 0) ;\n'));
  write(
    'strategies/looked.ts',
    strategyOf('seen += 1;', 'let seen = 0; let looks = 0;').replace(
      "'waits'",
      "(looks += 1, seen + ' bars, ' + looks + ' looks')",
    ),
  );
  write(
    'strategies/facts.ts',
    strategyOf('')
      .replace('({ parameters })', '({ parameters, instrument })')
      .replace("'waits'", 'JSON.stringify(instrument)'),
  );
  write('strategies/clocks.ts', strategyOf(CLOCKS));
  write('strategies/exits.ts', strategyOf(LEAVING));
  write('strategies/parts.ts', strategyOf(LEAVING.replace('part: 0.5', 'part: 1.5')));
  const atMarket = (text: string) =>
    text.replace("suits: 'trending',", "suits: 'trending', enters: ['market'],");
  write('strategies/market.ts', atMarket(strategyOf(AT_MARKET)));
  write('strategies/undeclared.ts', strategyOf(AT_MARKET));
  write(
    'strategies/breakout.ts',
    strategyOf(BY_STOP).replace("suits: 'trending',", "suits: 'trending', enters: ['stop'],"),
  );
  write(
    'strategies/sizes.ts',
    atMarket(strategyOf(AT_MARKET.replace('riskPct: 0.1', 'riskPct: 0.1, lots: 2'))),
  );
  for (const pct of [9_000, 10_001])
    write(
      `strategies/worth-${pct}.ts`,
      atMarket(strategyOf(AT_MARKET.replace('riskPct: 0.1', `equityPct: ${pct}`))),
    );
  const waits = (terms: string) =>
    strategyOf(
      `if (!desk.entryResting) desk.enter({ side: 'buy', exits: { stop: { ticks: 9000 } }, because: 'asked', ${terms} });`,
    ).replace(
      "suits: 'trending',",
      "suits: 'trending', enters: ['ifTouched', 'trailingStop', 'atOpen', 'atClose'],",
    );
  const touched = "type: 'ifTouched', ticks: desk.bid - 100 || 9900, restBars: 3";
  write('strategies/touched.ts', waits(`${touched}, slippage: { ticks: 5 }`));
  write('strategies/touched-limit.ts', waits(`${touched}, limit: { ticks: 9895 }`));
  write('strategies/touched-neither.ts', waits(touched));
  const trailing = "type: 'trailingStop', slippage: { ticks: 5 }, restBars: 3";
  write('strategies/trailing.ts', waits(`${trailing}, trail: { ticks: 40 }`));
  write('strategies/trailing-without.ts', waits(trailing));
  write('strategies/trailing-price.ts', waits(`${trailing}, trail: { ticks: 40 }, ticks: 9900`));
  write('strategies/touched-trailing.ts', waits(`${touched}, slippage: { ticks: 5 }, trail: { ticks: 40 }`));
  write('strategies/opens.ts', waits("type: 'atOpen', slippage: { ticks: 5 }"));
  write('strategies/closes.ts', waits("type: 'atClose', slippage: { ticks: 5 }, leadSeconds: 90"));
  write('strategies/closes-whenever.ts', waits("type: 'atClose', slippage: { ticks: 5 }"));
  write('strategies/opens-ahead.ts', waits("type: 'atOpen', slippage: { ticks: 5 }, leadSeconds: 90"));
  write('strategies/turns-at-the-open.ts', waits("type: 'atOpen', slippage: { ticks: 5 }, reverses: true"));
  write(
    'strategies/turns.ts',
    atMarket(
      strategyOf(
        `const side = desk.lots > 0 ? 'sell' : 'buy';
        const stop = { ticks: side === 'buy' ? 9800 : 10200 };
        if (desk.lots >= 0) desk.enter({ side, type: 'market', slippage: { ticks: 5 }, exits: { stop }, reverses: desk.lots > 0, because: 'turns' });`,
      ),
    ),
  );
  const limit = (terms: string) =>
    strategyOf(
      `if (desk.lots === 0) desk.enter({ side: 'buy', type: 'limit', ticks: desk.ask || 10002, exits: { stop: { ticks: 9900 } }, because: 'asked', ${terms} });`,
    );
  const rests = (terms: string) => limit(terms).replace('desk.ask || 10002', 'desk.bid || 10000');
  write('strategies/post-only.ts', rests('restBars: 3, postOnly: true, until: 4_000_000_000_000'));
  write('strategies/day.ts', rests("restBars: 3, timeInForce: 'day'"));
  write('strategies/kill.ts', limit("timeInForce: 'fillOrKill'"));
  const withTerms = (terms: string) =>
    limit("timeInForce: 'fillOrKill'").replace("suits: 'trending',", `suits: 'trending', terms: ${terms},`);
  write('strategies/kill-declared.ts', withTerms("['fillOrKill']"));
  write('strategies/kill-undeclared.ts', withTerms("['postOnly']"));
  write('strategies/terms-unknown.ts', withTerms("['day']"));
  write('strategies/take.ts', limit("timeInForce: 'immediateOrCancel'"));
  write('strategies/kill-post-only.ts', limit("timeInForce: 'fillOrKill', postOnly: true"));
  write('strategies/forever.ts', limit("restBars: 3, timeInForce: 'forever'"));
  write(
    'strategies/market-post-only.ts',
    atMarket(strategyOf(AT_MARKET.replace('because:', 'postOnly: true, because:'))),
  );
  write('strategies/waits.ts', strategyOf(''));
  write('strategies/wordless.ts', strategyOf('').replace("'waits'", "''"));
  write(
    'strategies/picky.ts',
    strategyOf('', PICKY).replace('warmupBars: parameters.bars', 'warmupBars: judged(parameters.bars)'),
  );
  own = loadDesk(write('desk.yaml', deskText({ kind, parameters: QUICK })));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Buys at each bar that is dearer than 10,050, closes at each other one, and says so. */
const EAGER = `
if (bar.closeTicks <= 10_050) { desk.note('cheap'); return desk.exit('cheap'); }
desk.enter({
  side: 'buy', type: 'limit', ticks: desk.bid, exits: { stop: { ticks: desk.bid - 100 } },
  restBars: 9, because: 'dear',
});
`;

/** Asks for everything that has a price, by a quote that may not be there, as a strategy may that does not look first. */
const ANYTHING = `
const [ticks, stop] = [desk.bid, { ticks: desk.bid - 100 }];
const entry = { type: 'limit', ticks, exits: { stop }, restBars: 9 } as const;
desk.adjust({ stop, because: 'moved' });
desk.change({ ticks, because: 'changed' });
desk.enterOneOf({ ...entry, side: 'buy', because: 'one' }, { ...entry, side: 'buy', because: 'other' });
desk.exit('a part', { part: desk.bid / (2 * desk.ask) });
`;

const CLOCKS = `
const { session } = desk;
desk.note([session.open, session.minuteOfDay, session.date, session.weekday, session.minutesToClose].join(' '));
`;

/** With every exit that there is. */
const LEAVING = `
desk.enter({
  side: 'buy', type: 'limit', ticks: desk.bid, restBars: 9, because: 'asked to',
  exits: {
    stop: { ticks: desk.bid - 100 }, targets: [{ ticks: desk.bid + 100, part: 0.5 }, { ticks: desk.bid + 200 }],
    breakEvenAt: { ticks: desk.bid + 80 }, trail: { ticks: 120 }, maxBars: 240,
  },
});
`;

/** With a size of its own. */
const AT_MARKET = `
desk.enter({
  side: 'buy', type: 'market', slippage: { ticks: 15 }, because: 'now', size: { riskPct: 0.1, maxLots: 900 },
  exits: { stop: { ticks: desk.ask - 100 } },
});
`;

const BY_STOP = `
desk.enter({
  side: 'buy', type: 'stop', ticks: desk.ask + 50, slippage: { ticks: 15 }, restBars: 9, because: 'it may break out',
  exits: { stop: { ticks: desk.ask - 100 } },
});
`;

const PICKY =
  "const judged = (bars: number): number => { if (bars > 40) throw new RangeError('too many bars'); return bars; };";

const listed = (kind: string, parameters = {}) => {
  const found = readStrategies(folder, [kind]).get(kind);
  if (found === undefined) throw new Error(`${kind} was not read`);
  const symbols = ['BTC/USDT'];
  return { name: 'own', kind, symbols, enabled: true, parameters, own: definitionOf(found) };
};

describe('in the engine', () => {
  it('asks for what it wants with its own words, and its position is protected and closed as any other', () => {
    const shipped = STRATEGIES.get('emaCross');
    const desk = new DeskUnderTest({
      capabilities: FUTURES,
      strategies: [listed(kind, { fastBars: 2, slowBars: 4, atrBars: 3 })],
    }).active();
    const { entry, stop } = desk.hold(0);
    expect(shipped).toBeDefined();
    expect(entry).toMatchObject({ strategy: 'own', side: 'buy', type: 'limit', limitTicks: 10_099 });
    expect(stop).toMatchObject({ purpose: 'protective', quantityLots: entry.quantityLots });
    expect(desk.records).toContainEqual(expect.objectContaining({ type: 'note', text: 'they crossed' }));
    for (const close of [9_900, 9_800]) desk.bar(0, close);
    expect(desk.live('exit', 0)).toMatchObject([{ side: 'sell', quantityLots: entry.quantityLots }]);
  });

  it('reads the clocks of its market where each bar ends, and those of UTC where nobody gave it hours', () => {
    const noted = (calendar = alwaysOpen()) => {
      const strategies = [listed('./strategies/clocks.ts', { bars: 1 })];
      const desk = new DeskUnderTest({ strategies, sessions: [{ calendar }] }, 1).active();
      for (const minute of [180, 60]) {
        desk.wait(minute * 60_000);
        desk.bar(0, 10_000);
      }
      return desk
        .recorded('note')
        .map(({ text }) => text)
        .filter((text) => text.startsWith('true') || text.startsWith('false'));
    };
    const stocks = tradingHours({ calendar: 'us-stocks' });
    // The fixture begins at 12:00 UTC, which is 07:00 in New York: one bar ends at 10:01 there, one at 11:02.
    expect(noted(new SessionCalendar(stocks, zoneOffset(stocks.zone)))).toEqual([
      'true 601 2026-01-05 mon 359',
      'true 662 2026-01-05 mon 298',
    ]);
    expect(noted()).toEqual(['true 901 2026-01-05 mon Infinity', 'true 962 2026-01-05 mon Infinity']);
  });

  it('asks for its exits with its entry, and is refused where they can not be read', () => {
    const at = (file: string) => {
      const desk = new DeskUnderTest({ strategies: [listed(file, { bars: 1 })] }).active();
      desk.bar(0, 10_000);
      return desk;
    };
    expect(at('./strategies/exits.ts').live('entry', 0)).toMatchObject([
      {
        protectTicks: 9_900,
        exits: {
          targets: [
            { ticks: 10_100, closedPpm: 500_000 },
            { ticks: 10_200, closedPpm: 1_000_000 },
          ],
          ...{ breakEvenAtTicks: 10_080, trailTicks: 120, maxBars: 240 },
        },
      },
    ]);
    expect(problemsOf(() => listed('./strategies/parts.ts'))).toEqual([
      expect.stringContaining('exits.targets[0].part: expected a part of the trade above 0'),
    ]);
  });

  it('enters at the market, with a size of its own, where it says so', () => {
    const desk = new DeskUnderTest({ strategies: [listed('./strategies/market.ts', { bars: 1 })] }).active();
    desk.bar(0, 10_000);
    expect(desk.live('entry', 0)).toMatchObject([
      { type: 'market', limitTicks: 10_017, protectTicks: 9_902, timeInForce: 'IOC', quantityLots: 900 },
    ]);
    expect(problemsOf(() => listed('./strategies/undeclared.ts'))).toEqual([
      expect.stringContaining('type: the strategy says that it enters by limit, found market'),
    ]);
    expect(problemsOf(() => listed('./strategies/sizes.ts'))).toEqual([
      expect.stringContaining('size: expected one of riskPct, lots, equityPct and volatilityPct'),
    ]);
    expect(problemsOf(() => listed('./strategies/worth-10001.ts'))).toEqual([
      expect.stringContaining('size.equityPct: expected a percentage above 0 and up to 10000, found 10001'),
    ]);
    expect(problemsOf(() => listed('./strategies/worth-9000.ts'))).toEqual([]);
  });

  it('enters by a stop, at its trigger and no worse than it says', () => {
    const desk = new DeskUnderTest({
      strategies: [listed('./strategies/breakout.ts', { bars: 1 })],
    }).active();
    desk.bar(0, 10_000);
    expect(desk.live('entry', 0)).toMatchObject([
      { type: 'stop', stopTicks: 10_052, limitTicks: 10_067, protectTicks: 9_902, timeInForce: 'GTC' },
    ]);
  });

  it('enters if a price is touched, once the market turns, at the open and at the close, with its own words', () => {
    const asked = (name: string) => {
      const strategies = [listed(`./strategies/${name}.ts`, { bars: 1 })];
      const hours = { zone: 'UTC', hours: { mon: ['10:00-13:00', '18:00-20:00'] } };
      const calendar = new SessionCalendar(tradingHours(hours), () => 0);
      const desk = new DeskUnderTest({ strategies, sessions: [{ calendar }] }, 1).active();
      desk.bar(0, 10_000);
      return desk.recorded('entry.waits').map(({ entry }) => entry);
    };
    expect(asked('touched')).toMatchObject([
      {
        type: 'ifTouched',
        touchTicks: 9_900,
        slippageTicks: 5,
        limitTicks: null,
        restBars: 3,
        protectTicks: 9_000,
      },
    ]);
    expect(asked('touched-limit')).toMatchObject([{ limitTicks: 9_895, slippageTicks: null }]);
    const [trailing] = asked('trailing');
    expect(trailing).toMatchObject({ type: 'trailingStop', touchTicks: null, slippageTicks: 5, restBars: 3 });
    expect(trailing?.trail?.ticks).toBe(40);
    expect(asked('opens')).toMatchObject([{ type: 'atOpen', fromMs: Date.UTC(2026, 0, 5, 18) }]);
    expect(asked('closes')).toMatchObject([
      { type: 'atClose', fromMs: Date.UTC(2026, 0, 5, 12, 58, 30), untilMs: Date.UTC(2026, 0, 5, 13) },
    ]);
    const problem = (name: string) => problemsOf(() => listed(`./strategies/${name}.ts`))[0];
    expect(problem('touched-neither')).toContain('in place of slippage, found neither');
    expect(problem('trailing-without')).toContain('trail.ticks: expected a whole number above 0');
    expect(problem('trailing-price')).toContain(
      'ticks: an entry of type trailingStop has trail instead, and no price',
    );
    expect(problem('touched-trailing')).toContain(
      'trail: only an entry of type trailingStop has it, found type ifTouched',
    );
    expect(problem('closes-whenever')).toContain('leadSeconds: expected a whole number above 0');
    expect(problem('opens-ahead')).toContain('only an entry of type atClose has it, found type atOpen');
  });

  it('turns its trade round where it says so, and only by an entry that is an order', () => {
    const desk = new DeskUnderTest({
      capabilities: { ...FUTURES, shorting: true },
      strategies: [listed('./strategies/turns.ts', { bars: 1 })],
    }).active();
    desk.bar(0, 10_000);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    desk.fill(entry!, 10_000);
    desk.bar(0, 10_000);
    expect(desk.live('exit', 0)).toMatchObject([{ side: 'sell' }]);
    expect(desk.recorded('entry.waits')).toMatchObject([
      {
        entry: { type: 'reversal', wish: { type: 'market', side: 'sell', slippageTicks: 5, reverses: true } },
      },
    ]);
    expect(problemsOf(() => listed('./strategies/turns-at-the-open.ts'))[0]).toContain(
      'reverses: expected true or false, of an entry of type limit or market or stop, found true with type atOpen',
    );
  });

  it('is refused as the desk file is read where it enters at an open, and its market has none', () => {
    const desk = (sessions: object | undefined) => ({
      instruments: [{ symbol: 'BTC/USDT', ...(sessions === undefined ? {} : { sessions }) }],
      strategies: [
        { kind: './strategies/opens.ts', symbols: ['BTC/USDT'], own: { enters: ['limit', 'atOpen'] } },
      ],
    });
    const problems = (sessions?: object) => hoursProblems(desk(sessions) as never, 0);
    expect(problems()).toMatchObject([
      {
        key: 'strategies[0].kind',
        expected: 'a strategy that enters by no open or close, as BTC/USDT trades around the clock',
        found: './strategies/opens.ts, which says enters: atOpen',
      },
    ]);
    expect(problems({ calendar: '24x7' })).toHaveLength(1);
    expect(problems({ calendar: 'us-stocks' })).toEqual([]);
  });

  it('enters by a limit that may only rest, that ends with the session, or that takes at once', () => {
    const asked = (name: string) => {
      const capabilities = { ...FUTURES, postOnly: true, fillOrKill: true };
      const desk = new DeskUnderTest({
        capabilities,
        strategies: [listed(`./strategies/${name}.ts`, { bars: 1 })],
      });
      desk.active().bar(0, 10_000);
      return desk;
    };
    const untilMs = 4_000_000_000_000;
    expect(asked('post-only').live('entry', 0)).toMatchObject([
      { postOnly: true, untilMs, timeInForce: 'GTC' },
    ]);
    expect(asked('kill').live('entry', 0)).toMatchObject([{ timeInForce: 'FOK', limitTicks: 10_002 }]);
    expect(asked('kill-declared').live('entry', 0)).toMatchObject([{ timeInForce: 'FOK' }]);
    expect(asked('take').live('entry', 0)).toMatchObject([{ timeInForce: 'IOC' }]);
    expect(asked('day').recorded('order.denied')).toMatchObject([{ limit: 'time-in-force' }]);
    const problem = (name: string) => problemsOf(() => listed(`./strategies/${name}.ts`))[0];
    expect(problem('kill-post-only')).toContain(
      'postOnly, until: an entry with timeInForce fillOrKill never rests',
    );
    expect(problem('kill-undeclared')).toContain('fillOrKill: the strategy says terms: postOnly, without it');
    expect(problem('terms-unknown')).toContain('terms: ["day"], and not a list of postOnly or fillOrKill');
    expect(problem('forever')).toContain(
      'timeInForce: expected immediateOrCancel or fillOrKill or day, found forever',
    );
    expect(problem('market-post-only')).toContain('only an entry of type limit has them, found type market');
  });

  it('that throws is switched off with its line, until a person says otherwise; its stop stays', () => {
    const crossing = listed(kind, { fastBars: 2, slowBars: 4, atrBars: 3 });
    const failing = { ...listed('./strategies/fails.ts'), name: 'own' };
    const holding = new DeskUnderTest({ capabilities: FUTURES, strategies: [crossing] }).active();
    const { stop } = holding.hold(0);
    const desk = new DeskUnderTest(
      { capabilities: FUTURES, strategies: [failing] },
      2,
      holding.records,
    ).active();
    desk.bar(0, 10_100);
    expect(desk.records.filter(({ type }) => type === 'strategy.toggled')).toEqual([
      expect.objectContaining({
        ...{ strategy: 'own', enabled: false, automatic: false, by: 'fermata' },
        reason: 'it fell over (strategies/fails.ts:10)',
      }),
    ]);
    expect(desk.engine.view.strategies[0]).toMatchObject({ enabled: false });
    expect(desk.engine.view.strategies[0]?.state).toContain('it has failed: it fell over');
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: stop.clientId }]);
    const toggles = () => desk.records.filter(({ type }) => type === 'strategy.toggled').length;
    desk.bar(0, 10_100);
    expect(toggles()).toBe(1);
  });

  it('that does not end is switched off in the same way', () => {
    const crossing = listed(kind, { fastBars: 2, slowBars: 4, atrBars: 3 });
    const holding = new DeskUnderTest({ capabilities: FUTURES, strategies: [crossing] }).active();
    const { stop } = holding.hold(0);
    const endless = { ...listed('./strategies/endless.ts'), name: 'own' };
    const desk = new DeskUnderTest(
      { capabilities: FUTURES, strategies: [endless] },
      2,
      holding.records,
    ).active();
    desk.bar(0, 10_100);
    expect(desk.recorded('strategy.toggled')).toMatchObject([
      { reason: expect.stringMatching(/^more than 10000000 steps .*strategies\/endless\.ts:10\)$/) },
    ]);
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: stop.clientId }]);
  });

  it('asks for nothing before it has seen the bars that it needs', () => {
    const desk = new DeskUnderTest({ strategies: [listed('./strategies/eager.ts', { bars: 3 })] }).active();
    desk.bar(0, 10_000, true);
    desk.bar(0, 10_000);
    expect(desk.recorded('note').map(({ text }) => text)).not.toContain('cheap');
    const other = new DeskUnderTest({ strategies: [listed('./strategies/eager.ts', { bars: 3 })] }).active();
    for (const close of [10_100, 10_100]) other.bar(0, close);
    expect(other.live('entry', 0)).toEqual([]);
    other.bar(0, 10_100);
    expect(other.live('entry', 0)).toHaveLength(1);
    other.bar(0, 10_000);
    expect(other.recorded('note').map(({ text }) => text)).toContain('cheap');
  });

  /** A minute's bar as it comes from a source that has not said a price yet. */
  const unquotedBar = (desk: DeskUnderTest, close: number, warmup = false): void => {
    desk.wait(60_000);
    const prices = { openTicks: close, highTicks: close + 20, lowTicks: close - 20, closeTicks: close };
    const openMs = desk.marketMs - 60_000;
    desk.happen({ kind: 'bar', instrument: 0, openMs, spanMs: 60_000, ...prices, volumeLots: 1, warmup });
  };

  /** What `active` does to a desk that has begun. */
  const activate = (desk: DeskUnderTest): void => {
    for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
    desk.snapshot();
    expect(desk.arm()).toMatchObject({ ok: true });
  };

  it.each(['eager', 'anything'])(
    'of %s, drops what it asks for while it warms up, even at prices that are not there',
    (file) => {
      const desk = new DeskUnderTest({ strategies: [listed(`./strategies/${file}.ts`, { bars: 3 })] });
      desk.begin();
      for (const close of [10_100, 10_100, 10_100]) unquotedBar(desk, close, true);
      activate(desk);
      desk.bar(0, 10_100);
      expect(desk.engine.view.strategies[0]).toMatchObject({ enabled: true, state: 'waits' });
      expect(desk.live('entry', 0).length).toBeGreaterThan(0);
    },
  );

  it('drops an entry of a strategy that is off before it looks at it', () => {
    const desk = new DeskUnderTest({ strategies: [listed('./strategies/halves.ts', { bars: 1 })] }).active();
    const toggle = (enabled: boolean) => desk.command({ name: 'toggle', strategy: 'own', enabled });
    toggle(false);
    desk.bar(0, 10_100);
    toggle(true);
    desk.bar(0, 10_000);
    expect(desk.engine.view.strategies[0]).toMatchObject({ enabled: true, state: 'waits' });
    desk.bar(0, 10_100);
    expect(desk.engine.view.strategies[0]?.state).toContain('ticks: expected a whole number above 0');
  });

  it('does nothing at a price that is not there before the first quote, says so, and goes on', () => {
    const desk = new DeskUnderTest({ strategies: [listed('./strategies/eager.ts', { bars: 1 })] });
    desk.begin();
    unquotedBar(desk, 10_100);
    expect(desk.recorded('strategy.toggled')).toEqual([]);
    expect(desk.recorded('note')).toMatchObject([
      { strategy: 'own', text: 'dear: there is no price yet, so nothing was done' },
    ]);
    activate(desk);
    desk.bar(0, 10_100);
    expect(desk.live('entry', 0)).toHaveLength(1);
  });

  it('closes no position of another strategy, and cancels no entry of it', () => {
    const crossing = listed(kind, { fastBars: 2, slowBars: 4, atrBars: 3 });
    const closing = { ...listed('./strategies/closes.ts', { bars: 1 }), name: 'closing' };
    const desk = new DeskUnderTest({ capabilities: FUTURES, strategies: [crossing, closing] }).active();
    const entry = desk.enter(0);
    desk.accept(entry);
    expect(desk.stateOf(entry)).toBe('working');
    desk.fill(entry, entry.limitTicks ?? 0);
    desk.accept(desk.live('protective', 0)[0]!);
    desk.bar(0, 10_110);
    expect(desk.live('exit', 0)).toEqual([]);
    expect(desk.lots(0)).toBe(entry.quantityLots);
    desk.bar(0, 9_900);
    desk.bar(0, 9_800);
    expect(desk.live('exit', 0)).toHaveLength(1);
  });

  it('says what it waits for as of its last bar, however often people look', () => {
    const desk = new DeskUnderTest({ strategies: [listed('./strategies/looked.ts')] }).active();
    const states = () => desk.engine.view.strategies[0]?.state;
    expect([states(), states()]).toEqual(['0 bars, 1 looks', '0 bars, 1 looks']);
    desk.bar(0, 10_000);
    expect([states(), states()]).toEqual(['1 bars, 2 looks', '1 bars, 2 looks']);
  });

  it.each([
    ['waits.ts', 'waits'],
    ['wordless.ts', 'no entry signal'],
  ])('of %s, the reason why it is not trading is %j', (file, reason) => {
    const desk = new DeskUnderTest({ strategies: [listed(`./strategies/${file}`, { bars: 1 })] }).active();
    desk.bar(0, 10_000);
    expect(desk.engine.whyNotTrading()).toEqual([
      { subject: 'own BTC/USDT', reason, waitsFor: 'its next entry signal' },
    ]);
  });

  it('is told of its instrument what the desk file has of it, with pip and multiplier where it does', () => {
    const told = (more: object) => {
      const [instrument] = new DeskUnderTest().config.instruments;
      const instruments = [{ ...instrument!, ...more }];
      const desk = new DeskUnderTest({
        instruments,
        strategies: [listed('./strategies/facts.ts')],
      }).active();
      return JSON.parse(desk.engine.view.strategies[0]?.state ?? '') as unknown;
    };
    const facts = { symbol: 'BTC/USDT', kind: 'spot', tickSize: '0.01', lotSize: '0.001' };
    expect(told({})).toEqual(facts);
    expect(told({ pip: '0.1', multiplier: '20' })).toEqual({ ...facts, pip: '0.1', multiplier: '20' });
  });

  it('that refuses its parameters leaves the engine standing, and is switched off at its first bar', () => {
    const desk = new DeskUnderTest({ strategies: [listed('./strategies/picky.ts', { bars: 45 })] }).active();
    expect(desk.engine.view.strategies[0]?.state).toContain('too many bars');
    desk.bar(0, 10_000);
    expect(desk.engine.view.strategies[0]).toMatchObject({ enabled: false });
  });
});

describe('in a backtest', () => {
  it('takes values of its own parameters', () => {
    const { desk } = backtestDesk(own, { set: [{ key: 'slowBars', value: '9' }] });
    expect(desk.strategies[0]).toMatchObject({ parameters: { slowBars: 9 }, own: { kind } });
    expect(() => backtestDesk(own, { set: [{ key: 'slowBras', value: '9' }] })).toThrow('slowBras');
  });
});

describe('in a validation', () => {
  const prices = () => writeMinutes(folder, waves(13 * 60));

  async function validated(
    desk: LoadedDesk,
    id: string,
    before: () => void = () => undefined,
  ): Promise<ValidationReport> {
    const home = join(folder, 'home');
    const { criteria } = desk.desk.goLive;
    const asked = {
      version: 1,
      id,
      desk: desk.desk.desk,
      configHash: desk.configHash,
      createdMs: 1,
    } as const;
    const market = recorded(prices());
    const place = { criteria, reportFolder: join(home, 'data'), requestedBy: 'operator' };
    keepRequest(home, { ...asked, durationMs: 12 * HOUR_MS, market, ...place }, desk);
    before();
    return runValidation(validationPlace(home, id).directory);
  }

  it('trades fill for fill as the shipped one does by the same rules, for another configuration', async () => {
    const shipped = loadDesk(write('shipped/desk.yaml', deskText({ parameters: QUICK })));
    const [theirs, ours] = [await validated(shipped, 'same'), await validated(own, 'own')];
    expect(theirs.results.trades).toBeGreaterThan(3);
    expect(ours.results).toEqual(theirs.results);
    // An id names the journal that it is in.
    expect(ours.trades).toEqual(theirs.trades.map((trade) => ({ ...trade, id: expect.any(String) })));
    expect(ours.equity).toEqual(theirs.equity);
    expect(ours.configHash).not.toBe(theirs.configHash);
  });

  it('goes on with the files that it was asked for, whatever has become of them since', async () => {
    const copy = join(folder, 'copy');
    cpSync(join(folder, 'strategies'), join(copy, 'strategies'), { recursive: true });
    writeFileSync(join(copy, 'desk.yaml'), readFileSync(join(folder, 'desk.yaml')));
    const desk = loadDesk(join(copy, 'desk.yaml'));
    expect(desk.configHash).toBe(own.configHash);
    const report = await validated(desk, 'kept', () => rmSync(copy, { recursive: true }));
    expect(report.results.trades).toBeGreaterThan(3);
  });
});
