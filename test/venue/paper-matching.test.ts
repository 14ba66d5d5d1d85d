import { describe, expect, it } from 'vitest';
import type { PaperOrder } from '../../src/venue/paper/book-record.js';
import { executeAtQuote, executeAtTrade } from '../../src/venue/paper/matching.js';

function order(part: Partial<PaperOrder>): PaperOrder {
  return {
    clientId: 'f1',
    venueId: 'v1',
    symbol: 'BTC/USDT',
    side: 'buy',
    type: 'market',
    quantityLots: 10,
    limitTicks: null,
    stopTicks: null,
    reduceOnly: false,
    timeInForce: 'GTC',
    reserveTicks: 0,
    arrivesAtMs: 0,
    state: 'working',
    filledLots: 0,
    ...part,
  };
}

const quote = { bidTicks: 999, askTicks: 1001 };
const at = (part: Partial<PaperOrder>, resting = true) => executeAtQuote(order(part), quote, resting, 2);

describe('a market order', () => {
  it('takes the far side of the quote plus slippage', () => {
    expect(at({ side: 'buy' })).toEqual({ priceTicks: 1003, liquidity: 'taker' });
    expect(at({ side: 'sell' })).toEqual({ priceTicks: 997, liquidity: 'taker' });
  });

  it('never sells below one tick', () => {
    expect(executeAtQuote(order({ side: 'sell' }), { bidTicks: 1, askTicks: 2 }, true, 5)?.priceTicks).toBe(
      1,
    );
  });
});

describe('a market order with a worst price', () => {
  const worst = (limitTicks: number, part: Partial<PaperOrder> = {}) =>
    at({ limitTicks, timeInForce: 'IOC', ...part }, false);

  it('takes the quote plus slippage, and never more than that price', () => {
    expect(worst(1010)).toEqual({ priceTicks: 1003, liquidity: 'taker' });
    expect(worst(1002)).toEqual({ priceTicks: 1002, liquidity: 'taker' });
    expect(worst(998, { side: 'sell' })).toEqual({ priceTicks: 998, liquidity: 'taker' });
  });

  it('takes nothing of a market that has run beyond it', () => {
    expect(worst(1000)).toBeNull();
    expect(worst(1000, { side: 'sell' })).toBeNull();
  });
});

describe('a limit order', () => {
  it('rests until the other side reaches it, then fills at its limit as maker', () => {
    expect(at({ type: 'limit', limitTicks: 1000 })).toBeNull();
    expect(at({ type: 'limit', limitTicks: 1001 })).toEqual({ priceTicks: 1001, liquidity: 'maker' });
    expect(at({ type: 'limit', side: 'sell', limitTicks: 1000 })).toBeNull();
    expect(at({ type: 'limit', side: 'sell', limitTicks: 990 })).toEqual({
      priceTicks: 990,
      liquidity: 'maker',
    });
  });

  it('that could be filled as it arrives takes the quote plus slippage, never beyond its limit', () => {
    expect(at({ type: 'limit', limitTicks: 1010 }, false)).toEqual({ priceTicks: 1003, liquidity: 'taker' });
    expect(at({ type: 'limit', limitTicks: 1002 }, false)).toEqual({ priceTicks: 1002, liquidity: 'taker' });
    expect(at({ type: 'limit', side: 'sell', limitTicks: 998 }, false)).toEqual({
      priceTicks: 998,
      liquidity: 'taker',
    });
  });

  it('is filled by a trade through its limit and not by one at it', () => {
    const buy = order({ type: 'limit', limitTicks: 1000 });
    expect(executeAtTrade(buy, 1000)).toBeNull();
    expect(executeAtTrade(buy, 999)).toEqual({ priceTicks: 1000, liquidity: 'maker' });
    const sell = order({ type: 'limit', side: 'sell', limitTicks: 1000 });
    expect(executeAtTrade(sell, 1000)).toBeNull();
    expect(executeAtTrade(sell, 1001)).toEqual({ priceTicks: 1000, liquidity: 'maker' });
    expect(executeAtTrade(order({}), 1)).toBeNull();
  });
});

describe('a stop order', () => {
  it('triggers on the side that it would be executed at', () => {
    expect(at({ type: 'stop', side: 'sell', stopTicks: 998 })).toBeNull();
    expect(at({ type: 'stop', side: 'sell', stopTicks: 999 })).toEqual({
      priceTicks: 997,
      liquidity: 'taker',
    });
    expect(at({ type: 'stop', side: 'buy', stopTicks: 1002 })).toBeNull();
    expect(at({ type: 'stop', side: 'buy', stopTicks: 1001 })).toEqual({
      priceTicks: 1003,
      liquidity: 'taker',
    });
  });

  it('gets the worse price after a gap', () => {
    expect(at({ type: 'stop', side: 'sell', stopTicks: 5000 })?.priceTicks).toBe(997);
  });
});

describe('a stop order with a worst price', () => {
  const buy = (part: Partial<PaperOrder>) => at({ type: 'stop', ...part });
  const sell = (part: Partial<PaperOrder>) => at({ type: 'stop', side: 'sell', ...part });

  it('waits for its trigger, however far its worst price reaches', () => {
    expect(buy({ stopTicks: 1002, limitTicks: 1010 })).toBeNull();
    expect(sell({ stopTicks: 998, limitTicks: 990 })).toBeNull();
  });

  it('takes the quote plus slippage as it triggers, and never more than its worst price', () => {
    expect(buy({ stopTicks: 1001, limitTicks: 1010 })).toEqual({ priceTicks: 1003, liquidity: 'taker' });
    expect(buy({ stopTicks: 1000, limitTicks: 1002 })).toEqual({ priceTicks: 1002, liquidity: 'taker' });
    expect(sell({ stopTicks: 999, limitTicks: 998 })).toEqual({ priceTicks: 998, liquidity: 'taker' });
  });

  it('takes nothing of a gap beyond it, and is a limit order at that price from then on', () => {
    expect(buy({ stopTicks: 995, limitTicks: 1000 })).toBeNull();
    const went = { triggered: true, stopTicks: 1005, limitTicks: 1010 } as const;
    expect(buy(went)).toEqual({ priceTicks: 1010, liquidity: 'maker' });
    const became = order({ ...went, type: 'stop' });
    expect(executeAtTrade(became, 1009)).toEqual({ priceTicks: 1010, liquidity: 'maker' });
    expect(executeAtTrade({ ...became, triggered: undefined as never }, 1009)).toBeNull();
  });
});
