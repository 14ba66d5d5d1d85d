/** The questions about the account, and how their answers are collected. */
import {
  type CommissionReport,
  type Contract,
  EventName,
  type Execution,
  type Order,
  type OrderState,
} from '@stoqey/ib';
import { numberOf, textOf } from './decode.js';
import type { Question } from './gateway.js';

export interface ToldPosition {
  readonly account: string;
  readonly contract: Contract;
  readonly quantity: number;
  readonly averageCost: number;
}

export function positions(): Question<readonly ToldPosition[]> {
  // A position that changes meanwhile is sent again: the last one counts.
  const found = new Map<string, ToldPosition>();
  return {
    name: 'positions',
    alone: true,
    send: (api) => api.reqPositions(),
    hear(event, [account, its, quantity, averageCost], _id, done) {
      if (event === EventName.position) {
        const contract = its as Contract;
        found.set(`${textOf(account, 'account')} ${numberOf(contract.conId, 'conId')}`, {
          account: textOf(account, 'account'),
          contract,
          quantity: numberOf(quantity, 'position'),
          averageCost: numberOf(averageCost, 'average cost'),
        });
      }
      if (event === EventName.positionEnd) done([...found.values()]);
    },
    // Otherwise every change would be sent.
    cancel: (api) => api.cancelPositions(),
  };
}

/** Interest not posted yet; part of the net liquidation, and left out if there never was any. */
export const ACCRUED = 'AccruedCash';

/** Amounts of the account in its currency, by tag. */
export function ledger(account: string, currency: string): Question<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  return {
    name: 'ledger',
    send: (api, id) => api.reqAccountSummary(id, 'All', `$LEDGER:${currency}`),
    hear(event, [its, whose, tag, value], id, done) {
      if (its !== id) return;
      if (event === EventName.accountSummary && whose === account) found.set(String(tag), String(value));
      if (event === EventName.accountSummaryEnd) done(found);
    },
    cancel: (api, id) => api.cancelAccountSummary(id),
  };
}

export interface ToldExecution {
  readonly contract: Contract;
  readonly execution: Execution;
  /** Null: not received yet. */
  readonly cost: CommissionReport | null;
}

/** Executions since midnight in the Gateway's time zone; older ones are gone. */
export function executions(account: string): Question<readonly ToldExecution[]> {
  const found: { contract: Contract; execution: Execution }[] = [];
  const costs = new Map<string, CommissionReport>();
  return {
    name: 'executions',
    send: (api, id) => api.reqExecutions(id, { acctCode: account }),
    hear(event, args, id, done) {
      if (event === EventName.commissionReport) {
        const report = args[0] as CommissionReport;
        costs.set(report.execId ?? '', report);
      }
      if (args[0] !== id) return;
      if (event === EventName.execDetails)
        found.push({ contract: args[1] as Contract, execution: args[2] as Execution });
      if (event === EventName.execDetailsEnd)
        done(found.map((one) => ({ ...one, cost: costs.get(one.execution.execId ?? '') ?? null })));
    },
  };
}

export interface ToldOrder {
  readonly contract: Contract;
  readonly order: Order;
  readonly status: string;
  readonly filled: number;
  /** What the broker said of it last that may be why it is rejected. */
  readonly said?: string | undefined;
}

/**
 * Identifies an order by the client that placed it and that client's id, or an order typed by hand by the
 * broker's id, which is 0 until the broker has the order. Null if it has neither.
 */
export function keyOf({ clientId, orderId = 0, permId = 0 }: Partial<Order & Execution>): string | null {
  if (orderId > 0) return `${clientId}:${orderId}`;
  return permId > 0 ? `${permId}` : null;
}

/** The ids, status and filled quantity in an `orderStatus` event. */
export function statusOf(args: readonly unknown[]) {
  const [orderId, status, filled, , , permId, , , clientId] = args;
  return {
    ids: { orderId: Number(orderId), permId: Number(permId), clientId: Number(clientId) },
    status: String(status),
    filled: numberOf(filled, 'filled'),
  };
}

/** The order as last received, with its newest status. */
export function withStatus(told: ToldOrder, { ids, status, filled }: ReturnType<typeof statusOf>): ToldOrder {
  const order = ids.permId > 0 ? { ...told.order, permId: ids.permId } : told.order;
  return { ...told, order, status, filled };
}

/** `own`: the orders of this connection's client id; otherwise everybody's. */
export function openOrders(own: boolean): Question<readonly ToldOrder[]> {
  const found = new Map<string, ToldOrder>();
  return {
    name: 'open orders',
    alone: true,
    send: (api) => (own ? api.reqOpenOrders() : api.reqAllOpenOrders()),
    hear(event, args, _id, done) {
      // The answer to a what-if question looks like an order but is not one.
      if (event === EventName.openOrder && (args[2] as Order).whatIf !== true) {
        const [orderId, contract, order, state] = args as [number, Contract, Order, OrderState];
        const told = { contract, order: { ...order, orderId }, status: String(state.status), filled: 0 };
        found.set(keyOf(told.order) ?? `without ids ${found.size}`, told);
      }
      if (event === EventName.orderStatus) {
        const told = statusOf(args);
        const key = keyOf(told.ids) ?? '';
        const before = found.get(key);
        if (before !== undefined) found.set(key, withStatus(before, told));
      }
      if (event === EventName.openOrderEnd) done([...found.values()]);
    },
  };
}

/** Orders that have ended since the Gateway started. */
export function completedOrders(): Question<readonly ToldOrder[]> {
  const found: ToldOrder[] = [];
  return {
    name: 'completed orders',
    alone: true,
    send: (api) => api.reqCompletedOrders(false),
    hear(event, [contract, order, state], _id, done) {
      if (event === EventName.completedOrder) {
        const its = order as Order;
        found.push({
          contract: contract as Contract,
          order: its,
          status: String((state as OrderState).status),
          filled: numberOf(its.filledQuantity ?? 0, 'filled'),
        });
      }
      if (event === EventName.completedOrdersEnd) done(found);
    },
  };
}
