/** What every venue behind the port does, whatever it is made of. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fill, OrderIntent } from '../../src/domain/order.js';
import { capabilitiesIn } from '../../src/domain/order-bounds.js';
import { TRADED_VENUES } from '../../src/venue/registry.js';
import { approved } from '../support/approved-order.js';
import { eventually } from '../support/eventually.js';
import { SUBJECTS, type Subject } from './subjects.js';

describe.each(SUBJECTS)('$name', (kind) => {
  const { open, can, lots: LOTS, startTicks: START, stepTicks: STEP } = kind;
  /** A test of what only some can. */
  const itCan = (what: boolean, title: string, test: () => Promise<void>) => {
    if (what) it(title, test);
  };
  let subject: Subject;
  beforeEach(async () => {
    subject = await open();
    await eventually(async () => expect((await subject.venue.balances()).cash).toBeGreaterThan(0));
    if (subject.venue.capabilities.name !== 'paper') {
      await eventually(() =>
        expect(subject.events).toContainEqual(expect.objectContaining({ kind: 'health', state: 'up' })),
      );
    }
  });
  afterEach(() => subject.close());

  const fills = (): Fill[] => subject.events.flatMap((event) => (event.kind === 'fill' ? [event.fill] : []));
  const filledLots = (clientId: string): number =>
    fills()
      .filter((fill) => fill.clientId === clientId)
      .reduce((sum, fill) => sum + fill.quantityLots, 0);
  const held = async (): Promise<number> =>
    (await subject.venue.positions()).find(({ instrument }) => instrument === 0)?.quantityLots ?? 0;

  async function bought(lots = LOTS): Promise<number> {
    const entry = order({ quantityLots: lots });
    expect((await subject.venue.submit(entry)).kind).toBe('accepted');
    await eventually(() => expect(filledLots(entry.clientId)).toBe(lots));
    return held();
  }

  const order = (part: Partial<OrderIntent> = {}) => approved({ quantityLots: LOTS, ...part });
  const resting = (part: Partial<OrderIntent> = {}) =>
    order({ type: 'limit', limitTicks: START - 5 * STEP, ...part });

  it('says what it can and cannot do, and what it trades', () => {
    const { capabilities, instruments } = subject.venue;
    const [instrument] = instruments;
    if (instrument === undefined) throw new Error('it trades nothing');
    expect(capabilitiesIn(capabilities, instrument)).toMatchObject(can);
    expect(instruments.map(({ symbol }) => symbol)).toEqual(kind.symbols);
    // By these a desk file is judged before a venue is open.
    const { live } = TRADED_VENUES.find(({ name }) => name === capabilities.name) ?? {};
    for (const one of live === undefined ? [] : instruments)
      expect(capabilitiesIn(capabilities, one)).toMatchObject(live?.takes[one.kind]?.can ?? {});
    const { amendQuantity, replace } = subject.venue;
    expect([amendQuantity !== undefined, replace !== undefined]).toEqual([can.amends, can.replaces]);
  });

  it('has a clock', async () => {
    expect(Math.abs((await subject.venue.serverTime()) - subject.nowMs())).toBeLessThan(30_000);
  });

  it('fills a market order, and position and cash follow from its fills', async () => {
    const before = Number((await subject.venue.balances()).cash);
    const position = await bought();
    const own = fills();
    const [instrument] = subject.venue.instruments;
    if (instrument === undefined) throw new Error('it trades nothing');
    const kept =
      own.reduce((sum, { feeIn }) => sum + Number(feeIn?.amount ?? 0), 0) / Number(instrument.lotSize);
    expect(position).toBe(Math.floor(LOTS - kept + 1e-6));
    expect((await subject.venue.balances()).cash).toBe(before + kind.cashOf(own, instrument));
    expect(own.every(({ fee, side, simulated }) => fee > 0 && side === 'buy' && simulated)).toBe(true);
  });

  it('rests a limit order, shows it among the open ones and by its client id', async () => {
    const wanted = resting();
    expect((await subject.venue.submit(wanted)).kind).toBe('accepted');
    const expected = {
      clientId: wanted.clientId,
      state: 'working',
      side: 'buy',
      type: 'limit',
      quantityLots: LOTS,
      limitTicks: START - 5 * STEP,
      filledLots: 0,
    };
    expect(await subject.venue.openOrders()).toMatchObject([expected]);
    expect(await subject.venue.orderByClientId(wanted.clientId, 0)).toMatchObject(expected);
  });

  it('answers null for an order that it never had', async () => {
    expect(await subject.venue.orderByClientId('fnever01', 0)).toBeNull();
  });

  it('cancels an open order once; a second time there is nothing open', async () => {
    const wanted = resting();
    await subject.venue.submit(wanted);
    expect(await subject.venue.cancel(wanted.clientId, 0)).toEqual({ kind: 'cancelled' });
    expect((await subject.venue.cancel(wanted.clientId, 0)).kind).toBe('notOpen');
    expect(await subject.venue.openOrders()).toEqual([]);
    expect(await subject.venue.orderByClientId(wanted.clientId, 0)).toMatchObject({ state: 'cancelled' });
  });

  it('has nothing open to cancel for an id that it never had', async () => {
    expect((await subject.venue.cancel('fnever02', 0)).kind).toBe('notOpen');
  });

  it('never makes two orders of one client id', async () => {
    const wanted = resting();
    await subject.venue.submit(wanted);
    expect((await subject.venue.submit(wanted)).kind).not.toBe('accepted');
    expect(await subject.venue.openOrders()).toHaveLength(1);
  });

  it('fills a resting order when the price comes to it', async () => {
    const wanted = resting();
    await subject.venue.submit(wanted);
    // An order rests from the next moment of the market on; a jump before that would meet it as it arrives.
    const sentMs = subject.nowMs();
    await eventually(() => expect(subject.nowMs()).toBeGreaterThan(sentMs));
    subject.setPrice(START - 6 * STEP);
    await eventually(() => expect(filledLots(wanted.clientId)).toBe(LOTS));
    expect(fills()[0]).toMatchObject({ priceTicks: START - 5 * STEP, liquidity: 'maker' });
    expect(await subject.venue.openOrders()).toEqual([]);
  });

  itCan(
    can.postOnly === true,
    'rests a post-only order, and refuses one that would be filled at once',
    async () => {
      const wanted = resting({ postOnly: true });
      expect((await subject.venue.submit(wanted)).kind).toBe('accepted');
      expect(await subject.venue.openOrders()).toMatchObject([
        { type: 'limit', limitTicks: START - 5 * STEP },
      ]);
      const taking = order({ type: 'limit', limitTicks: START + STEP, postOnly: true });
      expect(await subject.venue.submit(taking)).toMatchObject({
        ...{ kind: 'rejected', code: '-2010', wouldTake: true },
        text: 'Order would immediately match and take.',
      });
      expect(await subject.venue.orderByClientId(taking.clientId, 0)).toBeNull();
      expect(filledLots(taking.clientId)).toBe(0);
    },
  );

  itCan(can.postOnly !== true, 'sends no post-only order at all', async () => {
    const outcome = await subject.venue.submit(resting({ postOnly: true }));
    expect(outcome).toMatchObject({ kind: 'rejected', code: 'NOT_SENT' });
    expect(await subject.venue.openOrders()).toEqual([]);
  });

  it('fills a limit order that may not rest at once, and ends one that the price is not at', async () => {
    const taking = order({ type: 'limit', limitTicks: START + STEP, timeInForce: 'IOC' });
    expect((await subject.venue.submit(taking)).kind).toBe('accepted');
    await eventually(() => expect(filledLots(taking.clientId)).toBe(LOTS));
    const beside = order({ type: 'limit', limitTicks: START - STEP, timeInForce: 'IOC' });
    expect((await subject.venue.submit(beside)).kind).toBe('accepted');
    await eventually(async () => expect(await subject.venue.openOrders()).toEqual([]));
    expect(filledLots(beside.clientId)).toBe(0);
  });

  itCan(can.fillOrKill === true, 'fills an order whole at once, or not at all', async () => {
    const whole = { type: 'limit', timeInForce: 'FOK' } as const;
    const taking = order({ ...whole, limitTicks: START + STEP });
    expect((await subject.venue.submit(taking)).kind).toBe('accepted');
    await eventually(() => expect(filledLots(taking.clientId)).toBe(LOTS));
    const beside = order({ ...whole, limitTicks: START - STEP });
    expect((await subject.venue.submit(beside)).kind).toBe('accepted');
    await eventually(async () =>
      expect(await subject.venue.orderByClientId(beside.clientId, 0)).toMatchObject({
        ...{ state: 'expired', filledLots: 0 },
      }),
    );
  });

  it('holds a protective stop, which locks what it would sell where the venue does so, and sells when the price falls to it', async () => {
    const position = await bought();
    const stop = approved({
      purpose: 'protective',
      side: 'sell',
      type: 'stop',
      quantityLots: position,
      stopTicks: START - STEP,
    });
    expect((await subject.venue.submit(stop)).kind).toBe('accepted');
    expect(await subject.venue.openOrders()).toMatchObject([{ type: 'stop', stopTicks: START - STEP }]);
    const close = approved({ purpose: 'close', side: 'sell', quantityLots: position });
    if (can.stopLocksBalance) expect((await subject.venue.submit(close)).kind).toBe('rejected');
    subject.setPrice(START - 2 * STEP);
    await eventually(() => expect(filledLots(stop.clientId)).toBe(position));
    expect(await held()).toBe(0);
  });

  it('holds an entry by a stop until the price reaches its trigger, and fills it no worse than it takes', async () => {
    const [stopTicks, limitTicks] = [START + STEP, START + 2 * STEP];
    const entry = order({ type: 'stop', stopTicks, limitTicks });
    expect((await subject.venue.submit(entry)).kind).toBe('accepted');
    const rests = { type: 'stop', side: 'buy', state: 'working', filledLots: 0, stopTicks, limitTicks };
    expect(await subject.venue.openOrders()).toMatchObject([rests]);
    subject.setPrice(START + STEP + STEP / 2);
    await eventually(() => expect(filledLots(entry.clientId)).toBe(LOTS));
    for (const { priceTicks } of fills()) {
      expect(priceTicks).toBeGreaterThanOrEqual(stopTicks);
      expect(priceTicks).toBeLessThanOrEqual(limitTicks);
    }
    const ended = await subject.venue.orderByClientId(entry.clientId, 0);
    expect(ended).toMatchObject({ type: 'stop', state: 'filled', stopTicks, limitTicks });
  });

  itCan(kind.refusesPassedStops, 'refuses an entry by a stop that the market has passed', async () => {
    const passed = order({ type: 'stop', stopTicks: START - STEP, limitTicks: START + STEP });
    expect(await subject.venue.submit(passed)).toMatchObject({ kind: 'rejected', wouldTrigger: true });
  });

  itCan(!kind.refusesPassedStops, 'carries out an entry by a stop that the market has passed', async () => {
    const passed = order({ type: 'stop', stopTicks: START - STEP, limitTicks: START + STEP });
    expect((await subject.venue.submit(passed)).kind).toBe('accepted');
    await eventually(() => expect(filledLots(passed.clientId)).toBe(LOTS));
  });

  it('takes nothing of a gap past the worst price of an entry by a stop until the price is back', async () => {
    const [stopTicks, limitTicks] = [START + STEP, START + 2 * STEP];
    const entry = order({ type: 'stop', stopTicks, limitTicks });
    expect((await subject.venue.submit(entry)).kind).toBe('accepted');
    const sentMs = subject.nowMs();
    await eventually(() => expect(subject.nowMs()).toBeGreaterThan(sentMs));
    subject.setPrice(START + 3 * STEP);
    expect(await subject.venue.openOrders()).toMatchObject([
      { clientId: entry.clientId, state: 'working', filledLots: 0, stopTicks, limitTicks },
    ]);
    subject.setPrice(START + STEP + STEP / 2);
    await eventually(() => expect(filledLots(entry.clientId)).toBe(LOTS));
    expect(fills().every(({ priceTicks }) => priceTicks === limitTicks)).toBe(true);
  });

  async function protectedBy(stopTicks: number): Promise<{ position: number; stop: OrderIntent }> {
    const position = await bought();
    const stop = approved({
      ...{ purpose: 'protective', side: 'sell', type: 'stop' },
      ...{ quantityLots: position, stopTicks },
    });
    expect((await subject.venue.submit(stop)).kind).toBe('accepted');
    return { position, stop };
  }
  const another = (stop: OrderIntent, part: Partial<OrderIntent>) => {
    const { clientId: _old, ...terms } = stop;
    return approved({ ...terms, ...part });
  };

  itCan(can.amends, 'makes a stop smaller in place, and never larger', async () => {
    const { position, stop } = await protectedBy(START - STEP);
    const fewer = position - 300;
    const amend = (lots: number) => subject.venue.amendQuantity?.(stop.clientId, 0, lots);
    expect(await amend(position + 1)).toMatchObject({ kind: 'rejected', code: '-2038' });
    expect(await amend(position)).toMatchObject({ kind: 'rejected', code: '-2038' });
    expect(await amend(1)).toMatchObject({ kind: 'rejected', code: '-1013' });
    expect(await amend(fewer)).toEqual({ kind: 'amended', quantityLots: fewer });
    expect(await subject.venue.openOrders()).toMatchObject([
      { clientId: stop.clientId, quantityLots: fewer },
    ]);
    expect((await subject.venue.submit(approved({ side: 'sell', quantityLots: 300 }))).kind).toBe('accepted');
    subject.setPrice(START - 2 * STEP);
    await eventually(() => expect(filledLots(stop.clientId)).toBe(fewer));
    expect(await amend(fewer - 100)).toMatchObject({ kind: 'notOpen' });
  });

  itCan(can.replaces, 'exchanges a stop for another in one request', async () => {
    const { position, stop } = await protectedBy(START - STEP);
    const next = another(stop, { stopTicks: START - 2 * STEP });
    expect(await subject.venue.replace?.(stop.clientId, next)).toMatchObject({ kind: 'replaced' });
    expect(await subject.venue.openOrders()).toMatchObject([
      { clientId: next.clientId, quantityLots: position, stopTicks: START - 2 * STEP },
    ]);
    expect(await subject.venue.orderByClientId(stop.clientId, 0)).toMatchObject({ state: 'cancelled' });
    const third = another(stop, { stopTicks: START - 3 * STEP });
    expect(await subject.venue.replace?.(stop.clientId, third)).toMatchObject({ kind: 'notOpen' });
    expect(await subject.venue.orderByClientId(third.clientId, 0)).toBeNull();
  });

  itCan(
    can.replaces,
    'leaves the old stop alone where a filter refuses the new one, and not where the account or the market does',
    async () => {
      const { position, stop } = await protectedBy(START - STEP);
      expect(await subject.venue.replace?.(stop.clientId, another(stop, { quantityLots: 1 }))).toMatchObject({
        kind: 'rejected',
        code: '-1013',
      });
      expect(await subject.venue.openOrders()).toMatchObject([{ clientId: stop.clientId }]);
      const tooMuch = another(stop, { quantityLots: position + 1000 });
      expect(await subject.venue.replace?.(stop.clientId, tooMuch)).toMatchObject({ kind: 'cancelledOnly' });
      expect(await subject.venue.openOrders()).toEqual([]);
      const again = another(stop, {});
      expect((await subject.venue.submit(again)).kind).toBe('accepted');
      const passed = another(stop, { stopTicks: START + STEP });
      expect(await subject.venue.replace?.(again.clientId, passed)).toMatchObject({
        kind: 'cancelledOnly',
        wouldTrigger: true,
      });
      expect(await subject.venue.openOrders()).toEqual([]);
    },
  );

  it('closes a protected position by cancel, then sell', async () => {
    const position = await bought();
    const stop = approved({
      purpose: 'protective',
      side: 'sell',
      type: 'stop',
      quantityLots: position,
      stopTicks: START - STEP,
    });
    await subject.venue.submit(stop);
    expect(await subject.venue.cancel(stop.clientId, 0)).toEqual({ kind: 'cancelled' });
    const close = approved({ purpose: 'close', side: 'sell', quantityLots: position });
    expect((await subject.venue.submit(close)).kind).toBe('accepted');
    await eventually(() => expect(filledLots(close.clientId)).toBe(position));
    expect(await held()).toBe(0);
  });

  itCan(can.shorting, 'sells what it does not hold, and holds a stop above it', async () => {
    const entry = order({ side: 'sell' });
    expect((await subject.venue.submit(entry)).kind).toBe('accepted');
    await eventually(async () => expect(await held()).toBe(-LOTS));
    const stop = order({ purpose: 'protective', type: 'stop', stopTicks: START + STEP });
    expect((await subject.venue.submit(stop)).kind).toBe('accepted');
    subject.setPrice(START + 2 * STEP);
    await eventually(() => expect(filledLots(stop.clientId)).toBe(LOTS));
    await eventually(async () => expect(await held()).toBe(0));
  });

  itCan(can.linksOrders, 'links a stop with a target: who fills the one has ended the other', async () => {
    const lots = await bought();
    const part = { quantityLots: lots, side: 'sell', group: 'flinked' } as const;
    const stop = approved({ ...part, purpose: 'protective', type: 'stop', stopTicks: START - STEP });
    const target = approved({ ...part, purpose: 'exit', type: 'limit', limitTicks: START + STEP });
    for (const child of [stop, target]) expect((await subject.venue.submit(child)).kind).toBe('accepted');
    expect(await subject.venue.openOrders()).toMatchObject([{ group: 'flinked' }, { group: 'flinked' }]);
    subject.setPrice(START + 2 * STEP);
    await eventually(() => expect(filledLots(target.clientId)).toBe(lots));
    await eventually(async () => expect(await subject.venue.openOrders()).toEqual([]));
    subject.setPrice(START - 2 * STEP);
    expect(await subject.venue.orderByClientId(stop.clientId, 0)).toMatchObject({
      ...{ state: 'cancelled', filledLots: 0 },
    });
    expect(await held()).toBe(0);
  });

  it('rejects what can’t be paid or is too small, and then has no such order', async () => {
    const refused = [order({ quantityLots: kind.tooManyLots }), resting({ quantityLots: kind.tooFewLots })];
    if (!can.shorting) refused.push(order({ side: 'sell' }));
    for (const wanted of refused) {
      expect((await subject.venue.submit(wanted)).kind).toBe('rejected');
      const known = await subject.venue.orderByClientId(wanted.clientId, 0);
      expect(known?.state ?? 'rejected').toBe('rejected');
    }
    expect(await subject.venue.openOrders()).toEqual([]);
  });

  it('gives the fills since a time, oldest first, the same as it delivered', async () => {
    const [first, second] = [LOTS, 2 * LOTS];
    await bought(first);
    const { datesFillsByMs: each } = kind;
    const between = (Math.floor(subject.nowMs() / each) + 1) * each;
    await eventually(() => expect(subject.nowMs()).toBeGreaterThan(between));
    await bought(second);
    const all = await subject.venue.fillsSince(0);
    expect(all).toEqual(fills());
    const late = await subject.venue.fillsSince(between);
    expect(late.reduce((sum, { quantityLots }) => sum + quantityLots, 0)).toBe(second);
    expect(await subject.venue.fillsSince(subject.nowMs() + 60_000)).toEqual([]);
  });

  it('is closed twice without complaint', async () => {
    await subject.venue.close();
    await subject.venue.close();
  });
});
