import { describe, expect, it } from 'vitest';
import type { OrderIntent } from '../../src/domain/order.js';
import { FUTURES } from '../support/engine-config.js';
import { DeskUnderTest, venueOrder } from './support/desk.js';

function strange(clientId: string, type: OrderIntent['type'] = 'limit'): OrderIntent {
  return {
    clientId,
    instrument: 0,
    strategy: 'x',
    purpose: 'entry',
    side: 'buy',
    type,
    quantityLots: 7,
    limitTicks: 9_000,
    stopTicks: null,
    protectTicks: null,
    reduceOnly: false,
    timeInForce: 'GTC',
  };
}

describe('an order that closes, filled at the venue, which never names the fills', () => {
  /** Read until the order is given up; each reading shows this position. */
  const givenUp = (order: (desk: DeskUnderTest) => OrderIntent, lots: number) => {
    const desk = new DeskUnderTest().active();
    const { entry } = desk.hold(0);
    const given = order(desk);
    const { clientId } = given;
    const filled = (): void => {
      const known = desk.engine.view.orders.find((one) => one.clientId === clientId);
      if (known !== undefined)
        desk.happen({ kind: 'order.update', order: venueOrder(known, known.quantityLots, 'filled') });
    };
    const read = () => {
      desk.command({ name: 'reconcile' });
      desk.snapshot({ positions: [lots, 0], openOrders: [] });
    };
    for (
      let reading = 0;
      reading < 20 && desk.engine.view.orders.some((one) => one.clientId === clientId);
    ) {
      reading += 1;
      desk.quote(0, 10_000);
      desk.pass(250);
      filled();
      read();
    }
    expect(desk.recorded('order.state').at(-1)).toMatchObject({ clientId, state: 'expired' });
    return { desk, entry, read, order: given };
  };
  /** The next start of the trader, so much later. */
  const startedAgain = (before: DeskUnderTest, afterMs: number, records = before.records) => {
    const desk = new DeskUnderTest({}, 2, records);
    Object.assign(desk, { wallMs: before.wallMs + afterMs, marketMs: before.marketMs + afterMs });
    desk.begin();
    for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
    return desk;
  };
  const stopOf = (desk: DeskUnderTest) => desk.live('protective', 0)[0]!;
  const closeOf = (desk: DeskUnderTest) => {
    const stop = stopOf(desk);
    desk.command({ name: 'closePosition', symbol: 'BTC/USDT' });
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    return desk.live('close', 0)[0]!;
  };

  it.each([
    ['a stop', stopOf],
    ['a closing order', closeOf],
  ])('sends nothing for a position that may be gone, and believes the reading: %s', (_, order) => {
    const { desk, read } = givenUp(order, 0);
    for (let reading = 0; reading < 4 && desk.lots(0) !== 0; reading += 1) {
      expect(desk.engine.view.orders).toEqual([]);
      desk.pass(300);
      read();
    }
    expect(desk.lots(0)).toBe(0);
    expect(
      desk.recorded('order.intended').filter(({ order: { purpose } }) => purpose === 'protective').length,
    ).toBe(1);
  });

  it('is protected again as soon as a reading shows that the position is still there', () => {
    const { desk, entry, read } = givenUp(stopOf, 9_900);
    desk.pass(300);
    read();
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: entry.quantityLots }]);
  });

  const closeAllOf = (desk: DeskUnderTest) => {
    const stop = stopOf(desk);
    desk.command({ name: 'closeAll' });
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    return desk.live('close', 0)[0]!;
  };

  it.each([
    ['a stop', stopOf, 5_000],
    ['a stop', stopOf, 70_000],
    ['a closing order', closeOf, 5_000],
    ['that of a close-all', closeAllOf, 5_000],
  ])('sends nothing either where the trader starts again before a reading: %s', (_, order, afterMs) => {
    const { desk: before } = givenUp(order, 0);
    const sent = before.recorded('order.intended').length;
    const desk = startedAgain(before, afterMs);
    for (let reading = 0; reading < 4 && desk.lots(0) !== 0; reading += 1) {
      desk.snapshot({ positions: [0, 0], openOrders: [] });
      desk.pass(500);
      desk.command({ name: 'reconcile' });
    }
    expect(desk.lots(0)).toBe(0);
    expect(desk.recorded('order.intended')).toHaveLength(sent);
  });

  it('is protected after a start once a reading has shown it, also before that start', () => {
    const { desk: before, entry } = givenUp(stopOf, 0);
    const desk = startedAgain(before, 5_000);
    desk.snapshot({ positions: [9_900, 0], openOrders: [] });
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: entry.quantityLots }]);
    // Ended before the stop left; the list of positions is late.
    const shown = desk.records.findLastIndex(({ type }) => type === 'reconciled') + 1;
    const again = startedAgain(desk, 5_000, desk.records.slice(0, shown));
    again.snapshot({ positions: [0, 0], openOrders: [] });
    expect(again.live('protective', 0)).toMatchObject([{ quantityLots: entry.quantityLots }]);
  });

  it('doubts no position that was opened after its late fills had closed the one before, also after a start', () => {
    const { desk: before, order } = givenUp(stopOf, 0);
    before.fill(order, 9_800);
    expect(before.lots(0)).toBe(0);
    before.fill(before.enter(0), 10_000);
    expect(before.live('protective', 0)).toHaveLength(1);
    const desk = startedAgain(before, 100);
    for (let reading = 0; reading < 4; reading += 1) {
      desk.snapshot({
        positions: [0, 0],
        openOrders: before.live('protective', 0).map((one) => venueOrder(one)),
      });
      desk.pass(500);
      desk.command({ name: 'reconcile' });
    }
    expect(desk.recorded('position.adopted')).toEqual([]);
    expect(desk.live('protective', 0)).toMatchObject([{ state: 'working' }]);
  });

  it('nor one that was opened after a start at which the late fills had closed the one before', () => {
    const { desk: before, order } = givenUp(stopOf, 0);
    const desk = startedAgain(before, 5_000);
    desk.happen({ kind: 'fill', fill: { ...desk.makeFill(order, 9_800), tradeId: 'named late' } });
    desk.snapshot();
    expect(desk.arm()).toMatchObject({ ok: true });
    desk.fill(desk.enter(0), 10_000);
    expect(desk.live('protective', 0)).toHaveLength(1);
  });

  it('halts the desk where no reading shows anything', () => {
    const { desk } = givenUp(stopOf, 0);
    for (let second = 0; second < 11; second += 1) {
      desk.quote(0, 10_000);
      desk.pass(1_000);
    }
    expect(desk.engine.view.orders).toEqual([]);
    expect(desk.engine.view.halts).toMatchObject([{ cause: 'protection-missing' }]);
  });
});

