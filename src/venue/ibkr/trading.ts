/**
 * Orders and cancels: each ends in one of the port's outcomes, whatever the wire does. They have a connection to
 * themselves.
 */
import { type Contract, EventName, type Order, type OrderState } from '@stoqey/ib';
import type { InstrumentId } from '../../domain/instrument.js';
import type { OrderIntent } from '../../domain/order.js';
import { NOT_SENT } from '../../domain/order-words.js';
import type { CancelOutcome, SendOutcome, VenueOrder } from '../../domain/venue.js';
import type { Approved } from '../../limits/gate.js';
import { VenueUnavailable } from '../port.js';
import type { ResolvedContract } from './contracts.js';
import { believed } from './decode.js';
import { newestOf } from './fills.js';
import { after, type Gateway, type Session } from './gateway.js';
import { Margins, takesMargin } from './margin.js';
import { isCancelled, isOver, isTaken, orderOf, readOrder } from './orders.js';
import { meaningOf } from './outcomes.js';
import { completedOrders, executions, openOrders, type ToldOrder } from './questions.js';
import { type Setup, verified } from './setup.js';

export interface TradingOptions {
  readonly clientId: number;
  /**
   * Carries orders, cancels and the list of our own open orders, so that the list includes every order sent
   * before it was requested.
   */
  readonly orders: Gateway;
  readonly reading: Gateway;
  /** Null until account and contracts have been verified. */
  readonly setup: () => Setup | null;
  readonly answerMs: number;
  readonly note: (what: string, cause: string) => void;
}

const SAID_KEPT = 100;

/** Waits for events about one order id. */
interface Watch {
  /** A status of the order, or an error about it. */
  status(status: string, permId: number): void;
  error(code: number, text: string): void;
  lost(cause: string): void;
}

/** An order that may leave now. */
interface Prepared {
  readonly ok: true;
  readonly session: Session;
  readonly contract: ResolvedContract;
  readonly order: Order;
}

export class Trading {
  readonly margins: Margins;
  readonly #options: TradingOptions;
  /**
   * Entries that wait for the broker's answer about their margin, by our ids; true: withdrawn meanwhile, never to be
   * sent.
   */
  readonly #waiting = new Map<string, boolean>();
  readonly #watches = new Map<number, Set<Watch>>();
  /** The protocol's ids by ours: only those that this client has placed. */
  readonly #ids = new Map<string, number>();
  /**
   * The protocol's ids of orders that are partly filled: how such an order ends is looked up, including its filled
   * quantity.
   */
  readonly #partlyFilled = new Set<number>();
  /** By the protocol's ids: the newest error. The broker may reject an order after it has accepted it. */
  readonly #said = new Map<number, string>();
  #nextOrderId = 1;
  /** Our open orders have been read since the connection was made. */
  #ready = false;

  constructor(options: TradingOptions) {
    this.#options = options;
    this.margins = new Margins(options);
  }

