/**
 * Unsolicited reports on the connection for orders, as the engine's events: fills, again once their commission
 * is told if that is late, and each order after its fills.
 */
import {
  type CommissionReport,
  type Contract,
  EventName,
  type Execution,
  type Order,
  type OrderState,
} from '@stoqey/ib';
import type { VenueStreamEvent } from '../port.js';
import { Unbelievable } from './decode.js';
import { type Commissions, isToldCost, readFill, revisionOf, type ToldTrades } from './fills.js';
import { readOrder } from './orders.js';
import { keyOf, statusOf, type ToldOrder, withStatus } from './questions.js';
import type { Setup } from './setup.js';

export interface LiveOptions {
  readonly setup: () => Setup | null;
  readonly simulated: boolean;
  readonly commissions: Commissions;
  readonly trades: ToldTrades;
  readonly emit: (event: VenueStreamEvent) => void;
  /** Something could not be believed or did not arrive, so the engine must reconcile. */
  readonly missed: (detail: string) => void;
  /** An execution that was not heard before. */
  readonly traded: (contract: Contract, execution: Execution) => void;
  /** A trade in a contract that is none of those traded: which ones are must be found again. */
  readonly unknown: (detail: string) => void;
  readonly note: (what: string, cause: string) => void;
  /** What the broker said last of the order that has this id of ours in the protocol. */
  readonly saidOf: (orderId: number | undefined) => string | undefined;
}

/**
 * How long an execution waits for its commission report, which normally follows at once. It has changed the
 * position, which then needs its stop, or no order any more: after this it is told with its expected cost.
 */
const COST_MS = 50;
/** A commission that is not told within this is looked for in the broker's list. */
const COST_READ_MS = 5_000;

interface Held {
  readonly contract: Contract;
  readonly execution: Execution;
  readonly revision: number;
  readonly timer: NodeJS.Timeout;
}