/** Answers orders and readings after the same time, and refuses whatever would sell more than is there. */
class SlowVenue {
  #answers: { readonly atMs: number; readonly give: () => void }[] = [];

  constructor(
    private readonly desk: DeskUnderTest,
    private readonly lots: number,
  ) {
    this.#hear();
  }

  pass(ms: number): void {
    const { desk } = this;
    desk.pass(ms);
    this.#hear();
    const due = this.#answers.filter(({ atMs }) => atMs <= desk.monotonicMs);
    this.#answers = this.#answers.filter((answer) => !due.includes(answer));
    for (const { give } of due) {
      give();
      this.#hear();
    }
  }

  #hear(): void {
    for (const order of this.desk.sent('submit')) {
      if (order.quantityLots > this.lots) this.#later(() => this.#refuse(order));
    }
    const asked = this.desk.effects.filter(({ kind }) => kind === 'requestSnapshot').length;
    if (asked > 0) this.#later(() => this.desk.snapshot({ positions: [this.lots, 0], openOrders: [] }));
  }

  #later(give: () => void): void {
    this.#answers.push({ atMs: this.desk.monotonicMs + 400, give });
  }

  #refuse({ clientId }: OrderIntent): void {
    this.desk.happen({ kind: 'order.rejected', clientId, code: '-2010', text: 'insufficient balance' });
  }
}

