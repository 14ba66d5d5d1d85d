import { describe, expect, it } from 'vitest';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import type { GoLiveGrant } from '../../src/domain/go-live-terms.js';
import { scriptedStatus } from '../support/trader-status.js';
import { ALLOWED, PRICE, watchedDesk } from './watched-desk.js';

describe('limits, looked at from outside', () => {
  it('stop a desk whose position grew past its size', async () => {
    const { look } = watchedDesk();
    await look({ lots: {}, price: PRICE });
    const large = { 'BTC/USDT': 4_000 };
    expect(await look({ lots: large, price: PRICE })).toBeNull();
    expect(await look({ lots: large, price: PRICE })).toMatch(
      /BTC\/USDT is worth 2000.00, 1000.00 are allowed/,
    );
  });

  it('let a desk trade on whose people have seen what is past its limit, until it grows further', async () => {
    const { look, trader } = watchedDesk();
    await look({ lots: {}, price: PRICE });
    const large = { lots: { 'BTC/USDT': 4_000 }, price: PRICE };
    for (let looks = 0; looks < 3; looks += 1) await look(large);
    trader.halts = [];
    trader.mode = 'ACTIVE';
    for (let looks = 0; looks < 3; looks += 1) expect(await look(large)).toBeNull();
    const larger = { lots: { 'BTC/USDT': 5_000 }, price: PRICE };
    await look(larger);
    expect(await look(larger)).toContain('BTC/USDT is worth 2500.00');
    expect(trader.sent('halt')).toHaveLength(2);
  });

  it('say amounts of a coin with the places that the trader’s own have', async () => {
    const { look } = watchedDesk();
    const says = { currency: 'BTC', cash: '9999.00000000', equity: '9999.00000000' };
    const large = { lots: { 'BTC/USDT': 4_000 }, price: PRICE, cash: 9_999, says };
    await look({ ...large, lots: {} });
    const lots = { ...large, says: { ...says, cash: '7999.00000000' } };
    await look(lots);
    expect(await look(lots)).toMatch(/BTC\/USDT is worth 2000.00000000, 999.90000000 are allowed/);
  });

  it('stop a desk that holds more positions than it may, counted with the size that people chose', async () => {
    const { look } = watchedDesk();
    const half = {
      settings: { version: 1, changed: { 'risk.maxConcurrentPositions': 1 }, fileConfigHash: 'x' },
    };
    await look({ lots: { 'BTC/USDT': 1_000 }, price: PRICE, says: half });
    const both = { 'BTC/USDT': 1_000, 'ETH/USDT': 100 };
    await look({ lots: both, price: PRICE, says: half });
    expect(await look({ lots: both, price: PRICE, says: half })).toMatch(
      /2 positions are open, at most 1 may be/,
    );
  });

  it('do not blame a position for a price that rose or a limit that was lowered', async () => {
    const { look, trader } = watchedDesk();
    await look({ lots: ALLOWED, price: PRICE });
    await look({ lots: ALLOWED, price: PRICE * 1.4 });
    await look({ lots: ALLOWED, price: PRICE * 1.4 });
    const lowered = { sizePct: 10 };
    await look({ lots: ALLOWED, price: PRICE, says: lowered });
    await look({ lots: ALLOWED, price: PRICE, says: lowered });
    expect(trader.sent('halt')).toEqual([]);
  });

  it('do not blame the net of trades against each other for a side that was closed under a lower limit', async () => {
    const { look, trader } = watchedDesk();
    const [position] = scriptedStatus().positions;
    const part = { ...position!.trade!, protection: 'confirmed', stopPrice: '1' } as const;
    const up = { ...part, strategy: 'up', side: 'long', quantity: '0.02000' } as const;
    const down = { ...part, strategy: 'down', side: 'short', quantity: '0.01000' } as const;
    const says = (lots: number, parts: NonNullable<TraderStatus['positions'][number]['parts']>) => ({
      sizePct: 10,
      positions: [{ ...position!, side: 'long', quantity: (lots / 100_000).toFixed(5), parts } as const],
    });
    const [net, side] = [1_000, 2_000];
    for (let looks = 0; looks < 3; looks += 1)
      await look({ lots: { 'BTC/USDT': net }, price: PRICE, says: says(net, [up, down]) });
    for (let looks = 0; looks < 3; looks += 1)
      await look({ lots: { 'BTC/USDT': side }, price: PRICE, says: says(side, [up]) });
    expect(trader.sent('halt')).toEqual([]);
    const more = { ...up, quantity: '0.02001' };
    const grown = { lots: { 'BTC/USDT': 2_001 }, price: PRICE, says: says(2_001, [more]) };
    await look(grown);
    expect(await look(grown)).toMatch(/BTC\/USDT is worth/);
  });

  it('do not blame what grew while the limits went up and down between two looks', async () => {
    const { look, trader } = watchedDesk();
    const settings = (version: number) => ({
      settings: { version, changed: { 'risk.maxPositionSizePct': 5 }, fileConfigHash: 'x' },
    });
    await look({ lots: {}, price: PRICE, says: settings(1) });
    for (let looks = 0; looks < 3; looks += 1) await look({ lots: ALLOWED, price: PRICE, says: settings(3) });
    expect(trader.sent('halt')).toEqual([]);
    const more = { 'BTC/USDT': 2_001 };
    await look({ lots: more, price: PRICE, says: settings(3) });
    expect(await look({ lots: more, price: PRICE, says: settings(3) })).toMatch(/500.00 are allowed/);
  });

  it('do not blame an entry that fills although it was to be cancelled when a limit was lowered', async () => {
    const { look, trader } = watchedDesk();
    const lowered = { sizePct: 10 };
    const entry = { clientId: 'a', purpose: 'entry', symbol: 'BTC/USDT' } as TraderStatus['orders'][number];
    await look({ lots: {}, price: PRICE });
    await look({ lots: {}, price: PRICE, says: { ...lowered, orders: [entry] } });
    for (let looks = 0; looks < 3; looks += 1) await look({ lots: ALLOWED, price: PRICE, says: lowered });
    expect(trader.sent('halt')).toEqual([]);
    const later = { ...ALLOWED, 'ETH/USDT': 2_000 };
    await look({ lots: later, price: PRICE, says: lowered });
    expect(await look({ lots: later, price: PRICE, says: lowered })).toMatch(/ETH\/USDT is worth/);
  });

  it('hold a desk with real money to the size that its go-live grants', async () => {
    const { look } = watchedDesk();
    const says = granted(0, { maxPositionSizePct: 2 });
    await look({ lots: {}, price: PRICE, says });
    const large = { lots: { 'BTC/USDT': 600 }, price: PRICE, says };
    await look(large);
    expect(await look(large)).toMatch(/BTC\/USDT is worth 300.00, 200.00 are allowed/);
  });

  it('hold a desk with real money to the number of positions that its go-live grants', async () => {
    const { look } = watchedDesk();
    const says = granted(0, { maxConcurrentPositions: 1 });
    await look({ lots: { 'BTC/USDT': 100 }, price: PRICE, says });
    const both = { lots: { 'BTC/USDT': 100, 'ETH/USDT': 10 }, price: PRICE, says };
    await look(both);
    expect(await look(both)).toMatch(/2 positions are open, at most 1 may be/);
  });

  it('keep to the desk file where it allows less than the go-live', async () => {
    const { look } = watchedDesk();
    const says = granted(0, { maxPositionSizePct: 50, maxConcurrentPositions: 9 });
    await look({ lots: {}, price: PRICE, says });
    const large = { lots: { 'BTC/USDT': 4_000 }, price: PRICE, says };
    await look(large);
    expect(await look(large)).toMatch(/1000.00 are allowed/);
  });

  it('do not blame a position for another size step or another go-live, until it grows', async () => {
    const { look, trader } = watchedDesk();
    const small = granted(0, { maxPositionSizePct: 2 });
    const larger = granted(1, { maxPositionSizePct: 10 });
    const later = granted(0, { maxPositionSizePct: 2 }, 2);
    await look({ lots: {}, price: PRICE, says: small });
    for (const says of [larger, later])
      for (let looks = 0; looks < 3; looks += 1) await look({ lots: ALLOWED, price: PRICE, says });
    // Opened within a larger step that came and went between two looks.
    const both = { ...ALLOWED, 'ETH/USDT': 100 };
    const third = granted(0, { maxPositionSizePct: 2 }, 3);
    for (let looks = 0; looks < 3; looks += 1) await look({ lots: both, price: PRICE, says: third });
    expect(trader.sent('halt')).toEqual([]);
    const more = { lots: { ...both, 'BTC/USDT': 2_001 }, price: PRICE, says: third };
    await look(more);
    expect(await look(more)).toMatch(/BTC\/USDT is worth 1000.50, 200.00 are allowed/);
  });

  it('do not blame a position for coins that an approver gave the desk, until it grows by a trade', async () => {
    const { look, trader } = watchedDesk();
    const found = { lots: ALLOWED, nobodys: { 'BTC/USDT': 4_000 }, price: PRICE };
    for (let looks = 0; looks < 3; looks += 1) await look(found);
    const given = { lots: { 'BTC/USDT': 6_000 }, price: PRICE };
    for (let looks = 0; looks < 3; looks += 1) await look(given);
    expect(trader.sent('halt')).toEqual([]);
    const more = { lots: { 'BTC/USDT': 6_001 }, price: PRICE };
    await look(more);
    expect(await look(more)).toMatch(/BTC\/USDT is worth 3000.50, 1000.00 are allowed/);
  });

  it('do not blame a position for coins that were found and given between two looks, which no look saw as nobody’s', async () => {
    const { look, trader } = watchedDesk();
    await look({ lots: ALLOWED, price: PRICE });
    // 4000 lots are worth 2000: nothing was paid for them.
    const given = { lots: { 'BTC/USDT': 6_000 }, price: PRICE, cash: 12_000 };
    for (let looks = 0; looks < 3; looks += 1) await look(given);
    expect(trader.sent('halt')).toEqual([]);
    const more = { ...given, lots: { 'BTC/USDT': 6_001 } };
    await look(more);
    expect(await look(more)).toMatch(/BTC\/USDT is worth 3000.50, 1200.00 are allowed/);
  });

  it('blame a position for a trade that other coins were sold for in the same moment', async () => {
    const { look } = watchedDesk();
    await look({ lots: { 'ETH/USDT': 400 }, price: PRICE });
    const bought = { lots: { 'BTC/USDT': 4_000 }, price: PRICE };
    await look(bought);
    expect(await look(bought)).toMatch(/BTC\/USDT is worth 2000.00, 1000.00 are allowed/);
  });

  it('do not blame an entry that was sent before coins became the desk’s, and fills after it', async () => {
    const { look, trader } = watchedDesk();
    const entry = { clientId: 'a', purpose: 'entry', symbol: 'ETH/USDT' } as TraderStatus['orders'][number];
    const says = {
      settings: { version: 1, changed: { 'risk.maxConcurrentPositions': 1 }, fileConfigHash: 'x' },
    };
    const orders = { ...says, orders: [entry] };
    const given = { 'BTC/USDT': 1_000 };
    await look({ lots: {}, nobodys: given, price: PRICE, says });
    await look({ lots: {}, nobodys: given, price: PRICE, says: orders });
    for (let looks = 0; looks < 3; looks += 1) await look({ lots: given, price: PRICE, says: orders });
    const filled = { ...given, 'ETH/USDT': 100 };
    for (let looks = 0; looks < 3; looks += 1) await look({ lots: filled, price: PRICE, says });
    expect(trader.sent('halt')).toEqual([]);
  });

  it('blame a position for a trade while coins appear in the account that are nobody’s', async () => {
    const { look } = watchedDesk();
    await look({ lots: {}, price: PRICE });
    const large = { lots: { 'BTC/USDT': 4_000 }, nobodys: { 'BTC/USDT': 500 }, price: PRICE };
    await look(large);
    expect(await look(large)).toMatch(/BTC\/USDT is worth 2000.00/);
  });

  it('stop a desk that is ACTIVE past the loss of a day, and let a halted one be', async () => {
    const { look, trader } = watchedDesk();
    const lost = { says: { lossesCountFrom: '11000.00' }, lots: ALLOWED, price: PRICE };
    await look(lost);
    expect(await look(lost)).toMatch(/% may be lost, and the desk is ACTIVE/);
    expect(trader.sent('halt')).toHaveLength(1);
    trader.mode = 'HALTED';
    await look(lost);
    await look(lost);
    expect(trader.sent('halt')).toHaveLength(1);
  });

  it('stop a desk that is ACTIVE past its drawdown from the equity that the auditor has seen', async () => {
    const { look, trader } = watchedDesk();
    // The trader has forgotten its peak: it was started again, say.
    const forgot = { lots: {}, price: PRICE, cash: 8_400, says: { peakEquity: '8400.00', startedWallMs: 1 } };
    await look({ lots: {}, price: PRICE });
    expect(await look(forgot)).toBeNull();
    expect(await look(forgot)).toMatch(
      /equity is 8400.00 after a peak of 10000.00, 15 % may be lost from it, and the desk is ACTIVE/,
    );
    trader.mode = 'HALTED';
    await look(forgot);
    await look(forgot);
    expect(trader.sent('halt')).toHaveLength(1);
  });

  it('stop a desk that is ACTIVE past its drawdown from the peak that the trader itself names', async () => {
    const { look } = watchedDesk();
    const lost = { lots: {}, price: PRICE, says: { peakEquity: '12000.00' } };
    expect(await look(lost)).toBeNull();
    expect(await look(lost)).toMatch(/after a peak of 12000.00, 15 % may be lost/);
  });

  it('leave a drawdown alone that prices alone explain, or that settings allow', async () => {
    const { look, trader } = watchedDesk();
    // Floor 10,020: the book is worth 1,000, of which 5 % may have moved between the looks.
    const near = { lots: ALLOWED, price: PRICE, says: { peakEquity: '11800.00' } };
    const settings = { version: 1, changed: { 'risk.maxDrawdownPct': 20 }, fileConfigHash: 'x' };
    const allowed = { lots: {}, price: PRICE, says: { peakEquity: '12400.00', settings } };
    for (let looks = 0; looks < 3; looks += 1) await look(near);
    for (let looks = 0; looks < 3; looks += 1) await look(allowed);
    expect(trader.sent('halt')).toEqual([]);
  });

  it('stop a desk that lost what it may on margin, however much it holds', async () => {
    const { look, trader } = watchedDesk();
    // Worth 50,000: 5 % of it would be 25 % of the account, of which 3 % may be lost in a day.
    const held = { lots: { 'BTC/USDT': 100_000 }, price: PRICE };
    const lost = (equity: number, more: Partial<TraderStatus> = {}) => ({
      ...{ ...held, equity },
      says: { equity: equity.toFixed(2), lossesCountFrom: '10000.00', peakEquity: '10000.00', ...more },
    });
    for (let looks = 0; looks < 3; looks += 1) await look(lost(9_450));
    expect(trader.sent('halt')).toEqual([]);
    await look(lost(9_390));
    expect(await look(lost(9_390))).toMatch(/equity is 9390.00 after 10000.00 .*, 3 % may be lost/);
    trader.mode = 'ACTIVE';
    const newDay = { lossesCountFrom: '7000.00' };
    await look(lost(6_990, newDay));
    expect(await look(lost(6_990, newDay))).toMatch(/after a peak of 10000.00, 15 % may be lost/);
  });

  it('take no odd price of the auditor’s own for a peak', async () => {
    const { look, trader } = watchedDesk();
    const odd = { lots: ALLOWED, price: PRICE * 10, says: { equity: '10000.00' } };
    await look({ lots: ALLOWED, price: PRICE });
    await look(odd);
    for (let looks = 0; looks < 3; looks += 1) await look({ lots: ALLOWED, price: PRICE });
    expect(trader.sent('halt')).toEqual([]);
  });

  it.each([
    ['seen', true],
    ['come and gone between two looks', false],
  ])('count the peak anew after a drawdown halt that was lifted, %s', async (_name, isSeen) => {
    const { look, trader } = watchedDesk();
    const lost = { lots: {}, price: PRICE, cash: 8_400 };
    await look({ lots: {}, price: PRICE });
    if (isSeen) {
      trader.halt('drawdown', 'person');
      await look({ ...lost, says: { peakEquity: '10000.00' } });
      trader.mode = 'ACTIVE';
      trader.halts = [];
    }
    const says = { peakEquity: '8400.00', startedWallMs: isSeen ? 1 : 0 };
    const resumed = { ...lost, says };
    for (let looks = 0; looks < 3; looks += 1) await look(resumed);
    expect(trader.sent('halt')).toEqual([]);
    const again = { ...lost, cash: 7_000, says };
    await look(again);
    expect(await look(again)).toMatch(/equity is 7000.00 after a peak of 8400.00/);
  });

  it('keep a drawdown as deep as it was where capital moved while the trader was down', async () => {
    const { look, trader } = watchedDesk();
    const books = (capitalMoved: string) => ({ ...trader.status().books, capitalMoved });
    await look({ lots: {}, price: PRICE });
    await look({ lots: {}, price: PRICE, cash: 9_000 });
    const [startedWallMs, peakEquity] = [1, '4444.44'];
    const takenOut = { lots: {}, price: PRICE, says: { startedWallMs, peakEquity, books: books('-5000') } };
    for (let looks = 0; looks < 3; looks += 1) await look({ ...takenOut, cash: 4_000 });
    expect(trader.sent('halt')).toEqual([]);
    const lost = { ...takenOut, cash: 3_500, says: { ...takenOut.says, peakEquity: '3500' } };
    await look({ ...lost, says: { ...lost.says, startedWallMs: 2 } });
    expect(await look({ ...lost, says: { ...lost.says, startedWallMs: 2 } })).toMatch(
      /equity is 3500.00 after a peak of 4444.44/,
    );
  });

  it('keep the peak where a halt of another kind was lifted', async () => {
    const { look, trader } = watchedDesk();
    await look({ lots: {}, price: PRICE });
    trader.halt('person', 'person');
    const lost = { lots: {}, price: PRICE, cash: 8_400, says: { peakEquity: '8400.00', startedWallMs: 1 } };
    await look(lost);
    trader.mode = 'ACTIVE';
    trader.halts = [];
    await look(lost);
    expect(await look(lost)).toMatch(/after a peak of 10000.00/);
  });
});

/** The permission for real money, with a size of its own. */
function granted(
  step: number,
  size: Partial<GoLiveGrant['size']>,
  attempt = 1,
): Pick<TraderStatus, 'trading' | 'goLive'> {
  const given = {
    ...{ release: 'r1', attempt, step, incarnation: 'abc123', configHash: 'x', haltId: null },
    ...{ fileConfigHash: 'x', approvedBy: ['ada', 'bo'] },
    size: { maxPositionSizePct: 10, maxConcurrentPositions: 2, ...size },
  };
  return { trading: 'live', goLive: { required: true, granted: given } };
}
