/**
 * Which client id belongs to which order of the venue. Executions carry only the venue's own id, and asking for the
 * client id costs as much as reading the executions, so each one that an answer or the stream has told is kept.
 */
export interface OrderFacts {
  readonly clientId: string;
  readonly createdMs: number;
}

export interface OrderMemory {
  learn(symbol: string, orderId: number, facts: OrderFacts): void;
  known(symbol: string, orderId: number): OrderFacts | undefined;
}

const KEPT = 10_000;

export function createOrderMemory(): OrderMemory {
  const orders = new Map<string, OrderFacts>();
  return {
    learn(symbol, orderId, facts) {
      orders.set(`${symbol} ${orderId}`, facts);
      if (orders.size > KEPT) orders.delete(orders.keys().next().value as string);
    },
    known: (symbol, orderId) => orders.get(`${symbol} ${orderId}`),
  };
}
