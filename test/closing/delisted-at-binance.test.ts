/** What becomes of a position in a coin that the exchange lists no more, over the wire at its simulator. */

import { expect, it, onTestFinished } from 'vitest';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { MONEY_SCALE, parseMoney } from '../../src/domain/money.js';
import { openBinanceVenue } from '../../src/venue/binance/binance-venue.js';
import { deskAtVenue } from '../support/desk-at-venue.js';
import { untilHolds } from '../support/eventually.js';
import { rawClient, TRADING_KEY } from '../venue-binance/support/raw-client.js';

const COINS = ['GONE', 'KEPT'];
const INSTRUMENTS = COINS.map((base, id) =>
  buildInstrument(id, {
    symbol: `${base}/USDT`,
    kind: 'spot',
    tickSize: '0.01',
    lotSize: '0.001',
    minNotional: '5',
    makerFeePpm: 1000,
    takerFeePpm: 1000,
  }),
);

/** One coin of each is the desk's, and protected; whatever is recorded is kept. */
async function holdingBoth() {
  const simulator = await startBinanceSimulator({
    symbols: COINS.map((base) => ({ base, price: '100', tickSize: '0.01', stepSize: '0.001' })),
    accounts: [{ name: 'desk', balances: { USDT: '1000', GONE: '1', KEPT: '1' } }],
  });
  onTestFinished(() => simulator.close());
  const venue = await openBinanceVenue({
    endpoint: { kind: 'simulator', address: simulator.address },
    credentials: TRADING_KEY,
    instruments: INSTRUMENTS,
    times: { requestTimeoutMs: 5_000, reconnect: { firstMs: 50, mostMs: 500 } },
  });
  onTestFinished(() => venue.close());
  const notes: string[] = [];
  const desk = await deskAtVenue(venue, {
    asExchangeAccount: true,
    deadlineMs: 3_000,
    onRecord: (record) => {
      if (record.type === 'note') notes.push(record.text);
    },
  });
  onTestFinished(() => desk.close());
  const { engine, runner, configHash } = desk;
  let asked = 0;
  const command = (of: Parameters<typeof runner.command>[0]['command']) => {
    asked += 1;
    return runner.command({ commandId: `c${asked}`, by: 'anna', reason: 'test', command: of });
  };
  await untilHolds(() => engine.view.coins.length === COINS.length);
  for (const { symbol } of INSTRUMENTS)
    await command({ name: 'claimCoins', symbol, owner: 'desk', cost: '100' });
  await untilHolds(() => engine.view.positions.filter((one) => one.protection === 'confirmed').length === 2);
  const control = rawClient(simulator.address).control;
  /** As the exchange has it once more. */
  const reconcile = async () => {
    const { atWallMs } = engine.view.reconciliation;
    await command({ name: 'reconcile' });
    await untilHolds(() => engine.view.reconciliation.atWallMs !== atWallMs);
    return engine.view.reconciliation;
  };
  return { venue, engine, configHash, notes, command, control, reconcile };
}

it('a coin that is delisted stays the desk’s, named and without a stop; the rest trades, and nothing is locked', async () => {
  const { venue, engine, configHash, notes, command, control, reconcile } = await holdingBoth();
  const equity = engine.view.equity;
  expect(equity).toBe(parseMoney('1200'));

  await control('delist', { symbol: 'GONEUSDT' });
  await untilHolds(() => engine.view.positions[0]?.protection === 'missing');
  await untilHolds(() => venue.closedInstruments?.().length === 1);

  // Every reading is believed, and says what was so before.
  expect(await reconcile()).toMatchObject({ state: 'clean', differences: [] });
  expect(venue.state).toMatchObject({ up: true, refusedAnswers: [] });
  expect(engine.view).toMatchObject({
    equity,
    cashUnexplained: null,
    positions: [
      { instrument: 0, quantityLots: 1000, withoutStopMs: expect.any(Number) },
      { instrument: 1, quantityLots: 1000, withoutStopMs: null, protection: 'confirmed' },
    ],
  });
  expect(notes.filter((note) => note.includes('GONE/USDT is not listed at the exchange'))).toHaveLength(1);
  expect(notes.some((note) => note.includes('-1121'))).toBe(true);

  // Close-all sells what can be sold, and names what can't.
  await command({ name: 'closeAll' });
  await untilHolds(() => engine.view.closeAll === 'escalated');
  expect(engine.view.halts.at(-1)).toMatchObject({
    cause: 'close-all-incomplete',
    reason: expect.stringMatching(/not closed after 3 s: GONE\/USDT\b/),
  });
  await untilHolds(() => engine.view.positions.length === 1);
  expect(engine.view.positions).toMatchObject([{ instrument: 0, quantityLots: 1000 }]);

  // A person takes the coin out of the account and says so: the desk is flat then, and arms without the coin.
  await control('withdraw', { account: 'desk', asset: 'GONE', amount: '1' });
  await untilHolds(() => engine.view.closeAll === 'flat' && engine.view.cashUnexplained !== null);
  expect(engine.view.positions).toEqual([]);
  const worth = -100n * BigInt(MONEY_SCALE);
  expect(engine.view.cashUnexplained).toBe(worth);
  await command({ name: 'explainCash', kind: 'withdrawal', amount: worth });
  expect(await reconcile()).toMatchObject({ state: 'clean', differences: [] });
  const { haltId } = engine.view;
  const armed = await command({ name: 'arm', haltId: haltId ?? '', configHash, authority: 'two-people' });
  expect(armed).toMatchObject({ ok: true });
  expect(engine.view).toMatchObject({ mode: 'ACTIVE', positions: [], cashUnexplained: null });
});
