/**
 * Which client id an order of the venue has. Executions carry the venue's own id only, and to ask for the other costs as
 * much as to read them: what an answer or the stream has told once is kept.
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
