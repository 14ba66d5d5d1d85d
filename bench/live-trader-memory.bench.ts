/** Memory of the trader process while it trades at the exchange's simulator, over the wire through the library. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startBinanceSimulator } from '../simulators/binance/start.js';
import { deskPaths, homePaths } from '../src/home/runtime.js';
import { connectTrader } from '../src/trader/client.js';
import { liveDeskText, vote } from '../test/go-live/support/live-desk.js';
import { deskUnderTest } from '../test/support/desk-under-test.js';
import { until } from '../test/support/eventually.js';
import { enrol } from '../test/support/own-keys.js';
import { TRADING_KEY } from '../test/venue-binance/support/raw-client.js';
import { atLength, print } from './print.js';
import { mebibytesOf } from './process-figures.js';

const MINUTES = Number(process.env.BENCH_MINUTES ?? atLength(10, 0.2));
const SAMPLE_MS = 5_000;

// Prices that wander quickly, so that averages of a few minutes cross again and again.
const exchange = await startBinanceSimulator({ walk: { everyMs: 20, ppm: 150 } });
const desk = deskUnderTest('crypto-live', {
  BINANCE_API_KEY: TRADING_KEY.apiKey,
  BINANCE_SECRET_KEY: TRADING_KEY.secret,
});
try {
  const file = join(desk.home, 'crypto-live.yaml');
  writeFileSync(
    file,
    liveDeskText().replace('fastBars: 60', 'fastBars: 2').replace('slowBars: 180', 'slowBars: 3'),
  );
  await desk.up('--desk', file, '--simulated-venue', exchange.address);
  enrol(desk.home, 'operator', 'second');
  const { controlSocket, decisionKey } = placesOf(desk.home);
  const trader = connectTrader(controlSocket);
  const now = await until('reconciled', async () => {
    const { reconciliation, ...status } = await desk.status();
    return reconciliation.state === 'clean' && status;
  });
  const { incarnation, configHash, haltId, pid } = now;
  const size = { maxPositionSizePct: 3, maxConcurrentPositions: 3 };
  const proposal = { release: 'bench', attempt: 1, step: 0, incarnation, configHash, haltId, size };
  const decisions = ['operator', 'second'].map((person) => vote(proposal, person, { key: decisionKey }));
  const why = { commandId: 'bench', by: 'operator', reason: 'benchmark' };
  await trader.call('goLive', { ...why, proposal, decisions }, { timeoutMs: 5000 });
  trader.close();
  let highest = 0;
  const endsAtMs = Date.now() + MINUTES * 60_000;
  while (Date.now() < endsAtMs) {
    await new Promise((settle) => setTimeout(settle, SAMPLE_MS));
    highest = Math.max(highest, mebibytesOf(pid, 'VmRSS'));
  }
  print('fills meanwhile', (await desk.status()).fills, 'fills');
  print(`trader memory at Binance after ${MINUTES} minutes`, mebibytesOf(pid, 'VmRSS'), 'MiB');
  print('most of it while trading', highest, 'MiB');
  print('its peak, while it started', mebibytesOf(pid, 'VmHWM'), 'MiB');
} finally {
  await desk.dispose();
  await exchange.close();
}

function placesOf(home: string) {
  const paths = homePaths(home);
  const decisionKey = readFileSync(join(paths.secrets, 'decision-key'), 'utf8').trim();
  return { controlSocket: deskPaths(paths, 'crypto-live').controlSocket, decisionKey };
}