describe('reconciliation', () => {
  it('is clean where nothing differs', () => {
    const desk = new DeskUnderTest().begin();
    desk.snapshot();
    expect(desk.recorded('reconciled').at(-1)).toMatchObject({ clean: true, differences: [] });
    expect(desk.engine.view.reconciliation.state).toBe('clean');
  });

  it('adopts a position only when a second reading says the same, then halts', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'reconcile' });
    desk.snapshot({ positions: [500, 0] });
    expect(desk.lots(0)).toBe(0);
    desk.pass(250);
    desk.snapshot({ positions: [500, 0] });
    expect(desk.lots(0)).toBe(500);
    expect(desk.engine.view.halts.map(({ cause }) => cause)).toEqual(['reconciliation']);
    expect(desk.recorded('reconciled').at(-1)).toMatchObject({
      clean: false,
      differences: [{ what: 'position', symbol: 'BTC/USDT', ours: '0.000', venues: '0.500', rule: 'adopt' }],
    });
  });

  it('switches a strategy off whose losses one that it adopts completes', () => {
    const desk = new DeskUnderTest({ tracker: { maxConsecutiveLosses: 1, reEnableCheckMs: 3_600_000 } });
    desk.active().hold(0);
    desk.wait(20_000);
    for (let reading = 0; reading < 2; reading += 1) {
      desk.quote(0, 9_900);
      desk.command({ name: 'reconcile' });
      desk.snapshot({ positions: [0, 0] });
      desk.pass(500);
    }
    expect(desk.recorded('trade.closed')).toMatchObject([
      { why: 'venue', result: expect.stringMatching(/^-/) },
    ]);
    expect(desk.recorded('strategy.toggled')).toMatchObject([{ enabled: false, automatic: true }]);
  });

  describe('with a list of positions that is behind the fills', () => {
    /** Held since just now: at a venue that goes on listing what it had before. */
    function read(desk: DeskUnderTest, lots: number, times: number): void {
      for (let reading = 0; reading < times; reading += 1) {
        for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
        desk.command({ name: 'reconcile' });
        desk.snapshot({ positions: [lots, 0] });
        desk.pass(500);
      }
    }
    const adopted = (desk: DeskUnderTest): unknown[] => desk.recorded('position.adopted');

    it.each([
      ['an entry', 0],
      ['a partial fill of it', 1],
    ] as const)('keeps what was bought, and its stop, however often it reads %s', (_what, part) => {
      const desk = new DeskUnderTest().active();
      const entry = desk.enter(0);
      desk.accept(entry);
      if (part > 0) desk.fill(entry, entry.limitTicks ?? 0, part);
      desk.fill(entry, entry.limitTicks ?? 0, entry.quantityLots - part);
      for (const stop of desk.live('protective', 0)) desk.accept(stop);
      read(desk, part, 20);
      expect(adopted(desk)).toEqual([]);
      expect([desk.engine.view.mode, desk.engine.view.reconciliation.state]).toEqual(['ACTIVE', 'pending']);
      expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: entry.quantityLots }]);
      read(desk, entry.quantityLots, 1);
      expect(desk.engine.view.reconciliation.state).toBe('clean');
    });

    it('sells nothing twice where it still shows what was sold', () => {
      const desk = new DeskUnderTest().active();
      const lots = desk.hold(0).entry.quantityLots;
      desk.pass(15_000);
      desk.snapshot();
      desk.command({ name: 'closeAll' });
      for (const stop of desk.live('protective', 0))
        desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
      const [sale] = desk.live('close', 0);
      desk.accept(sale!);
      desk.fill(sale!, 10_000);
      read(desk, lots, 20);
      expect([adopted(desk), desk.lots(0), desk.live('close', 0)]).toEqual([[], 0, []]);
      // The next proof is asked for when a failed one allows it: after 5 s at most.
      read(desk, 0, 12);
      expect(desk.engine.view.closeAll).toBe('flat');
    });

    it('believes it once it has not caught up for 15 s', () => {
      const desk = new DeskUnderTest().active();
      desk.hold(0);
      read(desk, 0, 29);
      expect(adopted(desk)).toEqual([]);
      read(desk, 0, 4);
      expect(adopted(desk)).toMatchObject([{ quantityLots: 0 }]);
    });

    it('remembers what was held before all parts of an order, however many there are', () => {
      const desk = new DeskUnderTest().active();
      const entry = desk.enter(0);
      desk.accept(entry);
      for (let part = 0; part < 150; part += 1) desk.fill(entry, entry.limitTicks ?? 0, 1);
      read(desk, 0, 20);
      expect([adopted(desk), desk.lots(0)]).toEqual([[], 150]);
    });

    it('takes a fill that is heard after its position was adopted for no reason to doubt the list', () => {
      const desk = new DeskUnderTest().active();
      const entry = desk.enter(0);
      desk.accept(entry);
      const fill = desk.makeFill(entry, entry.limitTicks ?? 0);
      desk.pass(2_000);
      read(desk, entry.quantityLots, 3);
      expect(desk.lots(0)).toBe(entry.quantityLots);
      desk.happen({ kind: 'fill', fill });
      expect(desk.lots(0)).toBe(2 * entry.quantityLots);
      read(desk, entry.quantityLots, 3);
      expect(desk.lots(0)).toBe(entry.quantityLots);
    });

    it('forgets after 15 s what was held, however many fills there have been since', () => {
      const desk = new DeskUnderTest().active();
      const entry = desk.enter(0);
      desk.accept(entry);
      for (let part = 0; part < 100; part += 1) desk.fill(entry, entry.limitTicks ?? 0, 1);
      desk.wait(20_000);
      for (let part = 0; part < 50; part += 1) desk.fill(entry, entry.limitTicks ?? 0, 1);
      read(desk, 50, 3);
      expect(adopted(desk)).toMatchObject([{ quantityLots: 50 }]);
    });

    it('doubts a list that is behind a fill from after the one that was adopted', () => {
      const desk = new DeskUnderTest().active();
      read(desk, 400, 2);
      expect(adopted(desk)).toMatchObject([{ quantityLots: 400 }]);
      const [stop] = desk.live('protective', 0);
      desk.accept(stop!);
      // Heard once it was adopted, and told to the second.
      const fill = { ...desk.makeFill(stop!, 9_400), marketMs: desk.marketMs - 400 };
      desk.happen({ kind: 'fill', fill });
      read(desk, 400, 6);
      expect([adopted(desk).length, desk.lots(0)]).toEqual([1, 0]);
    });

    it('doubts after a restart only lists of what was traded just before it', () => {
      const before = new DeskUnderTest().active();
      const { entry } = before.hold(0);
      before.wait(120_000);
      before.hold(1);
      const desk = new DeskUnderTest({}, 2, before.records);
      Object.assign(desk, { wallMs: before.wallMs + 1_000, marketMs: before.marketMs + 1_000 });
      desk.begin();
      for (let reading = 0; reading < 3; reading += 1) {
        for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
        desk.command({ name: 'reconcile' });
        desk.snapshot({ positions: [0, desk.lots(1)] });
        desk.pass(500);
      }
      expect(desk.lots(0)).toBe(0);
      expect(entry.quantityLots).toBeGreaterThan(0);
    });

    it('gives what it holds its stop after a restart, though the list does not show it yet', () => {
      const before = new DeskUnderTest().active();
      const entry = before.enter(0);
      before.accept(entry);
      const fill = before.makeFill(entry, entry.limitTicks ?? 0);
      const desk = new DeskUnderTest({}, 2, [...before.records, { type: 'fill', fill }]);
      Object.assign(desk, { wallMs: before.wallMs + 1_000, marketMs: before.marketMs + 1_000 });
      desk.begin();
      read(desk, 0, 1);
      expect(desk.lots(0)).toBe(entry.quantityLots);
      expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: entry.quantityLots }]);
    });

    it('believes at once what was never held', () => {
      const desk = new DeskUnderTest().active();
      const lots = desk.hold(0).entry.quantityLots;
      read(desk, lots - 1, 3);
      expect(adopted(desk)).toMatchObject([{ quantityLots: lots - 1 }]);
    });

    it.each([
      ['a second after the fill', 1_000, []],
      ['two minutes after it', 120_000, [{ quantityLots: 0 }]],
    ] as const)('waits after a restart %s', (_when, laterMs, expected) => {
      const before = new DeskUnderTest().active();
      before.hold(0);
      const desk = new DeskUnderTest({}, 2, before.records);
      desk.wallMs = before.wallMs + laterMs;
      desk.marketMs = before.marketMs + laterMs;
      desk.begin();
      read(desk, 0, 6);
      expect(adopted(desk)).toMatchObject(expected);
    });
  });

  it('finds out that a lot is missing, however long orders for it are refused meanwhile', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.fill(entry, entry.limitTicks ?? 0);
    const theirs = entry.quantityLots - 1;
    const venue = new SlowVenue(desk, theirs);
    for (let step = 0; step < 1_000 && desk.lots(0) !== theirs; step += 1) venue.pass(50);
    expect(desk.lots(0)).toBe(theirs);
    venue.pass(5_000);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: theirs }]);
  });

  it.each([
    ['below a long one', 500, { side: 'sell', stopTicks: 9_500 }],
    ['above a short one', -500, { side: 'buy', stopTicks: 10_500 }],
  ])('gives an adopted position a protective stop by the desk file, %s', (_where, held, stop) => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    desk.command({ name: 'reconcile' });
    desk.snapshot({ positions: [held, 0] });
    desk.pass(250);
    desk.snapshot({ positions: [held, 0] });
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: 500, ...stop }]);
  });

  it('waits for the fills of an order that the venue calls filled until a reading has come that lacks them', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    const filled = venueOrder(entry, entry.quantityLots, 'filled');
    for (let round = 0; round < 20; round += 1) {
      desk.happen({ kind: 'order.update', order: filled });
      desk.pass(3_000);
      desk.happen({ kind: 'order.lookup', clientId: entry.clientId, found: filled });
    }
    expect(desk.stateOf(entry)).not.toBe('expired');
    desk.snapshot({ fills: [desk.makeFill(entry, 10_000)] });
    expect([desk.live('entry', 0), desk.lots(0)]).toEqual([[], entry.quantityLots]);
  });

  it.each(['filled', 'partlyFilled'] as const)(
    'looks up an order whose fills are missing, however often the stream says %s',
    (state) => {
      const desk = new DeskUnderTest().active();
      const entry = desk.enter(0);
      desk.accept(entry);
      const order = venueOrder(entry, entry.quantityLots - (state === 'filled' ? 0 : 1), state);
      const lookups: string[] = [];
      for (let second = 0; second < 5; second += 1) {
        desk.happen({ kind: 'order.update', order });
        desk.pass(1_000);
        lookups.push(...desk.sent('lookup'));
      }
      expect(lookups).toContain(entry.clientId);
    },
  );

  it('looks up an order in time, though lookups of long ago fail meanwhile', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    const { clientId, quantityLots } = entry;
    const failed = { kind: 'order.lookupFailed', clientId, cause: 'no answer' } as const;
    for (let attempt = 0; attempt < 10; attempt += 1) desk.happen(failed);
    desk.happen({ kind: 'order.update', order: venueOrder(entry, quantityLots, 'filled') });
    desk.wait(1_000);
    desk.happen(failed);
    desk.pass(1_000);
    expect(desk.sent('lookup')).toEqual([clientId]);
  });

  it('asks for the missing fills of an order that is over at the venue, and sends it no cancel after cancel', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.command({ name: 'stop' });
    const filled = venueOrder(entry, entry.quantityLots, 'filled');
    const { clientId } = entry;
    const cancels: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      desk.happen({ kind: 'order.cancelRejected', clientId, code: '-2011', text: 'Unknown order sent.' });
      desk.happen({ kind: 'order.lookup', clientId, found: filled });
      cancels.push(...desk.sent('cancel'));
    }
    expect(cancels).toEqual([]);
    desk.snapshot({ positions: [entry.quantityLots, 0], fills: [desk.makeFill(entry, 10_000)] });
    expect([desk.live('entry', 0), desk.lots(0)]).toEqual([[], entry.quantityLots]);
  });

  it('does not believe a reading that something happened beside', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.command({ name: 'reconcile' });
    desk.fill(entry, 10_000);
    desk.snapshot({ positions: [0, 0] });
    expect(desk.lots(0)).toBe(entry.quantityLots);
    expect(desk.recorded('position.adopted')).toEqual([]);
  });

  it('applies fills that the stream lost', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.command({ name: 'reconcile' });
    const fill = desk.makeFill(entry, 10_000);
    desk.snapshot({ positions: [entry.quantityLots, 0], openOrders: [], fills: [fill] });
    expect(desk.lots(0)).toBe(entry.quantityLots);
    expect(desk.recorded('reconciled').at(-1)).toMatchObject({
      clean: true,
      differences: [{ what: 'fill' }],
    });
  });

  it('looks up an order of ours that rests nowhere', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.command({ name: 'reconcile' });
    desk.snapshot({ openOrders: [] });
    expect(desk.sent('lookup')).toEqual([entry.clientId]);
  });

  it.each([
    ['nearer', 9_694, []],
    ['farther', 7_594, ['fabc1232']],
  ])(
    'keeps the stop of a position that the journal has forgotten, too, if it is the %s one',
    (_, stopTicks, cancelled) => {
      const before = new DeskUnderTest().active();
      const { entry, stop } = before.hold(0);
      const fill = before.makeFill(entry, entry.limitTicks ?? 0);
      // Its own would be 5 % below 10,099.
      const desk = new DeskUnderTest().active();
      desk.command({ name: 'reconcile' });
      desk.snapshot({ fills: [fill], openOrders: [{ ...venueOrder(stop), stopTicks }] });
      expect(desk.sent('cancel')).toEqual(cancelled);
      expect(desk.live('protective', 0)).toMatchObject([{ clientId: stop.clientId, stopTicks }]);
      const again = new DeskUnderTest({}, 2, desk.records).begin();
      again.snapshot({ openOrders: cancelled.length === 0 ? [{ ...venueOrder(stop), stopTicks }] : [] });
      expect(again.sent('cancel')).toEqual([]);
    },
  );

  it('adopts a forgotten order of this journal, and takes it off the market while halted', () => {
    const desk = new DeskUnderTest().begin();
    desk.quote(0, 10_000);
    desk.snapshot({ openOrders: [venueOrder(strange('fabc123zz'))] });
    expect(desk.sent('cancel')).toEqual(['fabc123zz']);
  });

  it('takes a forgotten entry off in a desk that trades, too: no strategy would', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'reconcile' });
    desk.snapshot({ openOrders: [venueOrder(strange('fabc123zz'))] });
    expect(desk.engine.view.mode).toBe('ACTIVE');
    expect(desk.sent('cancel')).toEqual(['fabc123zz']);
  });

  it('lets only reducing orders leave while a stranger trades on the account, and arms nothing', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'reconcile' });
    desk.snapshot({ openOrders: [venueOrder(strange('somebody'))] });
    expect(desk.engine.view.mode).toBe('REDUCING');
    expect(desk.arm('person')).toMatchObject({ ok: false, code: 'not-reconciled' });
    desk.pass(1_000);
    desk.snapshot({ openOrders: [] });
    expect(desk.arm('person').ok).toBe(true);
  });

  it.each([
    [false, 'resumes by itself once every check is clean'],
    [true, 'a go-live that people approve: fermata go-live'],
  ])('says that somebody else’s order has to be cancelled first (real money: %s)', (goLiveRequired, then) => {
    const desk = new DeskUnderTest({ goLiveRequired }).begin();
    for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
    desk.snapshot({ openOrders: [venueOrder(strange('somebody'))] });
    const cancel = "a person cancels it in the venue's own app";
    const waits = () => desk.engine.whyNotTrading().filter(({ subject }) => subject === 'desk');
    expect(waits()).toContainEqual({
      subject: 'desk',
      reason: expect.stringContaining('the venue holds an order that is not ours (somebody '),
      waitsFor: `${cancel}, then ${then}`,
    });
    expect(waits()).toContainEqual({
      subject: 'desk',
      reason: expect.stringContaining("the venue holds what is not the desk's: BTC/USDT somebody "),
      waitsFor: cancel,
    });
    desk.pass(1_000);
    desk.snapshot({ openOrders: [] });
    expect(waits().map(({ waitsFor }) => waitsFor)).not.toContainEqual(expect.stringContaining(cancel));
  });

  it('tells of a stop that somebody has moved at the venue, once, and arms nothing until it is cancelled or put back', () => {
    const desk = new DeskUnderTest().active();
    const { stop } = desk.hold(0);
    const stopTicks = (stop.stopTicks ?? 0) - 500;
    const read = (openOrders: Parameters<DeskUnderTest['snapshot']>[0]) => {
      desk.quote(0, 10_100);
      desk.quote(1, 10_000);
      desk.pass(5_000);
      desk.command({ name: 'reconcile' });
      desk.snapshot(openOrders);
    };
    read({ openOrders: [venueOrder(stop)] });
    expect(desk.engine.view.mode).toBe('ACTIVE');
    const moved = { openOrders: [{ ...venueOrder(stop), stopTicks }] };
    read(moved);
    read(moved);
    const told = desk.recorded('note').filter(({ level }) => level === 'alarm');
    expect(told.map(({ text }) => text)).toEqual([
      expect.stringContaining(`the protective order ${stop.clientId} was changed at the venue`),
    ]);
    expect(desk.engine.view.mode).toBe('REDUCING');
    expect(desk.arm('person')).toMatchObject({
      code: 'not-reconciled',
      message: expect.stringContaining(`${stop.clientId}: its stop is`),
    });
    read({ openOrders: [venueOrder(stop)] });
    expect(desk.arm('person')).toMatchObject({ ok: true });
  });

  it('takes an entry off that somebody has given another price at the venue: no limit has judged that one', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.command({ name: 'reconcile' });
    desk.snapshot({ openOrders: [{ ...venueOrder(entry), limitTicks: (entry.limitTicks ?? 0) + 500 }] });
    expect(desk.engine.view.mode).toBe('REDUCING');
    expect(desk.sent('cancel')).toEqual([entry.clientId]);
    // It is on its way off, and no reading of it halts the desk again.
    desk.command({ name: 'reconcile' });
    desk.snapshot({ openOrders: [{ ...venueOrder(entry), limitTicks: (entry.limitTicks ?? 0) + 500 }] });
    expect(desk.recorded('reconciled').at(-1)).toMatchObject({ clean: true, differences: [] });
  });

  it('leaves the exits for as long as an order of somebody else rests', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'reconcile' });
    for (let second = 0; second < 240; second += 1) {
      desk.snapshot({ openOrders: [venueOrder(strange('somebody'))] });
      for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
      desk.pass(1_000);
    }
    expect(desk.engine.view.mode).toBe('REDUCING');
  });

  describe('of an order that somebody has changed at the venue', () => {
    const FUTURE = { ...FUTURES, reduceOnly: false };
    const read = (desk: DeskUnderTest, changed: OrderIntent, change: object) => {
      desk.command({ name: 'reconcile' });
      const listed = desk.engine.view.orders.map((order) => venueOrder(order, order.filledLots));
      const is = ({ clientId }: { readonly clientId: string }) => clientId === changed.clientId;
      desk.snapshot({ openOrders: listed.map((order) => (is(order) ? { ...order, ...change } : order)) });
    };
    const alarms = (desk: DeskUnderTest) =>
      desk.recorded('note').flatMap(({ level, text }) => (level === 'alarm' ? [text] : []));

    it.each([
      [{ type: 'limit', stopTicks: null, limitTicks: 5_000 } as const, 'its stop is none'],
      [{ quantityLots: 1_000_000 }, 'it is for '],
    ])('takes a stop off that is none any more or closes more (%o), and sends its own', (change, what) => {
      const desk = new DeskUnderTest({ capabilities: FUTURE }).active();
      const { stop } = desk.hold(0);
      read(desk, stop, change);
      expect(desk.sent('cancel')).toEqual([stop.clientId]);
      expect(alarms(desk)).toEqual([expect.stringContaining('was changed at the venue, not by the desk')]);
      expect(alarms(desk)[0]).toContain(what);
      expect(desk.engine.view.mode).toBe('REDUCING');
      desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
      const { stopTicks, quantityLots } = stop;
      expect(desk.sent('submit')).toMatchObject([{ purpose: 'protective', stopTicks, quantityLots }]);
    });

    it('takes an entry off that no limit has judged as it is', () => {
      const desk = new DeskUnderTest({ capabilities: FUTURE }).active();
      const entry = desk.enter(0);
      desk.accept(entry);
      read(desk, entry, { quantityLots: entry.quantityLots + 1 });
      expect(desk.sent('cancel')).toEqual([entry.clientId]);
    });

    it('reads the account at once when the venue tells of it', () => {
      const desk = new DeskUnderTest({ capabilities: FUTURE }).active();
      const { stop } = desk.hold(0);
      desk.snapshot();
      desk.happen({ kind: 'order.update', order: venueOrder(stop) });
      expect(desk.effects).toEqual([]);
      desk.happen({ kind: 'order.update', order: { ...venueOrder(stop), stopTicks: 5_000 } });
      expect(desk.effects.map(({ kind }) => kind)).toEqual(['requestSnapshot']);
    });

    it('believes no list that is older than the last change, nor one of more lots where orders are made smaller', () => {
      const desk = new DeskUnderTest({ capabilities: FUTURE }).active();
      const { stop } = desk.hold(0);
      desk.command({ name: 'reconcile' });
      desk.happen({ kind: 'order.update', order: { ...venueOrder(stop), venueId: 'another' } });
      desk.snapshot({ openOrders: [{ ...venueOrder(stop), stopTicks: 5_000 }] });
      expect(alarms(desk)).toEqual([]);
      read(desk, stop, { stopTicks: 5_000 });
      expect(alarms(desk)).toHaveLength(1);
      const amending = new DeskUnderTest({ capabilities: { ...FUTURE, amends: true } }).active();
      const held = amending.hold(0).stop;
      read(amending, held, { quantityLots: held.quantityLots + 1 });
      expect(alarms(amending)).toEqual([]);
    });
  });

  it('is asked again when the venue does not answer, and ignores an answer to an older question', () => {
    const desk = new DeskUnderTest().begin();
    desk.pass(2_000);
    expect(desk.engine.view.reconciliation.state).toBe('failed');
    const asked = desk.pass(200).filter(({ kind }) => kind === 'requestSnapshot');
    expect(asked).toHaveLength(1);
    desk.happen({
      kind: 'venue.snapshot',
      snapshot: { requestId: 1, positions: [], openOrders: [], fills: [], cash: null },
    });
    expect(desk.engine.view.reconciliation.state).not.toBe('clean');
  });
});
