/**
 * What the page weighs, and how long it takes from its address to a stop button that says what the desk does, to its charts,
 * and until nothing keeps a tap waiting any more: that button is there, and the last task of more than 50 ms is over, which
 * is known once none has come for some seconds.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium, type Page } from 'playwright-core';
import { PASSWORD, startWebUnderTest } from '../test/api/web-under-test.js';
import { walk } from '../test/page/candle-walk.js';
import { scriptedStatus } from '../test/support/trader-status.js';
import { atLength, median, print } from './print.js';

const RUNS = atLength(15, 1);
const QUIET_MS = atLength(5_000, 500);
const QUIET_WITHIN_MS = 60_000;

interface Visit {
  readonly name: string;
  /** As a phone of some years is slower than this machine. */
  readonly slower: number;
  /** Nothing of the page is on the device, and it comes by a slow mobile network. */
  readonly isFirst: boolean;
}

const VISITS: readonly Visit[] = [
  { name: 'here', slower: 1, isFirst: false },
  { name: '4 times slower', slower: 4, isFirst: false },
  { name: '4 times slower, first visit by slow 4G', slower: 4, isFirst: true },
];
/** 150 ms a request, 1.6 Mbit/s down, 0.75 up. */
const SLOW_4G = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 93_750 };
const NO_LIMIT = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };

const ASSETS = resolve(import.meta.dirname, '../dist/dashboard/assets');

const weights = readdirSync(ASSETS).map((name) => ({
  name,
  kilobytes: gzipSync(readFileSync(resolve(ASSETS, name)), { level: 9 }).length / 1000,
}));
const sum = (some: typeof weights): number => some.reduce((total, { kilobytes }) => total + kilobytes, 0);
print('page, compressed', sum(weights), 'kB');
print(
  'of it before the buttons are there',
  sum(weights.filter(({ name }) => name.startsWith('index'))),
  'kB',
);

const web = await startWebUnderTest(null);
web.trader.bars = walk(1_000, scriptedStatus().marketData.marketMs);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  page.setDefaultTimeout(60_000);
  await page.goto(web.origin);
  await page.getByLabel('User').fill('operator');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const stop = page.getByRole('button', { name: 'Stop', exact: true });
  await stop.waitFor();
  await page.addInitScript(() => {
    const ends: number[] = [];
    const watch = new PerformanceObserver((tasks) => {
      ends.push(...tasks.getEntries().map(({ startTime, duration }) => startTime + duration));
    });
    watch.observe({ type: 'longtask', buffered: true });
    Object.assign(globalThis, { longTaskEnds: ends });
  });
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  for (const { name, slower, isFirst } of VISITS) {
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: slower });
    await devtools.send('Network.setCacheDisabled', { cacheDisabled: isFirst });
    await devtools.send('Network.emulateNetworkConditions', isFirst ? SLOW_4G : NO_LIMIT);
    const ready: number[] = [];
    const drawn: number[] = [];
    const interactive: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const from = performance.now();
      const since = (): number => performance.now() - from;
      await page.reload({ waitUntil: 'commit' });
      await page.getByTestId('mode').filter({ hasText: 'ACTIVE' }).waitFor();
      const readyMs = since();
      await page
        .getByRole('img', { name: /candles/ })
        .locator('canvas')
        .first()
        .waitFor();
      ready.push(readyMs);
      drawn.push(since());
      const busyUntil = await endOfLongTasks(page);
      interactive.push(Math.max(readyMs, busyUntil - (performance.timeOrigin + from)));
    }
    print(`stop button and mode, ${name}`, median(ready), 'ms');
    print(`charts, ${name}`, median(drawn), 'ms');
    print(`interactive, ${name}`, median(interactive), 'ms');
  }
} finally {
  await browser.close();
  await web.stop();
}
process.exit(0);

/** When the last of them ended, in milliseconds since 1970; 0 without one. */
async function endOfLongTasks(page: Page): Promise<number> {
  const read = (quietMs: number): number | null => {
    const { longTaskEnds } = globalThis as unknown as { longTaskEnds: readonly number[] };
    const last = Math.max(0, ...longTaskEnds);
    if (performance.now() - last < quietMs) return null;
    return last === 0 ? 0 : performance.timeOrigin + last;
  };
  const untilMs = performance.now() + QUIET_WITHIN_MS;
  for (;;) {
    const end = await page.evaluate(read, QUIET_MS);
    if (end !== null) return end;
    if (performance.now() > untilMs) {
      // Beside everything else of a smoke run it may never be; no figure of one is judged.
      if (atLength(false, true)) return Date.now();
      throw new Error(`the page was never quiet for ${QUIET_MS} ms within ${QUIET_WITHIN_MS / 1000} s`);
    }
    await page.waitForTimeout(QUIET_MS / 10);
  }
}
