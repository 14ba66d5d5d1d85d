/** The real engine, runner and journal with 20 positions at the exchange's simulator, over the wire through the library. */
import type { FaultEffect } from '../../simulators/binance/faults.js';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { type BinanceVenue, openBinanceVenue } from '../../src/venue/binance/binance-venue.js';
import { TRADING_KEY } from '../venue-binance/support/raw-client.js';
import { type ClosedAll, type DeskAtVenue, deskAtVenue, timedCloseAll } from './desk-at-venue.js';

export const POSITIONS = 20;
const COINS = Array.from({ length: POSITIONS }, (_, at) => `C${String(at).padStart(2, '0')}`);
const PRICE = '100';
const PRICE_TICKS = 10_000;

export interface DeskAtBinance {
  readonly simulator: BinanceSimulator;
  readonly venue: BinanceVenue;
  readonly desk: DeskAtVenue;
  /** Stops and other orders that rest at the exchange. */
  resting(): number;
  /** Whole coins that the exchange still holds for the desk. */
  held(): number;
  /** From the command until the desk says that it is flat, or that it is not. */
  closeAll(): Promise<ClosedAll>;
  close(): Promise<void>;
}

export interface ClosingOptions {
  readonly latencyMs?: number;
  /** Of one answer in five to an order or a cancel, once closing begins. */
  readonly fault?: { readonly effect: FaultEffect; readonly applyFirst?: boolean };
  readonly requestTimeoutMs?: number;
  readonly deadlineMs?: number;
  /** How long the API breaker stays open; left out: as usual. */
  readonly breakerOpenMs?: number;
}

/** Resolves once each position has its stop resting at the exchange. */
export async function deskAtBinance(options: ClosingOptions = {}): Promise<DeskAtBinance> {
  const simulator = await startBinanceSimulator({
    symbols: COINS.map((base) => ({ base, price: PRICE, tickSize: '0.01', stepSize: '0.001' })),
    accounts: [
      { name: 'desk', balances: { USDT: '10000', ...Object.fromEntries(COINS.map((coin) => [coin, '1'])) } },
    ],
  });
  const venue = await openBinanceVenue({
    endpoint: { kind: 'simulator', address: simulator.address },
    credentials: TRADING_KEY,
    instruments: COINS.map((base, id) =>
      buildInstrument(id, {
        symbol: `${base}/USDT`,
        kind: 'spot',
        tickSize: '0.01',
        lotSize: '0.001',
        minNotional: '5',
        makerFeePpm: 1000,
        takerFeePpm: 1000,
      }),
    ),
    times: { requestTimeoutMs: options.requestTimeoutMs ?? 1000, reconnect: { firstMs: 50, mostMs: 500 } },
    ...(options.breakerOpenMs === undefined
      ? {}
      : { breaker: { failuresToOpen: 5, openMs: options.breakerOpenMs } }),
  });
  const desk = await deskAtVenue(venue, {
    positions: POSITIONS,
    priceTicks: PRICE_TICKS,
    answerTimeoutMs: 1500,
    // A minute's allowance of requests may have to pass, and the breaker be open for another one.
    deadlineMs: options.deadlineMs ?? 180_000,
  });
  const { exchange } = simulator.simulation;
  const balances = () => exchange.account('desk').balances;
  return {
    simulator,
    venue,
    desk,
    resting: () => COINS.filter((coin) => (balances().get(coin)?.locked ?? 0n) > 0n).length,
    held: () =>
      COINS.filter((coin) => (balances().get(coin)?.free ?? 0n) + (balances().get(coin)?.locked ?? 0n) > 0n)
        .length,
    async closeAll() {
      simulator.simulation.latencyMs = options.latencyMs ?? 0;
      if (options.fault !== undefined) {
        for (const method of ['POST', 'DELETE']) {
          simulator.simulation.addFault({
            method,
            path: '/api/v3/order',
            times: 10_000,
            probability: 0.2,
            ...options.fault,
          });
        }
      }
      return timedCloseAll(desk);
    },
    async close() {
      await desk.close();
      await venue.close();
      await simulator.close();
    },
  };
}

/** What can happen to an answer. The first takes effect at the exchange although nobody is told. */
export const FAULTS: readonly (readonly [string, NonNullable<ClosingOptions['fault']>])[] = [
  ['lost', { effect: { kind: 'drop' }, applyFirst: true }],
  ['lost, and the request with it', { effect: { kind: 'drop' } }],
  [
    'refused',
    { effect: { kind: 'answer', status: 400, body: { code: -1015, msg: 'Too many new orders.' } } },
  ],
  ['late', { effect: { kind: 'delay', ms: 1600 }, applyFirst: true }],
  ['hanging', { effect: { kind: 'hang', forMs: 20_000 }, applyFirst: true }],
];
