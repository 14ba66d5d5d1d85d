import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import { units } from '../../simulators/binance/units.js';
import { createAudit } from '../../src/auditor/create-audit.js';
import type { ControlMethods } from '../../src/contracts/control.js';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { exchangePrices } from '../../src/venue/binance/best-prices.js';
import { tradedVenue } from '../../src/venue/registry.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { eventually } from '../support/eventually.js';
import { idleStatus } from '../support/trader-status.js';
import { INSTRUMENTS } from '../venue-binance/support/opened.js';
import { READING_KEY } from '../venue-binance/support/raw-client.js';

const STATUS: TraderStatus = {
  ...idleStatus(),
  mode: 'HALTED',
  cash: '10000.00',
  equity: '10000.00',
  reconciliation: { state: 'clean', atWallMs: null, differences: [] },
};

it('reads the account by itself, and stops the desk where the exchange holds coins that the trader does not know', async () => {
  const simulator = await startBinanceSimulator();
  onTestFinished(() => simulator.close());
  const halts: string[] = [];
  const call = async (method: string, params: unknown) => {
    if (method === 'status') return STATUS;
    halts.push((params as ControlMethods['halt']['params']).reason);
    return {};
  };
  const signedIn = tradedVenue('binance').live.signInToRead({
    BINANCE_AUDITOR_API_KEY: READING_KEY.apiKey,
    BINANCE_AUDITOR_SECRET_KEY: READING_KEY.secret,
  });
  if (!signedIn.ok) throw new Error(signedIn.problem);
  const readBook = signedIn.access.bookReader({
    endpoint: { kind: 'simulator', address: simulator.address },
    instruments: INSTRUMENTS,
    foreign: { ETH: '2' },
  });
  const audit = createAudit({
    trader: { call } as never,
    instruments: INSTRUMENTS,
    risk: cryptoDesk().risk,
    readBook,
    readPrices: () => exchangePrices(simulator.address, INSTRUMENTS),
    onPricesMissing: (why) => halts.push(why),
  });
  const account = simulator.simulation.exchange.account('desk');
  account.balances.set('BTC', { free: units('0.00005'), locked: 0n });
  account.balances.set('ETH', { free: units('1'), locked: units('1') });
  await audit();
  await audit();
  expect(halts).toEqual([]);
  // One symbol that the exchange no longer knows hides neither the other's price nor its book.
  const delisted = await fetch(`${simulator.address}/_simulator/delist`, {
    method: 'POST',
    body: JSON.stringify({ symbol: 'ETHUSDT' }),
  });
  expect(delisted.ok).toBe(true);
  expect([...(await exchangePrices(simulator.address, INSTRUMENTS)).keys()]).toEqual(['BTC/USDT']);
  await audit();
  await audit();
  expect(halts).toEqual([]);
  account.balances.set('BTC', { free: units('0.01'), locked: 0n });
  await audit();
  await audit();
  expect(halts).toEqual([expect.stringMatching(/BTC\/USDT: the trader has 0.00000, the venue 0.01000/)]);
});

it.each([429, 418])(
  'asks the exchange nothing more while it wants silence (%i), and then goes on',
  async (status) => {
    const simulator = await startBinanceSimulator();
    onTestFinished(() => simulator.close());
    const { requests, limits } = simulator.simulation;
    limits.ban(status, 3_600_000);
    const ask = () => exchangePrices(simulator.address, INSTRUMENTS);
    await expect(ask()).rejects.toThrow(`the exchange answered the auditor with ${status}`);
    limits.ban(status, 0);
    await expect(ask()).rejects.toThrow('the exchange wants silence until ');
    expect(requests).toHaveLength(1);

    const other = await startBinanceSimulator();
    onTestFinished(() => other.close());
    other.simulation.limits.ban(status, 3_000);
    await expect(exchangePrices(other.address, INSTRUMENTS)).rejects.toThrow();
    await eventually(async () => expect((await exchangePrices(other.address, INSTRUMENTS)).size).toBe(2));
  },
);

it('keeps the longer silence where two requests were answered at once', async () => {
  const answers: ((retryAfter: number | null) => void)[] = [];
  const server = createServer((_, response) => {
    answers.push((seconds) => {
      response.writeHead(429, seconds === null ? {} : { 'retry-after': String(seconds) }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await eventually(async () => expect(server.listening).toBe(true));
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const asked = [exchangePrices(root, INSTRUMENTS), exchangePrices(root, INSTRUMENTS)].map((prices) =>
    prices.catch(String),
  );
  await eventually(async () => expect(answers).toHaveLength(2));
  answers[0]?.(36_000);
  await Promise.race(asked);
  answers[1]?.(null);
  await Promise.all(asked);
  const said = String(await exchangePrices(root, INSTRUMENTS).catch(String));
  expect(Date.parse(said.replace(/^.*until /, '')) - Date.now()).toBeGreaterThan(3_600_000);
});
