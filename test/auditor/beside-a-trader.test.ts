/** The auditor beside a trader that really trades: it agrees, until the venue's book is corrupted under both. */

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { createAudit } from '../../src/auditor/create-audit.js';
import { ownPrices } from '../../src/auditor/own-equity.js';
import { readPaperBook, startAuditor } from '../../src/auditor/start-auditor.js';
import { readLastAudit } from '../../src/home/last-audit.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { buildInstruments } from '../../src/trader/engine-config.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import type { BookRecord } from '../../src/venue/paper/book-record.js';
import { until } from '../support/eventually.js';
import { traderHome } from '../trader/spawn-trader.js';

const LOOKS = 12;

it('agrees with a trader that opens and closes positions, and stops it once the book is another', async () => {
  const home = traderHome();
  const { desk } = loadDesk(home.runtime.deskFile);
  const instruments = buildInstruments(desk);
  const { paperBook } = deskPaths(homePaths(home.runtime.home), desk.desk);
  const missing: string[] = [];
  let nowMs = 0;
  const audit = createAudit({
    trader: home.client,
    instruments,
    risk: desk.risk,
    readBook: () => readPaperBook(paperBook, instruments),
    readPrices: ownPrices(desk, instruments, null),
    onPricesMissing: (why) => missing.push(why),
    nowMs: () => nowMs,
  });
  /** So far apart that what was held three looks before is no excuse any more. */
  const look = () => {
    nowMs += 5_000;
    return audit();
  };
  await home.start();
  await home.arm();
  await home.until(({ positions }) => positions.length > 0, 120_000);
  for (let looks = 0; looks < LOOKS; looks += 1) {
    expect(await look()).toBeNull();
    // The trader hears of a fill once it is on the disk, and the auditor reads it there.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  expect(missing).toEqual([]);
  expect((await home.status()).positions.length + (await home.status()).fills).toBeGreaterThan(0);

  const auditor = await startAuditor(home.runtime);
  const last = () => readLastAudit(home.runtime.home);
  const { atMs } = await until('an audit', () => (last()?.atMs ? last() : null));
  expect([Date.now() - Number(atMs) < 60_000, last()?.problem]).toEqual([true, null]);
  await auditor.stop();

  // A fill that the trader never hears of: as if somebody had sold at the venue behind its back.
  const fill: BookRecord = {
    type: 'fill',
    fill: {
      tradeId: 'behind-its-back',
      clientId: 'nobody',
      symbol: 'BTC/USDT',
      side: 'buy',
      quantityLots: 700,
      priceTicks: 6_000_000,
      fee: 0,
      liquidity: 'taker',
      marketMs: 0,
      caughtUp: false,
    },
  };
  const body = `${Number.MAX_SAFE_INTEGER} ${JSON.stringify(fill)}`;
  // A file of its own in the place of the venue's, which goes on writing to the other one and covers nothing of this.
  const file = join(paperBook, 'book.jsonl');
  const whole = readFileSync(file, 'utf8').replace(/[^\n]*$/, '');
  writeFileSync(`${file}.other`, `${whole}${crc32(body).toString(16).padStart(8, '0')} ${body}\n`);
  renameSync(`${file}.other`, file);
  const said = await until('what the auditor says', look);
  expect(said).toMatch(/the venue's book differs from the trader's: .*BTC\/USDT/);
  expect((await home.status()).halts).toContainEqual(
    expect.objectContaining({ cause: 'auditor', resume: 'person' }),
  );
});
