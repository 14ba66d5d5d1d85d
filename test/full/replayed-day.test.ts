import { expect, it } from 'vitest';
import { decideAgain } from '../../src/backtest/past-day/decide-again.js';
import { recordedDays } from '../../src/backtest/past-day/read-days.js';
import type { SeenBar } from '../../src/contracts/market-feed.js';
import { parseDecimal } from '../../src/domain/decimal.js';
import { spreadTicksOf } from '../../src/market/spread.js';
import { buildInstruments, engineConfig } from '../../src/trader/engine-config.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { PAPER_CAPABILITIES } from '../../src/venue/paper/capabilities.js';
import { until } from '../support/eventually.js';
import { type TraderHome, traderHome } from '../trader/spawn-trader.js';

const ENTRIES = 6;

/** All that the trader has shown its strategies so far, by their ends. */
async function shownBars({ client, runtime }: TraderHome): Promise<readonly SeenBar[]> {
  const { desk } = loadDesk(runtime.deskFile);
  const bars = await Promise.all(
    buildInstruments(desk).map(async ({ id, symbol, tickSize, lotSize }) => {
      const { bars: shown } = await client.call(
        'bars',
        { symbol, count: 1_000, sinceMs: 0 },
        { timeoutMs: 20_000 },
      );
      return shown.map(
        ({ openMs, spanMs, open, high, low, close, volume, bid, ask }): SeenBar => ({
          ...{ instrument: id, openMs, spanMs, volumeLots: parseDecimal(volume ?? '0', lotSize) },
          ...{ openTicks: parseDecimal(open, tickSize), highTicks: parseDecimal(high, tickSize) },
          ...{ lowTicks: parseDecimal(low, tickSize), closeTicks: parseDecimal(close, tickSize) },
          ...(bid === null || ask === null
            ? {}
            : { quote: { bidTicks: parseDecimal(bid, tickSize), askTicks: parseDecimal(ask, tickSize) } }),
        }),
      );
    }),
  );
  return bars.flat().sort((a, b) => a.openMs - b.openMs || a.instrument - b.instrument);
}

it('beside a trader that goes on, its day so far is decided again as it was', async () => {
  const quick = (text: string) =>
    text.replace('fastBars: 60', 'fastBars: 5').replace('slowBars: 180', 'slowBars: 13');
  const home = traderHome({ edit: quick });
  await home.start();
  await home.arm();
  const entries = () =>
    [...readJournal(home.journal)].filter(
      ({ record }) => record.type === 'order.intended' && record.order.purpose === 'entry',
    ).length;
  await until('its entries', () => entries() >= ENTRIES);
  const bars = await shownBars(home);
  const { desk, configHash } = loadDesk(home.runtime.deskFile);
  const instruments = buildInstruments(desk);
  const lastMs = Math.min(
    ...instruments.map(({ id }) => bars.findLast((bar) => bar.instrument === id)!.openMs),
  );
  const days = recordedDays(home.journal, desk);
  const judged = days.map((day) =>
    decideAgain({
      ...{
        journal: home.journal,
        day,
        changed: null,
        spreadTicks: spreadTicksOf(desk.instruments, instruments),
      },
      config: engineConfig(desk, configHash, 'replay', instruments, PAPER_CAPABILITIES),
      bars: bars.filter(({ openMs }) => openMs <= lastMs),
    }),
  );
  expect(judged.map(({ decisions }) => decisions.first)).toEqual(days.map(() => null));
  // By the quotes that its strategies were shown, to the tick.
  expect(bars.filter(({ quote }) => quote !== undefined).length).toBeGreaterThan(ENTRIES);
  expect(judged.map(({ decisions }) => decisions.otherPrices)).toEqual(days.map(() => 0));
  const same = judged.reduce((sum, { decisions }) => sum + decisions.same, 0);
  expect(same).toBeGreaterThanOrEqual(ENTRIES - 1);
});
