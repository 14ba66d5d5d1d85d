import type { OrderIntent } from '../../src/domain/order.js';
import type { Approved } from '../../src/limits/gate.js';

let sequence = 0;

/** An entry at the market, as the risk gate would let it through; each with a client id of its own. */
export function approved(part: Partial<OrderIntent> = {}): Approved<OrderIntent> {
  sequence += 1;
  const order: OrderIntent = {
    clientId: `fabcdef${sequence.toString(36)}`,
    instrument: 0,
    strategy: 'test',
    purpose: 'entry',
    side: 'buy',
    type: 'market',
    quantityLots: 1000,
    limitTicks: null,
    stopTicks: null,
    protectTicks: null,
    reduceOnly: false,
    timeInForce: 'GTC',
    ...part,
  };
  return order as Approved<OrderIntent>;
}