export class LiveEvents {
  readonly #options: LiveOptions;
  /** The last known state of each order. */
  readonly #orders = new Map<string, ToldOrder>();
  /** Executions without their commission yet, by trade: the latest correction of each. */
  readonly #held = new Map<string, Held>();
  /** Delivered with their expected cost, by trade. */
  readonly #unpriced = new Map<string, Held>();
  readonly #delivered = new Map<string, number>();

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  onEvent(event: EventName, args: readonly unknown[]): void {
    this.#believed(event, () => {
      if (event === EventName.openOrder) this.#onOrder(args as [number, Contract, Order, OrderState]);
      else if (event === EventName.orderStatus) this.#onStatus(args);
      else if (event === EventName.execDetails && args[0] === UNASKED)
        this.#onExecution(args[1] as Contract, args[2] as Execution);
      else if (event === EventName.commissionReport) this.#onCost(args[0] as CommissionReport);
    });
  }

  #believed(what: string, read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof Unbelievable)) throw error;
      this.#options.note(what, error.message);
      this.#options.missed(`an event of an order could not be believed: ${error.message}`);
    }
  }

  close(): void {
    for (const { timer } of [...this.#held.values(), ...this.#unpriced.values()]) clearTimeout(timer);
    this.#held.clear();
    this.#unpriced.clear();
  }

  #onOrder([orderId, contract, order, state]: [number, Contract, Order, OrderState]): void {
    const its = { ...order, orderId };
    const key = keyOf(its);
    if (key === null) return;
    const filled = this.#orders.get(key)?.filled ?? 0;
    this.#orders.set(key, { contract, order: its, status: String(state.status), filled });
  }

  #onStatus(args: readonly unknown[]): void {
    const status = statusOf(args);
    const key = keyOf(status.ids) ?? '';
    const known = this.#orders.get(key);
    if (known === undefined) return;
    const told = withStatus(known, status);
    this.#orders.set(key, told);
    this.#tell(told);
  }

  /** An order is delivered after its fills, which wait for their commission. */
  #tell(told: ToldOrder): void {
    // The broker does not have it yet.
    if ((told.order.permId ?? 0) === 0 || this.#isOthers(told.order.account)) return;
    const key = keyOf(told.order);
    if ([...this.#held.values()].some(({ execution }) => keyOf(execution) === key)) return;
    const contract = this.#options.setup()?.byConId.get(told.contract.conId ?? 0);
    if (contract === undefined) return;
    const said = this.#options.saidOf(told.order.orderId);
    this.#options.emit({ kind: 'order', order: readOrder({ ...told, said }, contract) });
  }

  /** The Gateway tells a client of its orders in every account of the login. */
  #isOthers(account: string | undefined): boolean {
    const own = this.#options.setup()?.account;
    return own !== undefined && account !== own;
  }

  #onExecution(contract: Contract, execution: Execution): void {
    if (this.#isOthers(execution.acctNumber)) return;
    const { tradeId, revision } = revisionOf(execution.execId ?? '');
    const before = this.#delivered.get(tradeId);
    const held = this.#held.get(tradeId);
    if (Math.max(before ?? -1, held?.revision ?? -1) >= revision) return;
    if (before !== undefined) {
      this.#delivered.set(tradeId, revision);
      const unpriced = this.#unpriced.get(tradeId);
      if (execution.shares === 0) {
        // Taken back, it costs nothing more.
        clearTimeout(unpriced?.timer);
        this.#unpriced.delete(tradeId);
      } else if (unpriced !== undefined) this.#unpriced.set(tradeId, { ...unpriced, execution, revision });
      // One in a contract that is not traded any more is told by the reading.
      if (!this.#corrects(tradeId, { contract, execution, revision }))
        this.#options.missed(`the broker has corrected the trade ${tradeId}`);
      return;
    }
    if (held === undefined) this.#options.traded(contract, execution);
    clearTimeout(held?.timer);
    if (execution.shares === 0) {
      this.#held.delete(tradeId);
      this.#delivered.set(tradeId, revision);
      this.#options.missed(`the broker has taken the trade ${tradeId} back`);
      return;
    }
    // A report that has arrived while this process was busy is heard first.
    const timer = setTimeout(() => setImmediate(() => this.#untold(tradeId, timer)), COST_MS);
    this.#held.set(tradeId, { contract, execution, revision, timer });
  }

  #corrects(tradeId: string, { contract, execution, revision }: Omit<Held, 'timer'>): boolean {
    const { setup, simulated, commissions, trades } = this.#options;
    if (execution.shares === 0) return trades(tradeId, revision, null);
    const market = setup()?.byConId.get(contract.conId ?? 0);
    if (market === undefined) return false;
    const fill = readFill({ contract, execution, cost: null }, market, simulated, commissions);
    return trades(tradeId, revision, fill);
  }

  #untold(tradeId: string, timer: NodeJS.Timeout): void {
    const held = this.#held.get(tradeId);
    if (held?.timer !== timer) return;
    const read = setTimeout(() => {
      this.#options.missed(`what the trade ${tradeId} cost was not told`);
    }, COST_READ_MS);
    this.#unpriced.set(tradeId, { ...held, timer: read });
    this.#believed(EventName.execDetails, () => this.#deliver(tradeId, held, null));
  }

  #onCost(cost: CommissionReport): void {
    if (!isToldCost(cost)) return;
    const { tradeId, revision } = revisionOf(cost.execId ?? '');
    const held = this.#held.get(tradeId) ?? this.#unpriced.get(tradeId);
    if (held?.revision !== revision) return;
    clearTimeout(held.timer);
    this.#unpriced.delete(tradeId);
    this.#deliver(tradeId, held, cost);
  }

  #deliver(tradeId: string, held: Held, cost: CommissionReport | null): void {
    this.#held.delete(tradeId);
    // The account may have been verified only since it was heard.
    if (this.#isOthers(held.execution.acctNumber)) return;
    const contract = this.#options.setup()?.byConId.get(held.contract.conId ?? 0);
    if (contract === undefined) {
      // For example of an order that rested in the month before.
      this.#delivered.set(tradeId, held.revision);
      this.#options.unknown(
        `the broker tells a trade in ${held.contract.localSymbol}, which is not traded now`,
      );
      return;
    }
    const { simulated, commissions, trades } = this.#options;
    const fill = readFill({ ...held, cost }, contract, simulated, commissions);
    trades(tradeId, held.revision, fill);
    this.#delivered.set(tradeId, held.revision);
    this.#options.emit({ kind: 'fill', fill });
    const order = this.#orders.get(keyOf(held.execution) ?? '');
    if (order !== undefined && order.status !== '') this.#tell(order);
  }
}

/** The request id of an execution that was not requested. */
const UNASKED = -1;
