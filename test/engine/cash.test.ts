import { describe, expect, it } from 'vitest';
import { parseMoney } from '../../src/domain/money.js';
import type { OrderIntent } from '../../src/domain/order.js';
import type { CashMovement } from '../../src/domain/venue.js';
import { createEngine } from '../../src/engine/engine.js';
import { FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest, START_MS } from './support/desk.js';
import { deskConfig } from './support/desk-config.js';

const START = parseMoney('10000');
const SIX_THOUSAND = 6_000n * 100_000_000n;

/** Reads the venue twice, as far apart as it takes to believe a difference. */
function readCash(desk: DeskUnderTest, cash: number, movements: readonly CashMovement[] = []): void {
  desk.command({ name: 'reconcile' });
  desk.snapshot({ cash, movements });
  desk.wait(2_100);
  desk.quote(0, 10_000);
  desk.command({ name: 'reconcile' });
  desk.snapshot({ cash, movements });
}

function movement(amount: string, changes: Partial<CashMovement> = {}): CashMovement {
  const id = `m${amount}`;
  const what = {
    kind: 'deposit',
    asset: 'USDT',
    marketMs: START_MS + 1,
    source: 'deposit/hisrec 1',
  } as const;
  return { id, amount, ...what, ...changes };
}

describe('cash that moved without a trade', () => {
  it('6,000 of 10,000 USDT taken out do not stay clean: entries stop, nothing arms, and it is said', () => {
    const desk = new DeskUnderTest().active();
    readCash(desk, START - Number(SIX_THOUSAND));
    const { mode, reconciliation, halts, cashUnexplained, cash } = desk.engine.view;
    expect([mode, reconciliation.state, cashUnexplained]).toEqual(['HALTED', 'differences', -SIX_THOUSAND]);
    expect(halts.at(-1)).toMatchObject({ cause: 'reconciliation' });
    expect(halts.at(-1)?.reason).toContain('the difference of -6000.00000000');
    // Waiting would not help, so nobody is told to wait.
    expect(desk.arm('two-people')).toMatchObject({
      ok: false,
      code: 'not-reconciled',
      message: expect.stringContaining('by -6000.00000000 USDT'),
      doThis: 'a person says what it was: fermata cash explain',
    });
    expect(cash).toBe(START);
  });

  it('names the lists that could not be read where it stays unexplained', () => {
    const desk = new DeskUnderTest().active();
    const reading = { cash: START + 5, movementsUnread: ['GET asset/dribblet: 500'] };
    desk.command({ name: 'reconcile' });
    desk.snapshot(reading);
    desk.wait(2_100);
    desk.quote(0, 10_000);
    desk.command({ name: 'reconcile' });
    desk.snapshot(reading);
    expect(desk.engine.view.halts.at(-1)?.reason).toContain(
      'the difference of 0.00000005 (not read: GET asset/dribblet: 500)',
    );
  });

  it('is open, and halts nothing, while the lists that may explain it are still being read', () => {
    const desk = new DeskUnderTest().active();
    const cash = START + parseMoney('2');
    desk.command({ name: 'reconcile' });
    desk.snapshot({ cash });
    for (let reading = 0; reading < 3; reading += 1) {
      desk.wait(2_100);
      desk.quote(0, 10_000);
      desk.command({ name: 'reconcile' });
      desk.snapshot({ cash, movementsUnfinished: true });
    }
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', reconciliation: { state: 'pending' } });
    readCash(desk, cash, [movement('2')]);
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', reconciliation: { state: 'clean' } });
    expect(desk.recorded('cash')).toMatchObject([{ kind: 'deposit' }]);
  });

  it('keeps no stop waiting at a start: positions agree, and that is what it needs', () => {
    const before = new DeskUnderTest().active();
    const entry = before.enter(0);
    before.accept(entry);
    before.fill(entry, entry.limitTicks ?? 0);
    const stopAt = before.records.findIndex(
      (record) => record.type === 'order.intended' && record.order.purpose === 'protective',
    );
    const desk = new DeskUnderTest({}, 2, before.records.slice(0, stopAt)).begin();
    for (const id of [0, 1]) desk.quote(id, 10_000);
    expect(desk.live('protective', 0)).toEqual([]);
    desk.snapshot({ cash: BigInt(desk.engine.view.cash) + 500n });
    expect(desk.engine.view.reconciliation.state).toBe('pending');
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: entry.quantityLots }]);
  });

  it('asks the lists about what is left where a person explained a part', () => {
    const desk = new DeskUnderTest().active();
    readCash(desk, START + 500);
    desk.command({ name: 'explainCash', kind: 'deposit', amount: 200n });
    expect(desk.effects.find(({ kind }) => kind === 'requestSnapshot')).toHaveProperty('movementsSinceMs');
    desk.snapshot({ cash: START + 500, movements: [movement('0.00000300')] });
    expect(desk.engine.view.cashUnexplained).toBe(null);
  });

  it('is not believed at one reading', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'reconcile' });
    desk.snapshot({ cash: 1 });
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', cashUnexplained: null });
    desk.pass(300);
    desk.snapshot({ cash: START });
    expect(desk.engine.view.reconciliation.state).toBe('clean');
  });

  it('is a withdrawal once a person says so: no loss, neither of the day nor from the peak', () => {
    const desk = new DeskUnderTest().active();
    readCash(desk, START - Number(SIX_THOUSAND));
    const explained = desk.command({ name: 'explainCash', kind: 'withdrawal', amount: -SIX_THOUSAND });
    expect(explained).toMatchObject({ ok: true });
    desk.snapshot({ cash: START - Number(SIX_THOUSAND) });
    expect(desk.recorded('cash')).toMatchObject([
      {
        kind: 'withdrawal',
        amount: -Number(SIX_THOUSAND),
        by: 'operator',
        source: 'person',
        currency: 'USDT',
      },
    ]);
    const { equity, dayStartEquity, peak, cash } = desk.engine.view;
    const left = parseMoney('4000');
    expect([equity, dayStartEquity, peak, cash]).toEqual([left, left, left, left]);
    desk.quote(0, 10_000);
    expect(desk.arm('person')).toMatchObject({ ok: true });
    expect(desk.recorded('halt').map(({ halt }) => halt.cause)).toEqual(['startup', 'reconciliation']);
  });

  describe('in a drawdown', () => {
    const risk = { ...deskConfig().risk, dailyLossLimitPct: 20, maxDrawdownPct: 20 };
    /** Told by the venue as it moves. */
    const move = (desk: DeskUnderTest, amount: string, kind: CashMovement['kind']): void => {
      desk.happen({ kind: 'venue.movement', movement: movement(amount, { kind }) });
    };
    /** 10 % below its peak of 10,000. */
    function fallen(): DeskUnderTest {
      const desk = new DeskUnderTest({ risk }).active();
      move(desk, '-1000', 'interest');
      return desk;
    }
    /** After a minute, in which limits are judged. */
    function judged(desk: DeskUnderTest) {
      desk.wait(60_000);
      desk.quote(0, 10_000);
      const { mode, equity, peak, lossesFromEquity, returnFromEquity, dayStartEquity } = desk.engine.view;
      return {
        ...{ mode, equity: equity / 1e8, dayResult: (equity - dayStartEquity) / 1e8 },
        below: [peak, lossesFromEquity, returnFromEquity].map((from) =>
          (100 * (1 - equity / from)).toFixed(3),
        ),
      };
    }

    it.each([
      ['out is no deeper one, and halts nothing', '-5000', 'withdrawal', 4_000],
      ['in makes it no smaller one', '9000', 'deposit', 18_000],
    ] as const)('what is taken %s', (_what, amount, kind, equity) => {
      const desk = fallen();
      move(desk, amount, kind);
      const below = ['10.000', '10.000', '10.000'];
      expect(judged(desk)).toEqual({ mode: 'ACTIVE', equity, dayResult: -1_000, below });
      // What is lost afterwards halts as ever.
      move(desk, String(-equity / 8), 'interest');
      expect(judged(desk)).toMatchObject({ mode: 'HALTED', below: ['21.250', '21.250', '21.250'] });
      expect(desk.engine.view.halts.map(({ cause }) => cause)).toEqual(['daily-loss', 'drawdown']);
      expect(desk.engine.view.halts[0]?.reason).toContain('since the day began at');
      const replayed = createEngine(deskConfig({ risk }));
      for (const record of JSON.parse(JSON.stringify(desk.records))) replayed.apply(record);
      expect(replayed.stateHash()).toBe(desk.engine.stateHash());
    });

    it('leaves as it is a loss that was lifted: the day’s return still has it', () => {
      const desk = new DeskUnderTest({ risk }).active();
      move(desk, '-2000', 'interest');
      expect(judged(desk).mode).toBe('HALTED');
      desk.snapshot({ cash: START - parseMoney('2000') });
      expect(desk.arm('two-people')).toMatchObject({ ok: true });
      move(desk, '-4000', 'withdrawal');
      const below = ['0.000', '0.000', '20.000'];
      expect(judged(desk)).toEqual({ mode: 'ACTIVE', equity: 4_000, dayResult: -2_000, below });
    });

    it('moves what losses count from by the amount, as earlier builds did, where there is no proportion', () => {
      const desk = fallen();
      move(desk, '-9000', 'withdrawal');
      move(desk, '9000.5', 'deposit');
      expect(desk.engine.view).toMatchObject({ peak: parseMoney('10000.5'), equity: parseMoney('9000.5') });
    });

    it('replays as it was booked by an earlier build, which moved it by the amount', () => {
      const desk = fallen();
      move(desk, '-5000', 'withdrawal');
      const [withdrawal] = desk.recorded('cash').slice(-1);
      expect(withdrawal).toMatchObject({ amount: -parseMoney('5000'), equity: parseMoney('9000') });
      const replayed = createEngine(deskConfig({ risk }));
      for (const { equity: _later, ...record } of desk.records.map((one) => ({ equity: 0, ...one })))
        replayed.apply(record.type === 'equity' ? { ...record, equity: START } : (record as never));
      const { peak, lossesFromEquity, returnFromEquity, dayStartEquity } = replayed.view;
      const additive = parseMoney('5000');
      expect([peak, lossesFromEquity, returnFromEquity, dayStartEquity]).toEqual(Array(4).fill(additive));
    });

    it('counts no position at its cost: without its price, capital moves the peak by the amount', () => {
      const before = new DeskUnderTest({ risk }).active();
      before.hold(0);
      const { peak } = before.engine.view;
      const desk = new DeskUnderTest({ risk }, 2, before.records).begin();
      move(desk, '-5000', 'withdrawal');
      expect(desk.recorded('cash').at(-1)).not.toHaveProperty('equity');
      expect(desk.engine.view.peak).toBe(peak - parseMoney('5000'));
    });
  });

  it('for holding a contract is booked as the venue tells it: a result, once, and nobody is asked', () => {
    const desk = new DeskUnderTest().active();
    const told = { kind: 'funding', source: 'BTC/USDT', reason: '0.5 BTC held' } as const;
    const funding = movement('-3', told);
    desk.command({ name: 'reconcile' });
    desk.happen({ kind: 'venue.movement', movement: funding });
    desk.happen({ kind: 'venue.movement', movement: funding });
    const left = START - parseMoney('3');
    const { equity, dayStartEquity, peak, cash } = desk.engine.view;
    expect([equity, dayStartEquity, peak, cash]).toEqual([left, START, START, left]);
    const { id: movementId, reason, source } = { ...funding, ...told };
    const booked = { kind: 'funding', amount: -parseMoney('3'), source, movementId, reason };
    expect(desk.recorded('cash')).toMatchObject([booked]);
    // The reading that was under way has the cash of before.
    desk.snapshot({ cash: START });
    desk.pass(300);
    desk.snapshot({ cash: left });
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', reconciliation: { state: 'clean' } });
    expect(desk.recorded('cash')).toHaveLength(1);
  });

  it('that makes equity higher than ever is a peak a minute later, also where no quote comes', () => {
    const desk = new DeskUnderTest().active();
    desk.pass(60_000);
    desk.happen({ kind: 'venue.movement', movement: movement('7', { kind: 'interest' }) });
    desk.pass(60_000);
    const peak = START + parseMoney('7');
    expect(desk.recorded('equity').at(-1)).toMatchObject({ equity: peak, peak });
  });

  it('for holding a contract, if the venue could not tell it, is found in its list', () => {
    const desk = new DeskUnderTest().active();
    readCash(desk, START + 500, [movement('0.00000500', { kind: 'swap', source: 'EUR/USD' })]);
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', reconciliation: { state: 'clean' } });
    expect(desk.recorded('cash')).toMatchObject([{ kind: 'swap', amount: 500, source: 'EUR/USD' }]);
  });

  it('that the venue lists as a deposit needs nobody, halts nothing, and is no profit', () => {
    const desk = new DeskUnderTest().active();
    const cash = START + parseMoney('2500');
    readCash(desk, cash, [movement('2500.00000000'), movement('1', { asset: 'BTC' })]);
    const { mode, equity, dayStartEquity, peak, reconciliation, capitalMoved } = desk.engine.view;
    expect([mode, reconciliation.state, capitalMoved]).toEqual(['ACTIVE', 'clean', 250_000_000_000n]);
    expect([equity, dayStartEquity, peak]).toEqual([cash, cash, cash]);
    readCash(desk, cash, [movement('2500.00000000')]);
    expect(desk.recorded('cash')).toHaveLength(1);
  });

  it('is explained by the list only where the list really explains it', () => {
    const desk = new DeskUnderTest().active();
    const before = movement('100', { marketMs: START_MS - 1 });
    readCash(desk, START + parseMoney('100'), [before, movement('99')]);
    expect(desk.engine.view.cashUnexplained).toBe(10_000_000_000n);
    expect(desk.recorded('cash')).toEqual([]);
  });

  describe('by more than what the venue lists', () => {
    const listed = [movement('1000'), movement('50', { kind: 'transfer', marketMs: START_MS + 2 })];
    const moved = (desk: DeskUnderTest) =>
      desk.recorded('cash').map(({ kind, amount, source, movementId }) => [kind, amount, source, movementId]);

    it('is named with what is left, which a person explains: what is listed is booked as itself', () => {
      const desk = new DeskUnderTest().active();
      const cash = START + parseMoney('1045');
      readCash(desk, cash, listed);
      expect(desk.engine.view.halts.at(-1)?.reason).toContain(
        'nothing explains the difference of 1045.00000000; the venue lists deposit of 1000.00000000 (deposit/hisrec 1), ' +
          'deposit of 50.00000000 (deposit/hisrec 1), which leaves -5.00000000 to be explained: fermata cash explain',
      );
      const rest = parseMoney('-5');
      const said = desk.command({ name: 'explainCash', kind: 'commission', amount: BigInt(rest) });
      expect(said).toMatchObject({ ok: true, detail: expect.stringContaining('the venue lists them') });
      desk.snapshot({ cash, movements: listed });
      const source = 'deposit/hisrec 1';
      expect(moved(desk)).toEqual([
        ['commission', rest, 'person', null],
        ['deposit', parseMoney('1000'), source, 'm1000'],
        ['deposit', parseMoney('50'), source, 'm50'],
      ]);
      expect(desk.engine.view).toMatchObject({ cashUnexplained: null, reconciliation: { state: 'clean' } });
      expect(desk.engine.view.equity - desk.engine.view.dayStartEquity).toBe(rest);
      // Read again, nothing of it counts twice.
      readCash(desk, cash, listed);
      expect(moved(desk)).toHaveLength(3);
    });

    it('is explained by no amount that leaves what the venue does not list', () => {
      const desk = new DeskUnderTest().active();
      readCash(desk, START + parseMoney('1045'), listed);
      for (const amount of [-4, 1046, -6]) {
        const said = desk.command({
          ...{ name: 'explainCash', kind: 'commission' },
          amount: BigInt(parseMoney(`${amount}`)),
        });
        expect(said).toMatchObject({ ok: false, code: 'not-the-difference' });
      }
      expect(desk.recorded('cash')).toEqual([]);
    });

    it('forgets what was listed once cash agrees, and asks for all of another difference', () => {
      const desk = new DeskUnderTest().active();
      readCash(desk, START + parseMoney('1045'), listed);
      readCash(desk, START);
      readCash(desk, START + parseMoney('3'));
      const amount = BigInt(parseMoney('-1047'));
      expect(desk.command({ name: 'explainCash', kind: 'correction', amount })).toMatchObject({
        code: 'not-the-difference',
      });
      expect(desk.engine.view.halts.at(-1)?.reason).not.toContain('the venue lists deposit of 3');
    });
  });

  it('is explained by the list where the journal began while the clock was a day ahead', () => {
    const desk = new DeskUnderTest({ account: 'Binance spot', historyBeginsMs: START_MS });
    desk.marketMs += 86_400_000;
    desk.active();
    readCash(desk, START + parseMoney('100'), [movement('100')]);
    expect(desk.engine.view.cashUnexplained).toBe(null);
    expect(desk.recorded('cash')).toMatchObject([{ kind: 'deposit' }]);
  });

  describe('beside a movement that is listed and never reached the cash', () => {
    const DAY_MS = 86_400_000;
    const phantom = movement('7', { kind: 'interest', marketMs: START_MS + 1 });

    it('is explained by the newest that together are the difference', () => {
      const desk = new DeskUnderTest().active();
      const two = [movement('100', { marketMs: START_MS + 2 }), movement('20', { marketMs: START_MS + 3 })];
      readCash(desk, START + parseMoney('120'), [phantom, ...two]);
      expect(desk.recorded('cash').map(({ movementId }) => movementId)).toEqual(['m100', 'm20']);
      expect(desk.engine.view.mode).toBe('ACTIVE');
    });

    it('is not explained by it once readings have agreed for a week', () => {
      const desk = new DeskUnderTest().active();
      desk.command({ name: 'reconcile' });
      desk.snapshot({ cash: START, asOfMs: START_MS + 9 * DAY_MS });
      readCash(desk, START + parseMoney('7'), [phantom]);
      expect(desk.engine.view).toMatchObject({ mode: 'HALTED', cashUnexplained: 700_000_000n });
      desk.command({ name: 'reconcile' });
      const asked = desk.effects.find((effect) => effect.kind === 'requestSnapshot');
      expect(asked?.movementsSinceMs).toBeGreaterThan(START_MS);
    });

    it('is not explained by what a person has explained before it was listed', () => {
      const desk = new DeskUnderTest().active();
      const paid = START + parseMoney('7');
      readCash(desk, paid);
      desk.command({ name: 'explainCash', kind: 'interest', amount: 700_000_000n });
      desk.snapshot({ cash: paid });
      readCash(desk, paid + parseMoney('7'), [phantom]);
      expect(desk.engine.view.cashUnexplained).toBe(700_000_000n);
      expect(desk.recorded('cash')).toHaveLength(1);
      readCash(desk, paid + parseMoney('7'), [phantom, movement('7', { id: 'next' })]);
      expect(desk.recorded('cash').at(-1)).toMatchObject({ movementId: 'next' });
    });
  });

  it('that is interest is a profit of the day', () => {
    const desk = new DeskUnderTest().active();
    readCash(desk, START + parseMoney('3'), [movement('3', { kind: 'interest' })]);
    const { equity, dayStartEquity } = desk.engine.view;
    expect(equity - dayStartEquity).toBe(parseMoney('3'));
  });

  it.each([
    ['without a difference', START, 'deposit', 1n, 'no-difference'],
    ['with more than the difference', START + 5, 'deposit', 6n, 'not-the-difference'],
    ['with the other sign', START + 5, 'correction', -5n, 'not-the-difference'],
    ['as a withdrawal that came in', START + 5, 'withdrawal', 5n, 'wrong-sign'],
  ] as const)('can not be explained %s', (_how, cash, kind, amount, code) => {
    const desk = new DeskUnderTest().active();
    readCash(desk, cash);
    expect(desk.command({ name: 'explainCash', kind, amount })).toMatchObject({ ok: false, code });
    expect(desk.recorded('cash')).toEqual([]);
  });

  it.each([
    ['a result where results are settled in cash', FUTURES, 'result', -5],
    ['a correction where what is bought is owned', SPOT, 'correction', 0],
  ] as const)(
    'that is missing, and that a person calls a correction, is %s',
    (_what, capabilities, kind, lost) => {
      const desk = new DeskUnderTest({ capabilities }).active();
      readCash(desk, START - 5);
      desk.command({ name: 'explainCash', kind: 'correction', amount: -5n });
      expect(desk.recorded('cash')).toMatchObject([{ kind, amount: -5 }]);
      const { equity, dayStartEquity } = desk.engine.view;
      expect(equity - (dayStartEquity ?? 0)).toBe(lost);
    },
  );

  it('is on record: a replay has the same cash, day, peak and hash', () => {
    const desk = new DeskUnderTest().active();
    readCash(desk, START - Number(SIX_THOUSAND));
    desk.command({ name: 'explainCash', kind: 'withdrawal', amount: -SIX_THOUSAND });
    const replayed = createEngine(deskConfig());
    for (const record of JSON.parse(JSON.stringify(desk.records))) replayed.apply(record);
    expect(replayed.stateHash()).toBe(desk.engine.stateHash());
  });

  describe('at a broker that rounds cash to cents', () => {
    const CENT = 1_000_000;
    const broker = () => {
      const { capabilities } = new DeskUnderTest().config;
      return new DeskUnderTest({ capabilities: { ...capabilities, cashStep: CENT } }).active();
    };
    /** Bought and sold, in so many fills, each with a fee of six places. */
    function trade(desk: DeskUnderTest, fills: number): void {
      const { entry, stop } = desk.hold(0);
      for (let part = 0; part < fills - 1; part += 1) {
        const lots = part < fills - 2 ? 1 : entry.quantityLots - part;
        desk.happen({ kind: 'fill', fill: desk.makeFill(stop, 9_900, lots, 100_354_200) });
      }
    }
    const halts = (desk: DeskUnderTest) => desk.engine.view.halts.map(({ cause }) => cause);

    it.each([1, -1])('up to two of them are no difference (%i)', (sign) => {
      const desk = broker();
      trade(desk, 2);
      readCash(desk, desk.engine.view.cash + sign * 2 * CENT);
      expect([desk.recorded('cash'), desk.engine.view.reconciliation.state]).toEqual([[], 'clean']);
      expect(desk.engine.view.cashUnexplained).toBe(null);
    });

    it('half of one for each fill more is a correction by itself, and hides nothing that comes later', () => {
      const desk = broker();
      trade(desk, 10);
      readCash(desk, desk.engine.view.cash + 7 * CENT);
      expect(desk.recorded('cash')).toMatchObject([{ kind: 'correction', amount: 7 * CENT }]);
      expect(desk.engine.view.reconciliation.state).toBe('clean');
      readCash(desk, desk.engine.view.cash + 3 * CENT);
      expect(desk.recorded('cash')).toHaveLength(1);
      expect(halts(desk)).toEqual(['reconciliation']);
    });

    it('what people were asked to explain stays so, however many fills there are until they do', () => {
      const desk = broker();
      readCash(desk, desk.engine.view.cash + 5 * CENT);
      expect(halts(desk)).toEqual(['reconciliation']);
      for (const side of ['buy', 'sell'] as const)
        for (let part = 0; part < 20; part += 1) {
          const order = { clientId: 'web_1', instrument: 0, side, quantityLots: 1 } as OrderIntent;
          desk.fill(order, 10_000);
        }
      readCash(desk, desk.engine.view.cash + 5 * CENT);
      expect(desk.recorded('cash')).toEqual([]);
      expect(desk.engine.view.cashUnexplained).toBe(BigInt(5 * CENT));
    });

    it('more than that halts, and so does a cent at a venue that is exact', () => {
      const desk = broker();
      trade(desk, 10);
      readCash(desk, desk.engine.view.cash + 8 * CENT);
      expect(halts(desk)).toEqual(['reconciliation']);
      const exact = new DeskUnderTest().active();
      readCash(exact, exact.engine.view.cash + CENT);
      expect(halts(exact)).toEqual(['reconciliation']);
    });
  });

  describe('after an adoption', () => {
    /** The account has more coins than the desk, or none of them; `part` of their worth is missing, or too much, in cash. */
    function adoptedWith(
      coins: 'came' | 'gone',
      part: number,
      listed: (difference: number) => readonly CashMovement[] = () => [],
    ): { desk: DeskUnderTest; difference: number; result: () => number } {
      const desk = new DeskUnderTest().active();
      if (coins === 'gone') {
        desk.hold(0);
        // What was held before a fill of just now may be an old list.
        desk.wait(15_000);
        for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
        desk.happen({ kind: 'tick' });
        desk.snapshot();
      }
      const before = desk.lots(0);
      const lots = coins === 'came' ? 500 : 0;
      for (let reading = 0; reading < 2; reading += 1) {
        desk.command({ name: 'reconcile' });
        desk.snapshot({ positions: [lots, 0], cash: null });
        desk.pass(250);
      }
      const adopted = desk.recorded('position.adopted');
      expect(adopted).toMatchObject([{ quantityLots: lots }]);
      for (const stop of desk.live('protective', 0)) desk.accept(stop);
      // What was asked for before the fill is answered.
      desk.snapshot();
      const { moneyPerTickLot } = desk.config.instruments[0]!;
      const worth = Math.abs(lots - before) * (adopted[0]?.priceTicks ?? 0) * moneyPerTickLot;
      const difference = Math.round(part * worth);
      const cash = desk.engine.view.cash + difference;
      // The first answer is to what was asked before the stop was accepted: something moved meanwhile.
      const resultNow = (): number => desk.engine.view.equity - (desk.engine.view.dayStartEquity ?? 0);
      const resultBefore = resultNow();
      desk.snapshot({ cash });
      readCash(desk, cash, listed(difference));
      return { desk, difference, result: () => resultNow() - resultBefore };
    }

    it.each([
      ['bought at a price 4 % higher', 'came', -0.04],
      ['sold at a price 4 % lower', 'gone', -0.04],
      ['sold at a price 4 % higher', 'gone', 0.04],
    ] as const)('is the price where the coins were %s', (_how, coins, part) => {
      const { desk, difference, result } = adoptedWith(coins, part);
      expect(desk.recorded('cash')).toMatchObject([{ kind: 'result', amount: difference }]);
      expect(desk.engine.view.reconciliation.state).toBe('clean');
      // As any trade: loss limits see it, and people are told.
      expect(result()).toBe(difference);
      expect(desk.recorded('note').at(-1)).toMatchObject({
        level: 'warn',
        text: expect.stringMatching(/^result of -?[\d.]+ USDT: what was adopted was traded at another price/),
      });
    });

    it('is not the price where the venue lists a withdrawal of just that: it stays capital', () => {
      const { desk, difference, result } = adoptedWith('gone', -0.04, (units) => [
        movement((units / 1e8).toFixed(8), { kind: 'withdrawal' }),
      ]);
      expect(desk.recorded('cash')).toMatchObject([{ kind: 'withdrawal', amount: difference }]);
      expect(result()).toBe(0);
    });

    it.each([
      ['a withdrawal after coins went', 'gone', -1],
      ['a deposit after coins went', 'gone', 1],
      ['a withdrawal after coins came', 'came', -1],
      ['a deposit after coins came', 'came', 1],
    ] as const)('is no other side of it where it is %s', (_what, coins, part) => {
      const { desk, difference } = adoptedWith(coins, part);
      expect(desk.recorded('cash')).toEqual([]);
      expect(desk.engine.view.cashUnexplained).toBe(BigInt(difference));
      expect(desk.arm('two-people')).toMatchObject({ ok: false, code: 'not-reconciled' });
    });
  });

  it('that differs by another amount at each reading halts all the same', () => {
    const desk = new DeskUnderTest().active();
    for (let second = 1; second <= 200; second += 1) {
      for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
      desk.command({ name: 'reconcile' });
      desk.snapshot({ cash: START - second });
      desk.pass(1_000);
    }
    const { mode, halts, cash } = desk.engine.view;
    expect([mode, cash]).toEqual(['HALTED', START]);
    expect(halts[0]?.reason).toContain('no reading of the account has agreed for 180 s: cash differs');
  });

  it('is not judged while an order may still fill', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.command({ name: 'reconcile' });
    desk.fill(entry, entry.limitTicks ?? 0, 1);
    desk.snapshot({ cash: 1 });
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', cashUnexplained: null });
  });
});

