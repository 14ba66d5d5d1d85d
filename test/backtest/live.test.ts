import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import type { Fill, OrderIntent } from '../../src/domain/order.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { temporaryFolder, waves, writeMinutes } from '../validation/support/validations.js';
import { backtest } from './support/backtests.js';
import { liveRun } from './support/live-runs.js';

it('probe', async () => {
  const folder = temporaryFolder();
  const ripple = (at: number): number => {
    const half = at % 48 < 24 ? 12 : 4;
    return 700 * Math.abs((at % (2 * half)) - half);
  };
  const minutes = waves(144).map((minute, at) => {
    const [open, close] = [minute.open + ripple(at), minute.close + ripple(at + 1)];
    return { ...minute, open, close, high: Math.max(open, close) + 3, low: Math.min(open, close) - 40 };
  });
  const file = writeMinutes(folder, minutes);
  const document = parseDocument(readFileSync(resolveDesk('crypto-bot'), 'utf8'));
  document.deleteIn(['instruments', 1]);
  document.setIn(['strategies', 0, 'symbols'], ['BTC/USDT']);
  document.setIn(['paper', 'slippageTicks'], 0);
  const quick = { fastBars: 3, slowBars: 7, atrBars: 5, atrStopMultiple: 1 };
  for (const [name, value] of Object.entries(quick)) document.setIn(['strategies', 0, 'parameters', name], value);
  const deskFile = join(folder, 'desk.yaml');
  writeFileSync(deskFile, String(document));
  const loaded = loadDesk(deskFile);
  const { desk, configHash } = loaded;
  const shown = (fill: Fill, intent: OrderIntent | undefined): string =>
    [
      Math.floor(fill.marketMs / 20_000), intent?.purpose, intent?.type, fill.side, fill.quantityLots,
      fill.priceTicks, fill.liquidity, fill.fee, JSON.stringify(fill.feeIn),
    ].join(' ');
  const { measure } = await backtest(file, { desk, configHash });
  const inBacktest = measure!.fills.map((fill) => shown(fill, measure!.orders.get(fill.clientId)?.intent));
  const t = performance.now();
  const live = await liveRun({ loaded, files: [{ symbol: 'BTC/USDT', file }], latencyMs: 20 });
  console.log('took', performance.now() - t, live.requests.length);
  expect(live.fills.map((fill) => shown(fill, live.orders.get(fill.clientId)))).toEqual(inBacktest);
});
