/** Turns what a strategy asks for into an order: price, size, and the gate's verdict. */
import type { InstrumentId } from '../../domain/instrument.js';
import type { SignalName } from '../../domain/signal.js';
import { type Core, instrumentAt, liveOrders, positionAt } from '../core.js';
import { isDustOf } from '../flow/dust.js';
import { denyOrder, type OrderWish, placeOrder } from '../orders/place-order.js';
import { holdingsOf } from '../state.js';
import { NOBODY, ownerOf } from '../trades/trade.js';
import { type EntryToSize, type SizedEntry, sizeEntry } from './size-entry.js';
import type { EntryWish } from './strategy.js';
import type { StrategySlot } from './strategy-slot.js';

/** A market order is done on arrival; if the venue says otherwise, it is given no longer than this. */
const MARKET_REST_BARS = 1;
/** A signal comes at any moment, so the current bar may end before the order has arrived. */
const SIGNALLED_REST_BARS = MARKET_REST_BARS + 1;

/** `signal`: the one that the strategy follows with this entry. Left out: none. */
export function enter(
  core: Core,
  slot: StrategySlot,
  wish: EntryWish,
  note: (text: string) => void,
  signal?: SignalName,
): void {
  const at = slot.instrument.id;
  const { type = 'limit' } = wish;
  const limitTicks = worstTicks(core, at, wish);
  const { lots, why } =
    limitTicks === null
      ? { lots: 0, why: 'there is no price yet to enter at' }
      : lotsOf(slot, wish, entryToSize(core, at, limitTicks, wish.protectTicks));
  const order: OrderWish = {
    instrument: at,
    strategy: slot.name,
    purpose: 'entry',
    side: wish.side,
    type,
    quantityLots: lots,
    limitTicks,
    stopTicks: wish.type === 'stop' ? wish.stopTicks : null,
    protectTicks: wish.protectTicks,
    reduceOnly: false,
    timeInForce: type === 'market' ? 'IOC' : 'GTC',
    ...(wish.exits === undefined ? {} : { exits: wish.exits }),
    ...(signal === undefined ? {} : { signal }),
    ...besideRest(core, slot),
    ...(isShared(core, at) ? { ownTrade: true as const } : {}),
  };
  const isSized = slot.size !== null || wish.size !== undefined;
  const against = whyAgainst(core, slot, wish);
  if (against !== null) denyOrder(core, order, { limit: 'against', reason: against });
  else if (lots === 0 && (isSized || limitTicks === null))
    denyOrder(core, order, { limit: 'size', reason: why });
  else {
    const marketBars = signal === undefined ? MARKET_REST_BARS : SIGNALLED_REST_BARS;
    const restBars = wish.type === 'market' ? marketBars : wish.restBars;
    if (placeOrder(core, order, restBars)) note(wish.because);
  }
}

/**
 * What is too small is up to the venue, which may change it. The journal keeps what it was when the entry was made.
 */
function besideRest(
  core: Core,
  { name, instrument: { id: at } }: StrategySlot,
): Pick<OrderWish, 'besideRestOf'> {
  const position = positionAt(core, at);
  const held = position.parts.find((part) => ownerOf(part) === name) ?? position;
  const exits = held.trade?.exits;
  return exits !== undefined && isDustOf(core, held) ? { besideRestOf: exits.entry } : {};
}

/**
 * Several strategies trade the instrument, or have trades open in it: each entry makes a trade of its own. Only where
 * a stop locks what it protects: elsewhere a stop and an exit of one trade may both be filled, out of the other one.
 */
export function isShared(core: Core, at: InstrumentId): boolean {
  if (positionAt(core, at).parts.length > 0) return true;
  if (!core.config.capabilities.stopLocksBalance) return false;
  return core.slots.filter(({ instrument }) => instrument.id === at).length > 1;
}

/**
 * The venue has one position, so an entry against the trade of another strategy would close that instead of opening
 * its own. Null: it is against none.
 */
function whyAgainst(
  core: Core,
  { name, instrument: { id: at } }: StrategySlot,
  { side }: EntryWish,
): string | null {
  if (!isShared(core, at)) return null;
  const against = (lots: number): boolean => (side === 'buy' ? lots < 0 : lots > 0);
  const holder = holdingsOf(positionAt(core, at)).find(
    (holding) => ownerOf(holding) !== name && against(holding.quantityLots) && !isDustOf(core, holding),
  );
  const resting = liveOrders(core, at).find(
    ({ intent }) => intent.purpose === 'entry' && intent.strategy !== name && intent.side !== side,
  );
  const other = holder === undefined ? resting?.intent.strategy : ownerOf(holder);
  if (other === undefined) return null;
  const what = holder === undefined ? 'has an entry resting' : 'holds a trade';
  const owner = other === NOBODY ? 'the account, for no strategy,' : `the strategy ${other}`;
  return `${owner} ${what} on the other side, and this account holds one position in an instrument: an entry against it would close that`;
}

/** The worst price: the entry is judged and sized by it, and the venue fills at no worse. Null: no quote yet. */
function worstTicks({ market }: Core, at: InstrumentId, wish: EntryWish): number | null {
  switch (wish.type) {
    case 'market': {
      const { side, slippageTicks } = wish;
      if (!market.hasQuote(at)) return null;
      const [bidTicks, askTicks] = [market.bidTicks[at] as number, market.askTicks[at] as number];
      return side === 'buy' ? askTicks + slippageTicks : Math.max(1, bidTicks - slippageTicks);
    }
    case 'stop': {
      const { side, stopTicks, slippageTicks } = wish;
      return side === 'buy' ? stopTicks + slippageTicks : Math.max(1, stopTicks - slippageTicks);
    }
    default:
      return wish.limitTicks;
  }
}

/** The size that the entry asks for, at most what the desk file allows. */
function lotsOf({ size }: StrategySlot, wish: EntryWish, entry: EntryToSize): SizedEntry {
  const byDesk = sizeEntry(size ?? {}, entry);
  const asked = wish.size === undefined ? byDesk : sizeEntry(wish.size, entry);
  return asked.lots < byDesk.lots ? asked : byDesk;
}

function entryToSize(core: Core, at: InstrumentId, limitTicks: number, protectTicks: number): EntryToSize {
  return {
    instrument: instrumentAt(core, at),
    limitTicks,
    protectTicks,
    bidTicks: core.market.bidTicks[at] as number,
    heldLots: Math.abs(positionAt(core, at).quantityLots),
    equity: core.market.equity,
    maxPositionSizePct: core.config.risk.maxPositionSizePct,
    sizeFactorPpm: core.state.sizeFactorPpm,
  };
}