describe('a trade that the venue has corrected after it was booked', () => {
  const correction = (tradeId: string, priceTicks: number | null) => ({
    ...{ kind: 'venue.correction' as const },
    correction: {
      ...{ instrument: 0, tradeId, was: { quantityLots: 1_000, priceTicks: 10_000 } },
      is: priceTicks === null ? null : { quantityLots: 1_000, priceTicks },
    },
  });
  const alarms = (desk: DeskUnderTest) =>
    desk.recorded('note').flatMap(({ level, text }) => (level === 'alarm' ? [text] : []));

  it('is told with what it was and is, makes the account be read, and is named where cash differs', () => {
    const desk = new DeskUnderTest().active();
    const effects = desk.happen(correction('t7', 10_001));
    expect(effects.some(({ kind }) => kind === 'requestSnapshot')).toBe(true);
    const what = 'the trade t7 of BTC/USDT was 1.000 at 100.00 and is 1.000 at 100.01';
    expect(alarms(desk)).toEqual([
      `the venue has corrected a trade: ${what}. It stays booked as it was; what that makes of cash is to be explained`,
    ]);
    expect(desk.engine.view.mode).toBe('ACTIVE');
    const { cash } = desk.engine.view;
    const difference = -1_000_000_000;
    for (let times = 0; times < 3; times += 1) readCash(desk, cash + difference);
    expect(desk.engine.view.halts[0]?.reason).toContain(
      `nothing explains the difference of -10.00000000 but for what the venue has corrected after it was booked: ${what}: fermata`,
    );
    desk.command({ name: 'explainCash', kind: 'correction', amount: BigInt(difference) });
    readCash(desk, cash + difference);
    expect(desk.arm('two-people')).toMatchObject({ ok: true });
    for (let times = 0; times < 3; times += 1) readCash(desk, cash - 100_000_000);
    expect(alarms(desk).at(-1)).toContain('nothing explains the difference of 9.00000000: fermata');
  });

  it('is still named after a restart, until the difference is explained', () => {
    const before = new DeskUnderTest().active();
    before.happen(correction('t7', 10_001));
    const { cash } = before.engine.view;
    const desk = new DeskUnderTest({}, 2, before.records).begin();
    for (let times = 0; times < 3; times += 1) readCash(desk, cash - 1_000_000_000);
    const named = 'corrected after it was booked: the trade t7 of BTC/USDT was 1.000 at 100.00 and is';
    expect(alarms(desk).join()).toContain(named);
    desk.command({ name: 'explainCash', kind: 'correction', amount: -1_000_000_000n });
    readCash(desk, cash - 1_000_000_000);
    for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
    expect(desk.arm('two-people')).toMatchObject({ ok: true });
    const again = new DeskUnderTest({}, 2, [...before.records, ...desk.records]).begin();
    for (let times = 0; times < 3; times += 1) readCash(again, cash);
    expect(alarms(again).at(-1)).toContain('nothing explains the difference of 10.00000000: fermata');
  });

  it('is named no more once a person has explained what the venue does not list of the difference', () => {
    const desk = new DeskUnderTest().active();
    desk.happen(correction('t7', 10_001));
    const now = desk.engine.view.cash + parseMoney('90');
    const listed = [movement('100')];
    for (let times = 0; times < 3; times += 1) readCash(desk, now, listed);
    expect(alarms(desk).at(-1)).toContain('the venue has corrected');
    desk.command({ name: 'explainCash', kind: 'correction', amount: -1_000_000_000n });
    readCash(desk, now, listed);
    expect(desk.arm('two-people')).toMatchObject({ ok: true });
    for (let times = 0; times < 3; times += 1) readCash(desk, now - parseMoney('7'), listed);
    expect(alarms(desk).at(-1)).toContain('nothing explains the difference of -7.00000000: fermata');
  });

  it('or taken back is told as that', () => {
    const desk = new DeskUnderTest().active();
    desk.happen(correction('t7', null));
    expect(alarms(desk).join()).toContain('the trade t7 of BTC/USDT (1.000 at 100.00) was taken back');
  });
});

