/**
 * 20 positions with their stops resting at the exchange's simulator, over the wire through the library: from the request
 * to close all to flat proven by reading the account back. With slow answers, and with one answer in five spoilt.
 */
import { deskAtBinance, FAULTS } from '../test/support/desk-at-binance.js';
import { atLength } from './print.js';
import { printClosing } from './print-closing.js';

for (const latencyMs of atLength([0, 100, 250], [0]))
  await printClosing(`at Binance, answers after ${latencyMs} ms`, await deskAtBinance({ latencyMs }));
for (const [name, fault] of atLength(FAULTS, FAULTS.slice(0, 1)))
  await printClosing(`at Binance, one answer in five ${name}`, await deskAtBinance({ latencyMs: 20, fault }));
