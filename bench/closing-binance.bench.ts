/**
 * 20 positions with their stops resting at the exchange's simulator, over the wire through the library: from the request
 * to close all to flat proven by reading the account back. With slow answers, and with one answer in five spoilt.
 */
import { deskAtBinance, FAULTS } from '../test/support/desk-at-binance.js';
import { atLength, print } from './print.js';

for (const latencyMs of atLength([0, 100, 250], [0])) {
  const at = await deskAtBinance({ latencyMs });
  const { flat, tookMs } = await at.closeAll();
  if (!flat) throw new Error(`not flat with answers after ${latencyMs} ms`);
  print(`close-all of 20 at Binance, answers after ${latencyMs} ms, to flat proven`, tookMs, 'ms');
  await at.close();
}
for (const [name, fault] of atLength(FAULTS, FAULTS.slice(0, 1))) {
  const at = await deskAtBinance({ latencyMs: 20, fault });
  const { flat, tookMs } = await at.closeAll();
  if (!flat) throw new Error(`not flat with one answer in five ${name}`);
  print(`close-all of 20 at Binance, one answer in five ${name}, to flat proven`, tookMs, 'ms');
  await at.close();
}