describe('a fee that the venue tells after its fill', () => {
  const CENT = 1_000_000;

  /** Bought with a fee that is expected to be 2.25. */
  function bought() {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    const fill = {
      ...desk.makeFill(entry, 10_000, entry.quantityLots, 225 * CENT),
      feeExpected: true as const,
    };
    desk.happen({ kind: 'fill', fill });
    for (const stop of desk.live('protective', 0)) desk.accept(stop);
    // What was asked for before the fill is answered.
    desk.snapshot();
    const { feeExpected: _, ...untold } = fill;
    const told = (fee: number) => ({ ...untold, fee });
    const booked = () => desk.records.flatMap((record) => (record.type === 'cash' ? [record] : []));
    return { desk, fill, told, booked, cash: desk.engine.view.cash };
  }

  it('is a position at once, and what it differs by is booked under the name of its trade, once', () => {
    const { desk, fill, told, booked, cash } = bought();
    expect(desk.lots(0)).toBe(fill.quantityLots);
    desk.happen({ kind: 'fill', fill });
    expect(booked()).toEqual([]);
    for (let times = 0; times < 2; times += 1) desk.happen({ kind: 'fill', fill: told(250 * CENT) });
    expect(booked()).toMatchObject([{ kind: 'commission', amount: -25 * CENT }]);
    expect(booked()[0]?.reason).toBe(
      `the trade ${fill.tradeId} of BTC/USDT cost 2.50000000, and 2.25000000 was booked before that was told`,
    );
    expect(desk.engine.view.cash).toBe(cash - 25 * CENT);
    expect(desk.lots(0)).toBe(fill.quantityLots);
  });

  it('and is as expected changes nothing', () => {
    const { desk, fill, told, booked, cash } = bought();
    desk.happen({ kind: 'fill', fill: told(fill.fee) });
    expect([booked(), desk.engine.view.cash]).toEqual([[], cash]);
    desk.happen({ kind: 'fill', fill: told(250 * CENT) });
    expect(booked()).toEqual([]);
  });

  it('may be all that cash differs by: nothing is judged until it is told, then cash agrees', () => {
    const { desk, told, booked, cash } = bought();
    readCash(desk, cash - 25 * CENT);
    readCash(desk, cash - 25 * CENT);
    expect([desk.engine.view.mode, desk.engine.view.cashUnexplained]).toEqual(['ACTIVE', null]);
    desk.command({ name: 'reconcile' });
    desk.snapshot({ cash: cash - 25 * CENT, fills: [told(250 * CENT)] });
    readCash(desk, cash - 25 * CENT);
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', cashUnexplained: null });
    expect(desk.engine.view.reconciliation.state).toBe('clean');
    expect(booked()).toHaveLength(1);
  });

  it('counts as told in what a lot of the open trade cost', () => {
    const { desk, fill, told } = bought();
    const perLot = (fee: number) => fee / fill.quantityLots;
    expect(desk.engine.feePerLot(0)).toBe(perLot(225 * CENT));
    expect(desk.engine.feePerLot(1)).toBeNull();
    desk.happen({ kind: 'fill', fill: told(250 * CENT) });
    expect(desk.engine.feePerLot(0)).toBe(perLot(250 * CENT));
  });

  /** Readings as the desk asks for them, with what cash then is, until `isOver`. Returns after how many seconds. */
  function readUntil(desk: DeskUnderTest, cash: () => number, isOver: () => boolean): number {
    for (let second = 1; second <= 300; second += 1) {
      desk.quote(0, 10_000);
      desk.quote(1, 10_000);
      desk.pass(1_000);
      if (desk.effects.some(({ kind }) => kind === 'requestSnapshot')) desk.snapshot({ cash: cash() });
      if (isOver()) return second;
    }
    return Number.POSITIVE_INFINITY;
  }

  it('is waited for shorter than readings may fail to agree where more is missing, so that people can explain', () => {
    const missing = -500_25 * CENT;
    const { desk, told, booked, cash } = bought();
    const isHalted = () => desk.engine.view.mode !== 'ACTIVE';
    const after = readUntil(desk, () => cash + missing, isHalted);
    expect(after).toBeGreaterThan(115);
    expect(after).toBeLessThan(150);
    expect(desk.engine.view).toMatchObject({ mode: 'HALTED', cashUnexplained: BigInt(missing) });
    expect(desk.engine.view.halts.at(-1)?.reason).toContain('fermata cash explain');
    const explained = { name: 'explainCash', kind: 'correction', amount: BigInt(missing) } as const;
    expect(desk.command(explained)).toMatchObject({ ok: true });
    desk.happen({ kind: 'fill', fill: told(250 * CENT) });
    readCash(desk, cash + missing);
    expect(desk.engine.view.reconciliation.state).toBe('clean');
    expect(booked()).toHaveLength(1);
  });

  it('is booked when it is told after a person has explained all but it', () => {
    const { desk, told, booked, cash } = bought();
    const missing = -500_25 * CENT;
    const isHalted = () => desk.engine.view.mode !== 'ACTIVE';
    readUntil(desk, () => cash + missing, isHalted);
    const explained = { name: 'explainCash', kind: 'withdrawal', amount: BigInt(-500_00 * CENT) } as const;
    expect(desk.command(explained)).toMatchObject({ ok: true });
    desk.happen({ kind: 'fill', fill: told(250 * CENT) });
    readCash(desk, cash + missing);
    expect(desk.engine.view.reconciliation.state).toBe('clean');
    expect(booked()).toMatchObject([{ kind: 'withdrawal', leaves: -25 * CENT }, { kind: 'commission' }]);
  });

  it('puts off no difference for longer, whatever is traded meanwhile', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    const buy = () => {
      const fill = { ...desk.makeFill(entry, 10_000, 10, 225 * CENT), feeExpected: true as const };
      desk.happen({ kind: 'fill', fill });
      for (const stop of desk.live('protective', 0)) {
        if (desk.stateOf(stop) === 'cancelling')
          desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
      }
      for (const stop of desk.live('protective', 0)) desk.accept(stop);
    };
    buy();
    const cash = () => desk.engine.view.cash - 50_000 * CENT;
    desk.command({ name: 'reconcile' });
    desk.snapshot({ cash: cash() });
    let second = 0;
    const isOver = () => {
      second += 1;
      if (second % 20 === 0) buy();
      return desk.engine.view.cashUnexplained !== null;
    };
    expect(readUntil(desk, cash, isOver)).toBeLessThan(150);
    expect(desk.engine.view.halts.at(-1)?.reason).toContain('fermata cash explain');
  });

  it('for minutes halts nobody: all else agrees, and cash differs by what a fee may differ by', () => {
    const { desk, told, cash } = bought();
    for (let second = 0; second < 240; second += 10) {
      desk.pass(7_900);
      readCash(desk, cash - 25 * CENT);
    }
    const { mode, halts, reconciliation, feesAwaited } = desk.engine.view;
    expect([mode, halts, reconciliation.state]).toEqual(['ACTIVE', [], 'clean']);
    expect(feesAwaited).toBe(225 * CENT);
    expect(desk.status().books.feesAwaited).toBe('2.25000000');
    desk.happen({ kind: 'fill', fill: told(250 * CENT) });
    expect(desk.engine.view.feesAwaited).toBe(0);
  });

  it('is not what much more money differs by: that does not agree', () => {
    const { desk, cash } = bought();
    for (let times = 0; times < 3; times += 1) readCash(desk, cash - 2_300 * CENT);
    expect(desk.engine.view.reconciliation.state).toBe('pending');
  });

  it('and still is not told after ten minutes is for people to explain, and then it is not booked any more', () => {
    const { desk, fill, told, booked, cash } = bought();
    desk.wait(600_001);
    readCash(desk, cash - 25 * CENT);
    expect(desk.engine.view.cashUnexplained).toBe(BigInt(-25 * CENT));
    expect(desk.engine.view.halts[0]?.reason).toContain(
      `the difference of -0.25000000; the venue has not told in USDT: fee of BTC/USDT ${fill.tradeId} (2.25000000 was booked): fermata`,
    );
    desk.command({ name: 'explainCash', kind: 'commission', amount: BigInt(-25 * CENT) });
    desk.happen({ kind: 'fill', fill: told(250 * CENT) });
    expect(booked()).toMatchObject([{ source: 'person' }]);
    expect(desk.engine.view.cash).toBe(cash - 25 * CENT);
  });

  it('is asked for from its fill on, and booked by the next start if it was told while no trader ran', () => {
    const { desk, fill, told } = bought();
    desk.wait(7_200_000);
    const again = new DeskUnderTest({}, 2, desk.records).begin();
    const { cash } = again.engine.view;
    const asked = again.effects.flatMap((effect) =>
      effect.kind === 'requestSnapshot' ? [effect.sinceTradeMs] : [],
    );
    expect(Math.max(...asked)).toBeLessThanOrEqual(fill.marketMs);
    again.snapshot({ fills: [told(200 * CENT)] });
    expect(again.engine.view.cash).toBe(cash + 25 * CENT);
    expect(again.lots(0)).toBe(fill.quantityLots);
  });
});
