/** What the page weighs, and how long it takes from its address to a stop button that says what the desk does, and to its charts. */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { PASSWORD, startWebUnderTest } from '../test/api/web-under-test.js';
import { walk } from '../test/page/candle-walk.js';
import { scriptedStatus } from '../test/support/trader-status.js';
import { atLength, median, print } from './print.js';

const RUNS = atLength(15, 2);
/** As a phone of some years is slower than this machine. */
const PHONE_SLOWER = 4;
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
  await page.goto(web.origin);
  await page.getByLabel('User').fill('operator');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const stop = page.getByRole('button', { name: 'Stop', exact: true });
  await stop.waitFor();
  const devtools = await page.context().newCDPSession(page);
  for (const slower of [1, PHONE_SLOWER]) {
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: slower });
    const ready: number[] = [];
    const drawn: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const from = performance.now();
      await page.reload({ waitUntil: 'commit' });
      await page.getByTestId('mode').filter({ hasText: 'ACTIVE' }).waitFor();
      ready.push(performance.now() - from);
      await page
        .getByRole('img', { name: /candles/ })
        .locator('canvas')
        .first()
        .waitFor();
      drawn.push(performance.now() - from);
    }
    const where = slower === 1 ? 'here' : `${slower} times slower`;
    print(`stop button and mode, ${where}`, median(ready), 'ms');
    print(`charts, ${where}`, median(drawn), 'ms');
  }
} finally {
  await browser.close();
  await web.stop();
}
process.exit(0);
