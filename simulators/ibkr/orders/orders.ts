/** All orders of the Gateway: placing, modifying and cancelling, fills by the market, brackets and groups. */
import { DateTime } from 'luxon';
import { moneyText } from '../decimals.js';
import { isOpen, sessionAt } from '../hours.js';
import type { Market } from '../market.js';
import type { Refused } from '../refusal.js';
import type { Simulation } from '../simulation.js';
import { commissionOf, marginsWith } from './costs.js';
import { type Execution, Executions } from './executions.js';
import { Order, type Terms } from './order.js';
import { type Asked, readOrder } from './reading.js';
import * as said from './refusals.js';

/** Reports each event to the client whose order it is about. */
export interface Teller {
  order(order: Order): void;
  refused(clientId: number, orderId: number, refused: Refused): void;
  execution(execution: Execution): void;
  commission(execution: Execution): void;
  whatIf(order: Order): void;
}

/** Below −1, which means no order at all. */
const BOUND_FROM = -2;

export class Orders {
  readonly executions: Executions;
  readonly #simulation: Simulation;
  readonly #tell: Teller;
  #all: Order[] = [];
  #nextPermId = 1_800_000_001;
  #nextBound = BOUND_FROM;

  constructor(simulation: Simulation, tell: Teller) {
    this.#simulation = simulation;
    this.#tell = tell;
    this.executions = new Executions(simulation.nowMs());
  }

  get open(): readonly Order[] {
    return this.#all.filter((order) => order.open);
  }

  /** Orders filled, cancelled or rejected since the Gateway started, oldest first. */
  get completed(): readonly Order[] {
    return this.#all.filter((order) => !order.open);
  }

  find(clientId: number, orderId: number): Order | undefined {
    return this.#all.find((one) => one.clientId === clientId && one.orderId === orderId);
  }

