/** Wall time of a validation of 48 hours of minutes of two instruments, as its own process does it: journal on disk. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepRequest, validationPlace } from '../src/validation/request.js';
import { runValidation } from '../src/validation/run.js';
import { loadDesk } from '../src/venue/load-desk.js';
import { print } from './print.js';

const HOUR_MS = 3_600_000;
const RECORDED = ['BTC/USDT', 'ETH/USDT'].map((symbol) => ({
  symbol,
  file: `../shared/data/binanceusdm-${symbol.replace('/', '')}-1m-2025-05_06.csv.gz`,
}));

async function measure(name: string, kind: 'recorded' | 'simulated'): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'fermata-bench-'));
  try {
    const loaded = loadDesk('desks/crypto-bot/desk.yaml');
    const { desk, configHash } = loaded;
    const files = kind === 'recorded' ? RECORDED : [];
    const market = { kind, files, speed: null, seed: undefined, exitAtEnd: false };
    const asked = { criteria: desk.goLive.criteria, reportFolder: home, requestedBy: 'bench' };
    const what = {
      version: 1,
      id: 'bench',
      desk: desk.desk,
      configHash,
      createdMs: 1_700_000_000_000,
    } as const;
    keepRequest(home, { ...what, durationMs: 48 * HOUR_MS, market, ...asked }, loaded);
    const startedMs = performance.now();
    const report = await runValidation(validationPlace(home, 'bench').directory);
    print(`48 h of two instruments, ${name}`, (performance.now() - startedMs) / 1000, 's');
    print(`fills in them, ${name}`, report.results.fills, 'fills');
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

await measure('simulated minutes', 'simulated');
if (RECORDED.every(({ file }) => existsSync(file))) await measure('recorded minutes', 'recorded');
else console.error('recorded minutes are not here: skipped');
