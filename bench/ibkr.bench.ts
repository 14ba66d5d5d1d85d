/**
 * Interactive Brokers at a simulated Gateway, over the wire through the library: 20 brackets from the request to close all to
 * flat proven by reading the account back, with slow messages and with one in five about orders spoilt; a cancel behind 200
 * readings of the account; and from a bar to its order at the broker.
 */
import { approved } from '../test/support/approved-order.js';
import { type DeskAtGateway, deskAtGateway, GATEWAY_FAULTS } from '../test/support/desk-at-gateway.js';
import { atLength, median, print } from './print.js';
import { printClosing } from './print-closing.js';

const READINGS = 200;
const CANCELS = atLength(5, 1);

for (const latencyMs of atLength([0, 100, 250], [0])) {
  const at = await deskAtGateway({ latencyMs });
  if (latencyMs === 0) {
    print('from a bar to its order at the broker', at.enteredAfterMs, 'ms');
    print(`a cancel behind ${READINGS} readings of the account`, await cancelBehindReadings(at), 'ms');
  }
  await printClosing(`brackets, messages after ${latencyMs} ms`, at);
}
for (const [name, fault] of atLength(GATEWAY_FAULTS, []))
  await printClosing(`brackets, one in five ${name}`, await deskAtGateway({ fault }));

/** Until the broker has said that it is cancelled. */
async function cancelBehindReadings({ venue }: DeskAtGateway): Promise<number> {
  const took: number[] = [];
  for (let run = 0; run < CANCELS; run += 1) {
    const order = approved({ type: 'limit', limitTicks: 5_000, quantityLots: 1 });
    const placed = await venue.submit(order);
    if (placed.kind !== 'accepted') throw new Error(`the order to cancel was not accepted: ${placed.kind}`);
    const readings = Array.from({ length: READINGS }, () => venue.fillsSince(0).catch(() => []));
    const beganAtMs = performance.now();
    const outcome = await venue.cancel(order.clientId, order.instrument);
    took.push(performance.now() - beganAtMs);
    if (outcome.kind !== 'cancelled') throw new Error(`not cancelled: ${outcome.kind}`);
    await Promise.all(readings);
  }
  return median(took);
}