  /** If the id is in use, this modifies its order. */
  place(clientId: number, asked: Asked): Refused | null {
    const { orderId } = asked;
    if (orderId === null || orderId === 0) return said.invalidId(orderId);
    const kept = this.find(clientId, orderId);
    if (kept?.status === 'Filled') return said.FILLED;
    const next = this.#simulation.nextOrderIds.get(clientId) ?? 1;
    if (kept === undefined ? orderId < next && !asked.whatIf : !kept.open) return said.DUPLICATE_ID;
    const terms = readOrder(this.#simulation, asked, (id) => {
      const parent = this.find(clientId, id);
      return parent?.open === true ? parent : null;
    });
    if ('code' in terms) return terms;
    if (asked.whatIf) {
      this.#tell.whatIf(new Order({ permId: this.#nextPermId++, clientId, orderId }, terms));
      return null;
    }
    if (kept !== undefined) return this.#modify(kept, terms);
    this.#simulation.usedOrderId(clientId, orderId);
    const order = this.#add({ clientId, orderId }, terms);
    if (terms.transmit) this.#transmit(order);
    return null;
  }

  /** An order that a person types into TWS: it belongs to no client and is at the exchange at once. */
  type(terms: Terms): Order {
    const order = this.#add({ clientId: 0, orderId: 0 }, terms);
    this.#transmit(order);
    if (this.#simulation.clients.get(0)?.subscriptions.bindsByHand === true) this.bind();
    return order;
  }

  /** Orders typed by hand become those of client 0. */
  bind(): void {
    for (const order of this.open) {
      if (order.orderId !== 0) continue;
      order.orderId = this.#nextBound--;
      this.#tell.order(order);
    }
  }

  cancel(clientId: number, orderId: number): Refused | null {
    const order = orderId === 0 ? undefined : this.find(clientId, orderId);
    if (order === undefined) return said.notFound(orderId);
    if (!order.open) return said.notCancellable(orderId, order.status);
    this.#cancel(order);
    this.#cancelGroup(order);
    return null;
  }

  /** Cancels everybody's open orders. */
  cancelAll(): void {
    for (const order of this.open) if (order.open) this.#cancel(order);
  }

  /** The Gateway restarts: orders that were not transmitted and orders that have ended are forgotten. */
  restarted(): void {
    this.#all = this.#all.filter((order) => order.open && !order.held);
  }

  /**
   * Others have traded: resting orders that the price has passed fill; those at the price fill by the traded size.
   */
  onTrade(market: Market, ticks: number, size: number): void {
    let left = size;
    for (const order of this.#workingIn(market)) {
      const { limit, action } = order.terms;
      if (!order.open || order.waitsForTrigger || limit === null || !this.#tradable(order)) continue;
      const through = action === 'BUY' ? limit - ticks : ticks - limit;
      if (through < 0) continue;
      const quantity = through > 0 ? order.remaining : Math.min(left, order.remaining);
      if (through === 0) left -= quantity;
      if (quantity > 0) this.#fill(order, { ticks: limit, quantity, added: true });
    }
    for (const order of this.#workingIn(market)) this.#match(order);
  }

  /** An order that waits for an opening is placed; a day order ends with its day. */
  onTime(nowMs: number): void {
    for (const order of this.open) {
      if (order.endsMs !== null && nowMs >= order.endsMs) this.#cancel(order);
      else if (order.opensMs !== null && nowMs >= order.opensMs) this.#opened(order);
    }
  }

  /** The trade had another price: it is reported again under the next number, and the difference is booked. */
  correct(execution: Execution, ticks: number): void {
    const { order, quantity } = execution;
    const { account, instrument, action } = order.terms;
    const turnover = execution.turnover + quantity * (ticks - execution.ticks);
    order.turnover += quantity * (ticks - execution.ticks);
    const signed = action === 'BUY' ? quantity : -quantity;
    account.correct(instrument, signed * (ticks - execution.ticks) * instrument.tickCents);
    this.#tellAgain(this.executions.correct(execution, { ticks, turnover }));
  }

  /** The exchange cancels the trade: a correction to zero; the filled quantity stays. */
  bust(execution: Execution): void {
    const { order, quantity, ticks } = execution;
    const { account, instrument, action } = order.terms;
    account.traded(instrument, action === 'BUY' ? -quantity : quantity, ticks, 0);
    this.#tellAgain(this.executions.correct(execution, { quantity: 0, realized: null }));
    this.#simulation.settled(account);
    for (const client of this.#simulation.clients.values())
      client.subscriptions.onBust(this.#marketOf(order));
  }

  /** The broker may do so after it has taken the order, too. */
  reject(order: Order, refused: Refused): void {
    this.#tell.refused(order.clientId, order.orderId, refused);
    order.status = 'Inactive';
    order.endedMs = this.#simulation.nowMs();
    this.#tell.order(order);
    this.#cancelChildren(order);
  }

  #tellAgain(execution: Execution): void {
    this.#tell.execution(execution);
    this.#tell.commission(execution);
    this.#simulation.changed(execution.order.terms.account);
  }

  #add(ids: { clientId: number; orderId: number }, terms: Terms): Order {
    const order = new Order({ ...ids, permId: this.#nextPermId++ }, terms);
    this.#all.push(order);
    return order;
  }

  #modify(order: Order, terms: Terms): Refused | null {
    const { instrument, action, account, type, parent } = order.terms;
    if (terms.instrument !== instrument || terms.action !== action || terms.account !== account)
      return said.DOES_NOT_MATCH;
    if (terms.type !== type) return said.OTHER_TYPE;
    if (terms.quantity <= order.filled)
      return said.rejected('The order size cannot be below what is filled.');
    const { ocaGroup, ocaType } = terms.ocaGroup === '' ? order.terms : terms;
    // A parent that has filled can no longer be named, but the child stays its child.
    order.terms = { ...terms, ocaGroup, ocaType, parent: terms.parent ?? parent };
    if (order.held) {
      if (terms.transmit) this.#transmit(order);
      return null;
    }
    this.#schedule(order);
    this.#tell.order(order);
    this.#match(order);
    return null;
  }

  /** The last child of a bracket transmits its parent and its siblings with it. */
  #transmit(order: Order): void {
    const { parent } = order.terms;
    const family =
      parent === null
        ? [order]
        : [parent, ...this.#all.filter(({ terms }) => terms.parent === parent)].filter(({ held }) => held);
    for (const one of family) if (one.held) this.#announce(one);
    for (const one of family) this.#match(one);
  }

  /** Sends it to the exchange, or rejects it for lack of margin. */
  #announce(order: Order): void {
    const { parent, ocaGroup, instrument } = order.terms;
    order.held = false;
    if (parent !== null && ocaGroup === '')
      order.terms = { ...order.terms, ocaGroup: String(parent.permId), ocaType: 3 };
    const poor = parent === null ? this.#tooPoor(order) : null;
    if (poor !== null) {
      this.reject(order, poor);
      return;
    }
    this.#schedule(order);
    this.#tell.order(order);
    const { type, outsideRth } = order.terms;
    if (outsideRth && (type === 'MKT' || (type === 'LMT' && instrument.secType === 'FUT')))
      this.#tell.refused(order.clientId, order.orderId, said.IGNORES_OUTSIDE);
    if (order.opensMs !== null) {
      const opening = DateTime.fromMillis(order.opensMs, { zone: instrument.schedule.zone });
      const words = `${order.terms.action} ${order.terms.quantity} ${instrument.localSymbol}`;
      const at = `${opening.toFormat('yyyy-MM-dd HH:mm:ss')} ${instrument.schedule.zone}`;
      this.#tell.refused(order.clientId, order.orderId, said.waitsForOpening(words, at));
    }
  }

  /** Sets the opening that it waits for, the end of its day, and the status that follows. */
  #schedule(order: Order): void {
    const { instrument, tif } = order.terms;
    const nowMs = this.#simulation.nowMs();
    const session = sessionAt(instrument.schedule, nowMs, this.#regularOnly(order));
    order.opensMs = session.fromMs > nowMs ? session.fromMs : null;
    order.endsMs = tif === 'DAY' ? session.toMs : null;
    order.status =
      order.waitsForParent || order.waitsForTrigger || order.opensMs !== null ? 'PreSubmitted' : 'Submitted';
  }

  /** Futures trade the whole day; only orders with a trigger are limited to regular hours (see #tradable). */
  #regularOnly({ terms: { instrument, outsideRth, type } }: Order): boolean {
    return instrument.secType === 'STK' && (!outsideRth || type === 'MKT');
  }

  #opened(order: Order): void {
    this.#schedule(order);
    this.#tell.order(order);
    this.#match(order);
  }

  /** Equity must exceed the margin of the position that all open orders on its side would lead to. */
  #tooPoor(order: Order): Refused | null {
    const { account, instrument, action, limit, stop } = order.terms;
    const held = account.positions.get(instrument.conId)?.quantity ?? 0;
    const sameSide = this.open.filter(
      ({ terms, held: parked }) =>
        !parked &&
        terms.account === account &&
        terms.instrument === instrument &&
        terms.action === action &&
        terms.parent === null,
    );
    const others = sameSide.reduce((sum, one) => sum + (one === order ? 0 : one.signed), 0);
    const quantity = held + others + order.signed;
    if (Math.abs(quantity) <= Math.abs(held)) return null;
    const { initial } = marginsWith(account, instrument, quantity);
    const last = this.#marketOf(order).last;
    const commission = commissionOf(instrument, order.remaining, action);
    const equity = account.netLiquidation - commission;
    if (equity >= initial && (limit ?? stop ?? last) > 0) return null;
    return said.rejected(
      `YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE [${moneyText(equity)} USD] MUST EXCEED THE INITIAL MARGIN [${moneyText(initial)} USD]`,
    );
  }

  #marketOf(order: Order): Market {
    const market = this.#simulation.markets.get(order.terms.instrument.conId);
    if (market === undefined) throw new TypeError('an order without a market');
    return market;
  }

  /** Oldest first. */
  #workingIn(market: Market): readonly Order[] {
    return this.open.filter(
      (order) => order.terms.instrument === market.instrument && !order.held && !order.waitsForParent,
    );
  }

  #tradable(order: Order): boolean {
    const { instrument, outsideRth } = order.terms;
    if (this.#marketOf(order).halted || order.opensMs !== null) return false;
    const regular = this.#regularOnly(order) || (order.waitsForTrigger && !outsideRth);
    return isOpen(instrument.schedule, this.#simulation.nowMs(), regular);
  }

  /** Matches the order with what others offer, if it is at the exchange. */
  #match(order: Order): void {
    if (!order.open || order.held || order.waitsForParent || !this.#tradable(order)) return;
    const market = this.#marketOf(order);
    const { stop, action, limit, tif } = order.terms;
    if (stop !== null && !order.triggered) {
      if (action === 'BUY' ? market.last < stop : market.last > stop) return;
      order.triggered = true;
      order.status = 'Submitted';
      this.#tell.order(order);
    }
    while (order.open) {
      const offer = market.takeBest(action, limit, order.remaining);
      if (offer === null) break;
      this.#fill(order, { ticks: offer.ticks, quantity: offer.size, added: false });
    }
    if (tif === 'IOC' && order.open) this.#cancel(order);
  }

  #fill(order: Order, trade: { ticks: number; quantity: number; added: boolean }): void {
    const { ticks, quantity } = trade;
    const { account, instrument, action } = order.terms;
    order.filled += quantity;
    order.turnover += ticks * quantity;
    order.lastFill = ticks;
    const nowMs = this.#simulation.nowMs();
    if (order.remaining === 0) order.endedMs = nowMs;
    order.status = order.remaining === 0 ? 'Filled' : 'Submitted';
    const commission = commissionOf(instrument, quantity, action);
    const realized = account.traded(instrument, action === 'BUY' ? quantity : -quantity, ticks, commission);
    const execution = this.executions.add({
      ...{ ...trade, order, commission, realized },
      ...{ orderId: order.orderId, atMs: nowMs, filled: order.filled, turnover: order.turnover },
    });
    this.#tell.execution(execution);
    this.#tell.order(order);
    this.#tell.commission(execution);
    this.#simulation.printed(this.#marketOf(order), ticks, quantity);
    this.#simulation.settled(account);
    this.#reduceGroup(order, quantity);
    if (order.status === 'Filled') this.#release(order);
  }

  /** Children become active once their parent is filled completely. */
  #release(parent: Order): void {
    for (const child of this.open.filter(({ terms, held }) => terms.parent === parent && !held)) {
      if (!child.open) continue;
      this.#schedule(child);
      this.#tell.order(child);
      this.#match(child);
    }
  }

  #cancel(order: Order): void {
    order.held = false;
    order.status = 'Cancelled';
    order.endedMs = this.#simulation.nowMs();
    this.#tell.order(order);
    this.#tell.refused(order.clientId, order.orderId, said.CANCELLED);
    this.#cancelChildren(order);
  }

  #cancelChildren(parent: Order): void {
    for (const child of this.open)
      if (child.open && child.terms.parent === parent && child.waitsForParent) this.#cancel(child);
  }

  #groupOf(order: Order): readonly Order[] {
    const { ocaGroup, account } = order.terms;
    if (ocaGroup === '') return [];
    return this.open.filter(
      (one) => one !== order && one.terms.ocaGroup === ocaGroup && one.terms.account === account,
    );
  }

  #cancelGroup(order: Order): void {
    for (const one of this.#groupOf(order)) if (one.open) this.#cancel(one);
  }

  #reduceGroup(order: Order, quantity: number): void {
    const before = order.remaining + quantity;
    for (const one of this.#groupOf(order)) {
      if (!one.open) continue;
      const reduced = Math.floor((one.remaining * order.remaining) / before);
      if (order.terms.ocaType === 1 || reduced === 0) this.#cancel(one);
      else {
        one.terms = { ...one.terms, quantity: one.filled + reduced };
        this.#tell.order(one);
      }
    }
  }
}
