import { once } from 'node:events';
import { expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import type { Fill, OrderIntent } from '../../src/domain/order.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { keepRequest, validationPlace } from '../../src/validation/request.js';
import { runValidation } from '../../src/validation/run.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { backtest } from '../backtest/support/backtests.js';
import { traderHome } from '../trader/spawn-trader.js';
import {
  MINUTE_MS,
  recorded,
  temporaryFolder,
  waves,
  writeMinutes,
} from '../validation/support/validations.js';

const MINUTES = 144;
/** Market minutes a minute. From price to price it is a third of a second then, many times what an order takes. */
const SPEED = 60;
const THIRD_MS = MINUTE_MS / 3;

/** One coin, and averages that cross all the time. */
function oneCoin(text: string): string {
  const document = parseDocument(text);
  document.deleteIn(['instruments', 1]);
  document.setIn(['strategies', 0, 'symbols'], ['BTC/USDT']);
  const quick = { fastBars: 3, slowBars: 7, atrBars: 5, atrStopMultiple: 1 };
  for (const [name, value] of Object.entries(quick))
    document.setIn(['strategies', 0, 'parameters', name], value);
  return String(document);
}

/** The third of a minute in which it was, that is: at which price of the recording. */
const shown = (fill: Fill, intent: OrderIntent | undefined): string =>
  [
    ...[Math.floor(fill.marketMs / THIRD_MS), intent?.purpose, intent?.type, fill.side, fill.quantityLots],
    ...[fill.priceTicks, fill.liquidity, fill.fee],
  ].join(' ');

function journalFills(journal: string): readonly string[] {
  const orders = new Map<string, OrderIntent>();
  const fills: string[] = [];
  for (const { record } of readJournal(journal)) {
    if (record.type === 'order.intended') orders.set(record.order.clientId, record.order);
    if (record.type === 'fill') fills.push(shown(record.fill, orders.get(record.fill.clientId)));
  }
  return fills;
}

it('a backtest, a validation and a trader on paper come to the same fills on one recording, price by price', async () => {
  const folder = temporaryFolder();
  // Ripples on the waves: on long ones the averages cross, short ones turn right after an entry, so that stops go off.
  const ripple = (at: number): number => {
    const half = at % 48 < 24 ? 12 : 4;
    return 700 * Math.abs((at % (2 * half)) - half);
  };
  const minutes = waves(MINUTES).map((minute, at) => {
    const [open, close] = [minute.open + ripple(at), minute.close + ripple(at + 1)];
    return { ...minute, open, close, high: Math.max(open, close) + 3, low: Math.min(open, close) - 40 };
  });
  const file = writeMinutes(folder, minutes);
  const home = traderHome({
    edit: oneCoin,
    market: { kind: 'recorded', files: [{ symbol: 'BTC/USDT', file }], speed: SPEED, exitAtEnd: true },
  });
  const loaded = loadDesk(home.runtime.deskFile);

  const { desk, configHash } = loaded;
  const { kept } = await backtest(file, { desk, configHash });
  const inBacktest = kept.fills.map((fill) => shown(fill, kept.orders.get(fill.clientId)?.intent));
  expect(inBacktest.length).toBeGreaterThan(15);
  expect(inBacktest.filter((line) => line.includes('protective')).length).toBeGreaterThan(0);

  keepRequest(
    folder,
    {
      ...{ version: 1, id: 'v1', desk: desk.desk, configHash, createdMs: 0, requestedBy: 'operator' },
      ...{ market: recorded(file), durationMs: MINUTES * MINUTE_MS, reportFolder: folder },
      criteria: desk.goLive.criteria,
    },
    loaded,
  );
  await runValidation(validationPlace(folder, 'v1').directory);
  expect(journalFills(validationPlace(folder, 'v1').journal)).toEqual(inBacktest);

  const trader = await home.start();
  const ended = once(trader.child, 'message');
  await home.arm();
  expect((await ended)[0]).toMatchObject({ type: 'ended' });
  trader.child.kill('SIGTERM');
  await trader.exited;
  expect(journalFills(home.journal)).toEqual(inBacktest);
});