  /**
   * Notes a free id: one the Gateway reports, or the one after an order's. Ids only grow: a used one would
   * modify its order.
   */
  #mind(nextOrderId: number): void {
    this.#nextOrderId = Math.max(this.#nextOrderId, nextOrderId);
  }

  /** Called after each connect. Throws `VenueUnavailable`. */
  async begin(session: Session): Promise<void> {
    this.#ready = false;
    this.#mind(session.nextOrderId);
    await this.#own();
    this.#ready = true;
  }

  lost(cause: string): void {
    this.#ready = false;
    for (const watches of [...this.#watches.values()]) for (const watch of [...watches]) watch.lost(cause);
  }

  /** Events of the connection for orders. */
  onEvent(event: EventName, args: readonly unknown[]): void {
    if (event === EventName.execDetails) this.margins.changed();
    if (event === EventName.error) {
      const [error, code, id] = args;
      const text = (error as Error).message;
      this.#note(Number(id), Number(code), text);
      for (const watch of [...(this.#watches.get(Number(id)) ?? [])]) watch.error(Number(code), text);
    } else if (event === EventName.openOrder) {
      const [orderId, contract, order, state] = args as [number, Contract, Order, OrderState];
      this.#learn({ contract, order: { ...order, orderId }, status: String(state.status), filled: 0 });
    } else if (event === EventName.orderStatus) {
      const [orderId, status, filled, , , permId, , , clientId] = args;
      if (clientId !== this.#options.clientId) return;
      if (Number(filled) > 0) this.#partlyFilled.add(Number(orderId));
      for (const watch of [...(this.#watches.get(Number(orderId)) ?? [])])
        watch.status(String(status), Number(permId));
      if (isOver(String(status))) this.#partlyFilled.delete(Number(orderId));
    }
  }

  #note(orderId: number, code: number, text: string): void {
    if (orderId >= this.#nextOrderId || !['rejected', 'unknown'].includes(meaningOf(code, text))) return;
    this.#said.set(orderId, `${code}: ${text}`);
    for (const oldest of this.#said.keys()) if (this.#said.size > SAID_KEPT) this.#said.delete(oldest);
  }

  saidOf(orderId: number | undefined): string | undefined {
    return orderId === undefined ? undefined : this.#said.get(orderId);
  }

  async submit(intent: Approved<OrderIntent>): Promise<SendOutcome> {
    const prepared = this.#prepare(intent);
    if (!prepared.ok) return prepared.outcome;
    const { contract } = prepared;
    if (!takesMargin(intent, contract) || this.margins.reaches(intent, contract))
      return this.#send(intent, prepared);
    return this.#sendWithMargin(intent, prepared);
  }

  /** Refuses, without a request, an order that can't leave: the broker has certainly never had it. */
  #prepare(intent: OrderIntent): Prepared | { readonly ok: false; readonly outcome: SendOutcome } {
    const no = (outcome: SendOutcome) => ({ ok: false, outcome }) as const;
    const { orders } = this.#options;
    const setup = this.#options.setup();
    const contract = setup?.contracts.get(intent.instrument);
    const closed = setup?.closed.find(({ instrument }) => instrument === intent.instrument)?.why ?? null;
    const { session } = orders;
    if (setup === null || contract === undefined)
      return no(notSent(closed ?? 'account and contracts were not verified yet'));
    if (intent.purpose === 'entry' && closed !== null) return no(notSent(closed));
    if (session === null || !this.#ready) return no(notSent('not connected to the Gateway'));
    if (orders.linkBroken) return no(notSent('the Gateway has no connection to the broker'));
    // To the broker our id is only a remark: it would place a second order.
    if (this.#ids.has(intent.clientId) || this.#waiting.has(intent.clientId))
      return no({ kind: 'unknown', cause: 'an order of this id was sent before, and none is sent twice' });
    try {
      return { ok: true, session, contract, order: orderOf(intent, contract, setup.account) };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return no(notSent(error.message));
    }
  }

  /** Sends the order if the account has enough margin for it. Without an answer no position is opened. */
  async #sendWithMargin(intent: OrderIntent, { contract, order }: Prepared): Promise<SendOutcome> {
    const { clientId, quantityLots } = intent;
    this.#waiting.set(clientId, false);
    try {
      const answer = await this.margins.ask(contract, order);
      if (this.#waiting.get(clientId) === true) return notSent('it was withdrawn before it left');
      if (answer.kind === 'refused')
        return { kind: 'rejected', code: String(answer.code), text: answer.text };
      const { needs, free } = answer;
      if (needs > free)
        return notSent(
          `${quantityLots} ${contract.name} would take ${needs.toFixed(2)} of initial margin, and ${free.toFixed(2)} is free`,
        );
    } catch (error) {
      if (!(error instanceof VenueUnavailable)) throw error;
      return notSent(`what it would take of the account is not known (${error.message})`);
    } finally {
      this.#waiting.delete(clientId);
    }
    // Checked and sent in one step, so that nobody can look up the order or withdraw it in between. The
    // connection may have ended meanwhile.
    const again = this.#prepare(intent);
    return again.ok ? this.#send(intent, again) : again.outcome;
  }

  /** True if the order had not left yet: now it never will. */
  #withdraw(clientId: string): boolean {
    if (!this.#waiting.has(clientId)) return false;
    this.#waiting.set(clientId, true);
    return true;
  }

  #send(intent: OrderIntent, { session, contract, order }: Prepared): Promise<SendOutcome> {
    const orderId = this.#nextOrderId++;
    this.#ids.set(intent.clientId, orderId);
    if (intent.purpose === 'entry') this.margins.changed();
    return this.#watch<SendOutcome>(
      orderId,
      () => session.api.placeOrder(orderId, contract.contract, order),
      (end) => ({
        status(status, permId) {
          if (isTaken(status) && permId > 0) end({ kind: 'accepted', venueId: String(permId) });
        },
        error(code, text) {
          const meaning = meaningOf(code, text);
          if (meaning === 'warning') return;
          if (meaning === 'rejected') end({ kind: 'rejected', code: String(code), text });
          else end({ kind: 'unknown', cause: `${code} ${text}` });
        },
        lost: (cause) => end({ kind: 'unknown', cause }),
      }),
    );
  }

  async cancel(clientId: string, instrument: InstrumentId): Promise<CancelOutcome> {
    if (this.#withdraw(clientId)) return { kind: 'cancelled' };
    try {
      const orderId = this.#ids.get(clientId) ?? (await this.#orderId(clientId, instrument));
      if (typeof orderId !== 'number') return orderId;
      const { session } = this.#options.orders;
      if (session === null) return { kind: 'unknown', cause: 'not connected to the Gateway' };
      const ended = () => this.#ended(orderId);
      return await this.#watch<CancelOutcome>(
        orderId,
        () => session.api.cancelOrder(orderId),
        (end) => ({
          status(status) {
            if (isCancelled(status)) end(ended());
            if (status === 'Filled') end({ kind: 'notOpen', code: 'FILLED', text: 'It was filled before.' });
          },
          error(code, text) {
            const meaning = meaningOf(code, text);
            if (meaning === 'warning') return;
            if (meaning === 'cancelled') end(ended());
            else if (meaning === 'notOpen') end({ kind: 'notOpen', code: String(code), text });
            else end({ kind: 'unknown', cause: `${code} ${text}` });
          },
          lost: (cause) => end({ kind: 'unknown', cause }),
        }),
      );
    } catch (error) {
      if (!(error instanceof VenueUnavailable)) throw error;
      return { kind: 'unknown', cause: error.message };
    }
  }

  /**
   * Executions from before the end are delivered only once their commission is known: until then the end is
   * not conclusive.
   */
  #ended(orderId: number): CancelOutcome {
    if (!this.#partlyFilled.has(orderId)) return { kind: 'cancelled' };
    return { kind: 'unknown', cause: 'it was cancelled after a part of it was filled' };
  }

  /** The protocol's id of an order that this process may not have placed itself. */
  async #orderId(clientId: string, instrument: InstrumentId): Promise<number | CancelOutcome> {
    await this.#own();
    const own = this.#ids.get(clientId);
    if (own !== undefined) return own;
    const everybodys = await this.#options.reading.ask(openOrders(false));
    const others = everybodys.find(({ order }) => order.orderRef === clientId);
    if (others !== undefined)
      return {
        kind: 'unknown',
        cause: `it was placed by client id ${others.order.clientId}, and only that one can cancel it`,
      };
    const found = await this.find(clientId, instrument);
    return {
      kind: 'notOpen',
      code: 'NOT_OPEN',
      text: found === null ? 'There is no such order.' : `It is ${found.state}.`,
    };
  }

  /**
   * Searches our open orders, then everybody's, then the completed ones, then today's executions: an order
   * that changes state meanwhile is in the next list. The first list is requested on the connection for
   * orders, where the answer covers everything sent before. Orders of another client id may be ours from when
   * this desk used that id.
   */
  async find(clientId: string, instrument: InstrumentId): Promise<VenueOrder | null> {
    const setup = verified(this.#options.setup());
    const contract = setup.contracts.get(instrument);
    if (contract === undefined) throw new VenueUnavailable(setup.closed.map(({ why }) => why).join('; '));
    // The caller assumes it is lost: it must not leave after the answer that there is no such order.
    if (this.#withdraw(clientId)) return null;
    const { reading } = this.#options;
    const is = ({ order }: ToldOrder) => order.orderRef === clientId;
    const told =
      (await this.#own()).find(is) ??
      (await reading.ask(openOrders(false))).find(is) ??
      (await reading.ask(completedOrders())).find(is);
    const said = this.saidOf(this.#ids.get(clientId));
    if (told !== undefined)
      return believed(this.#options.note, 'order', () => readOrder({ ...told, said }, contract));
    const executed = await reading.ask(executions(setup.account));
    // The list has what was corrected or taken back, too: only what stands is a fill. Its order is not promised: the
    // execution after which most was filled is the last.
    const [last] = believed(this.#options.note, 'execution', () => newestOf(executed))
      .flatMap(({ execution }) => (execution.orderRef === clientId ? [execution] : []))
      .sort((one, other) => (other.cumQty ?? 0) - (one.cumQty ?? 0));
    if (last === undefined) return null;
    // The Gateway has forgotten the order in a restart; its full quantity is no longer known.
    return believed(this.#options.note, 'execution', () =>
      readOrder(
        {
          contract: contract.contract,
          order: {
            ...{ orderRef: clientId, permId: last.permId, orderType: 'MKT', lmtPrice: 0, auxPrice: 0 },
            ...{ action: last.side === 'BOT' ? 'BUY' : 'SELL', totalQuantity: last.cumQty },
          } as Order,
          status: 'Filled',
          filled: last.cumQty ?? 0,
        },
        contract,
      ),
    );
  }

  /**
   * Everybody's open orders. The desk can't count an order in another contract: it is reported, not left out.
   */
  async open(): Promise<readonly VenueOrder[]> {
    const setup = verified(this.#options.setup());
    const told = await this.#options.reading.ask(openOrders(false));
    const foreign: string[] = [];
    const found = told
      .filter(({ order, status }) => order.account === setup.account && !isOver(status))
      .flatMap((one) => {
        const contract = setup.byConId.get(one.contract.conId ?? 0);
        if (contract !== undefined)
          return [believed(this.#options.note, 'open order', () => readOrder(one, contract))];
        const { action, totalQuantity } = one.order;
        foreign.push(`${action} ${totalQuantity} ${one.contract.localSymbol}`);
        return [];
      });
    if (foreign.length === 0) return found;
    throw new VenueUnavailable(
      `the account has open orders (${foreign.join(', ')}) in what this desk does not trade`,
    );
  }

  async #own(): Promise<readonly ToldOrder[]> {
    const told = await this.#options.orders.ask(openOrders(true));
    for (const one of told) this.#learn(one);
    return told;
  }

  #learn({ order }: ToldOrder): void {
    const { orderId = 0, orderRef = '', clientId } = order;
    if (clientId !== this.#options.clientId) return;
    this.#mind(orderId + 1);
    if (orderRef !== '') this.#ids.set(orderRef, orderId);
  }

  #watch<Outcome extends { readonly kind: string }>(
    orderId: number,
    send: () => void,
    watch: (end: (outcome: Outcome | { readonly kind: 'unknown'; readonly cause: string }) => void) => Watch,
  ): Promise<Outcome> {
    const { answerMs } = this.#options;
    return new Promise((resolve) => {
      const watches = this.#watches.get(orderId) ?? new Set();
      this.#watches.set(orderId, watches);
      const mine = watch((outcome) => {
        cancelTimer();
        watches.delete(mine);
        if (watches.size === 0) this.#watches.delete(orderId);
        resolve(outcome as Outcome);
      });
      const cancelTimer = after(answerMs, () => mine.lost(`no answer within ${answerMs} ms`));
      watches.add(mine);
      send();
    });
  }
}

function notSent(cause: string): SendOutcome {
  return { kind: 'rejected', code: NOT_SENT, text: `Not sent: ${cause}.` };
}
