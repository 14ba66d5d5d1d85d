/** Memory of the trader process after ten minutes at 1,000 quotes a second of the simulated market, while it trades. */

import { deskUnderTest } from '../test/support/desk-under-test.js';
import { until } from '../test/support/eventually.js';
import { atLength, print } from './print.js';
import { mebibytesOf } from './process-figures.js';

const MINUTES = Number(process.env.BENCH_MINUTES ?? atLength(10, 0.2));
const QUOTES_A_SECOND = 1000;
/** Two instruments with twelve quotes each a market minute. */
const QUOTES_A_MARKET_MINUTE = 24;
const SAMPLE_MS = 5_000;

const desk = deskUnderTest();
try {
  const speed = (QUOTES_A_SECOND / QUOTES_A_MARKET_MINUTE) * 60;
  await desk.up('--market', 'simulated', '--speed', String(Math.round(speed)));
  const started = await until('ACTIVE', async () => {
    const now = await desk.status();
    return now.mode === 'ACTIVE' ? now : null;
  });
  let peak = 0;
  const endsAtMs = Date.now() + MINUTES * 60_000;
  while (Date.now() < endsAtMs) {
    await new Promise((settle) => setTimeout(settle, SAMPLE_MS));
    peak = Math.max(peak, mebibytesOf(started.pid, 'VmRSS'));
  }
  const ended = await desk.status();
  const marketMinutes = (ended.marketData.marketMs - started.marketData.marketMs) / 60_000;
  print('quotes a second', (marketMinutes * QUOTES_A_MARKET_MINUTE) / (MINUTES * 60), '1/s');
  print('fills meanwhile', ended.fills - started.fills, 'fills');
  print(`trader memory after ${MINUTES} minutes`, mebibytesOf(ended.pid, 'VmRSS'), 'MiB');
  print('peak of it', peak, 'MiB');
} finally {
  await desk.dispose();
}
