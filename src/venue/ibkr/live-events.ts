/**
 * Unsolicited reports on the connection for orders, as the engine's events: fills with their commission, and
 * each order after its fills.
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
import { isNone, Unbelievable } from './decode.js';
import { readFill, revisionOf } from './fills.js';
import { readOrder } from './orders.js';
import { keyOf, statusOf, type ToldOrder, withStatus } from './questions.js';
import type { Setup } from './setup.js';

export interface LiveOptions {
  readonly setup: () => Setup | null;
  readonly simulated: boolean;
  readonly emit: (event: VenueStreamEvent) => void;
  /** Something could not be believed or did not arrive, so the engine must reconcile. */
  readonly missed: (detail: string) => void;
  readonly note: (what: string, cause: string) => void;
}

/** How long an execution waits for its commission report, which normally follows at once. */
const COST_MS = 5_000;

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
  readonly #delivered = new Map<string, number>();

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  onEvent(event: EventName, args: readonly unknown[]): void {
    try {
      if (event === EventName.openOrder) this.#onOrder(args as [number, Contract, Order, OrderState]);
      else if (event === EventName.orderStatus) this.#onStatus(args);
      else if (event === EventName.execDetails && args[0] === UNASKED)
        this.#onExecution(args[1] as Contract, args[2] as Execution);
      else if (event === EventName.commissionReport) this.#onCost(args[0] as CommissionReport);
    } catch (error) {
      if (!(error instanceof Unbelievable)) throw error;
      this.#options.note(event, error.message);
      this.#options.missed(`an event of an order could not be believed: ${error.message}`);
    }
  }

  close(): void {
    for (const { timer } of this.#held.values()) clearTimeout(timer);
    this.#held.clear();
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
    if ((told.order.permId ?? 0) === 0) return;
    const key = keyOf(told.order);
    if ([...this.#held.values()].some(({ execution }) => keyOf(execution) === key)) return;
    const contract = this.#options.setup()?.byConId.get(told.contract.conId ?? 0);
    if (contract !== undefined) this.#options.emit({ kind: 'order', order: readOrder(told, contract) });
  }

  #onExecution(contract: Contract, execution: Execution): void {
    const { tradeId, revision } = revisionOf(execution.execId ?? '');
    const before = this.#delivered.get(tradeId);
    const held = this.#held.get(tradeId);
    if (Math.max(before ?? -1, held?.revision ?? -1) >= revision) return;
    // A fill that was already booked has been corrected: the account must be read, and a person must explain
    // the difference.
    if (before !== undefined) {
      this.#delivered.set(tradeId, revision);
      this.#options.missed(`the broker has corrected the trade ${tradeId}`);
      return;
    }
    clearTimeout(held?.timer);
    if (execution.shares === 0) {
      this.#held.delete(tradeId);
      this.#delivered.set(tradeId, revision);
      this.#options.missed(`the broker has taken the trade ${tradeId} back`);
      return;
    }
    const timer = setTimeout(() => {
      this.#held.delete(tradeId);
      this.#options.missed(`what the trade ${tradeId} cost was not told`);
    }, COST_MS);
    this.#held.set(tradeId, { contract, execution, revision, timer });
  }

  #onCost(cost: CommissionReport): void {
    if (isNone(cost.commission)) return;
    const { tradeId, revision } = revisionOf(cost.execId ?? '');
    const held = this.#held.get(tradeId);
    if (held?.revision !== revision) return;
    clearTimeout(held.timer);
    this.#held.delete(tradeId);
    const contract = this.#options.setup()?.byConId.get(held.contract.conId ?? 0);
    if (contract === undefined) return;
    const fill = readFill({ ...held, cost }, contract, this.#options.simulated);
    this.#delivered.set(tradeId, revision);
    if (fill !== null) this.#options.emit({ kind: 'fill', fill });
    const order = this.#orders.get(keyOf(held.execution) ?? '');
    if (order !== undefined && order.status !== '') this.#tell(order);
  }
}

/** The request id of an execution that was not requested. */
const UNASKED = -1;
