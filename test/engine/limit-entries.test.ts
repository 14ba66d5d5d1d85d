import { describe, expect, it } from 'vitest';
import type { LimitEntry } from '../../src/engine/strategies/strategy.js';
import { FUTURES } from '../support/engine-config.js';
import { DeskUnderTest, venueOrder } from './support/desk.js';
import { entriesInTurn, oneEntry } from './support/one-entry.js';

type Changes = ConstructorParameters<typeof DeskUnderTest>[0];
const ABLE = { ...FUTURES, postOnly: true, fillOrKill: true };

/** The bid is 10,000 and the ask 10,002. */
function asked(wish: Partial<LimitEntry> = {}, changes: Changes = {}) {
  const desk = new DeskUnderTest(
    { capabilities: ABLE, strategies: [oneEntry(wish)], ...changes },
    1,
  ).active();
  desk.bar(0, 10_000);
  return desk;
}

const denials = (desk: DeskUnderTest) => desk.recorded('order.denied');

describe('a limit entry without terms', () => {
  it('has none of their members', () => {
    const [entry] = asked().live('entry', 0);
    expect(entry).toMatchObject({ type: 'limit', timeInForce: 'GTC' });
    expect(entry).not.toHaveProperty('postOnly');
    expect(entry).not.toHaveProperty('untilMs');
  });
});

describe('a post-only entry', () => {
  it('is sent as such, and refused at a price that would take', () => {
    expect(asked({ postOnly: true, limitTicks: 10_001 }).live('entry', 0)).toMatchObject([
      { postOnly: true },
    ]);
    expect(denials(asked({ postOnly: true, limitTicks: 10_002 }))).toMatchObject([
      { limit: 'post-only', reason: 'it would be filled at once, and is post-only: the ask is 100.02' },
    ]);
    const sale = { side: 'sell', protectTicks: 10_200, postOnly: true } as const;
    expect(asked({ ...sale, limitTicks: 10_001 }).live('entry', 0)).toHaveLength(1);
    expect(denials(asked({ ...sale, limitTicks: 10_000 }))).toMatchObject([
      { reason: expect.stringContaining('the bid is 100.00') },
    ]);
  });

  it('is refused at a venue that takes none, and where it may not rest', () => {
    const wish = { postOnly: true, limitTicks: 9_990 } as const;
    expect(denials(asked(wish, { capabilities: FUTURES }))).toMatchObject([
      { limit: 'post-only', reason: expect.stringContaining('futures takes no post-only entries') },
    ]);
    expect(denials(asked({ ...wish, timeInForce: 'IOC' }))).toMatchObject([
      { limit: 'post-only', reason: 'only a limit entry that rests can be post-only' },
    ]);
  });

  it('that the market met on its way is told as what it is: no fault, no halt, and the next one may follow', () => {
    const wish = { postOnly: true, limitTicks: 9_990 };
    const desk = new DeskUnderTest(
      { capabilities: ABLE, strategies: [entriesInTurn([wish, wish])] },
      1,
    ).active();
    desk.bar(0, 10_000);
    const [entry] = desk.live('entry', 0);
    const text = 'Order would immediately match and take.';
    desk.happen({ kind: 'order.rejected', clientId: entry!.clientId, code: '-2010', text, wouldTake: true });
    expect(desk.recorded('order.state').at(-1)).toMatchObject({
      ...{ state: 'rejected', reason: `post-only, and would have been filled at once (-2010: ${text})` },
    });
    expect(desk.recorded('note').filter(({ level }) => level !== 'info')).toEqual([]);
    expect(desk.recorded('note').at(-1)).toMatchObject({
      text: 'a post-only entry was not made: it would have been filled at once',
    });
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', entriesWorking: 0 });
    desk.bar(0, 10_000);
    expect(desk.live('entry', 0)).toHaveLength(1);
  });
});

describe('a limit entry that is done at once', () => {
  it('says so to the venue, and is refused where the venue does not know it', () => {
    expect(asked({ timeInForce: 'IOC', limitTicks: 10_005 }).live('entry', 0)).toMatchObject([
      { type: 'limit', limitTicks: 10_005, timeInForce: 'IOC' },
    ]);
    expect(asked({ timeInForce: 'FOK' }).live('entry', 0)).toMatchObject([{ timeInForce: 'FOK' }]);
    const unable = { capabilities: FUTURES };
    expect(asked({ timeInForce: 'IOC' }, unable).live('entry', 0)).toHaveLength(1);
    expect(denials(asked({ timeInForce: 'FOK' }, unable))).toMatchObject([
      { limit: 'fill-or-kill', reason: expect.stringContaining('futures takes no entry of this kind') },
    ]);
  });

  it.each(['IOC', 'FOK'] as const)(
    'with %s is looked up where no end of it is heard, and cancelled at the next bar',
    (timeInForce) => {
      const desk = asked({ timeInForce, restBars: 99 });
      const [entry] = desk.live('entry', 0);
      desk.accept(entry!);
      desk.pass(desk.config.closeAll.answerTimeoutMs);
      expect(desk.sent('lookup')).toEqual([entry!.clientId]);
      desk.bar(0, 10_000);
      expect(desk.sent('cancel')).toEqual([entry!.clientId]);
    },
  );

  it('protects the part that it got', () => {
    const desk = asked({ timeInForce: 'IOC', limitTicks: 10_005 });
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    const part = Math.floor(entry!.quantityLots / 2);
    desk.fill(entry!, 10_002, part);
    desk.happen({ kind: 'order.update', order: { ...venueOrder(entry!, part), state: 'expired' } });
    expect(desk.live('entry', 0)).toEqual([]);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: part }]);
  });
});

describe('a limit entry that rests until a time', () => {
  it('is cancelled at that time, however many bars it had left', () => {
    const untilMs = asked().marketMs + 2_000;
    const desk = asked({ untilMs, restBars: 99 });
    const [entry] = desk.live('entry', 0);
    expect(entry).toMatchObject({ timeInForce: 'GTC', untilMs });
    desk.accept(entry!);
    desk.pass(untilMs - 1 - desk.marketMs);
    expect(desk.sent('cancel')).toEqual([]);
    desk.pass(1);
    expect(desk.sent('cancel')).toEqual([entry!.clientId]);
    expect(desk.recorded('order.state').at(-1)).toMatchObject({
      ...{ state: 'cancelling', reason: 'the time until which it may rest is over' },
    });
  });

  it('is known to end then after a restart, too', () => {
    const untilMs = asked().marketMs + 2_000;
    const desk = asked({ untilMs, restBars: 99 });
    desk.accept(desk.live('entry', 0)[0]!);
    const again = new DeskUnderTest({ capabilities: ABLE }, 1, desk.records);
    expect(again.engine.stateHash()).toBe(desk.engine.stateHash());
    expect(again.live('entry', 0)).toMatchObject([{ untilMs }]);
  });

  it('is refused once that is over, and for a session that never ends', () => {
    expect(denials(asked({ untilMs: 1 }))).toMatchObject([
      { limit: 'time-in-force', reason: 'the time until which this entry may rest is over' },
    ]);
    expect(denials(asked({ day: true }))).toMatchObject([
      { limit: 'time-in-force', reason: expect.stringContaining('this one never does') },
    ]);
  });
});
