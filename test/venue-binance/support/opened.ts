/** A simulator and the adapter on it, both ended after the test. */
import { onTestFinished } from 'vitest';
import {
  type BinanceSimulator,
  type SimulatorOptions,
  startBinanceSimulator,
} from '../../../simulators/binance/start.js';
import { buildInstrument } from '../../../src/domain/build-instrument.js';
import type { Instrument } from '../../../src/domain/instrument.js';
import { type BinanceVenue, openBinanceVenue } from '../../../src/venue/binance/binance-venue.js';
import type { BinanceVenueOptions } from '../../../src/venue/binance/options.js';
import type { VenueStreamEvent } from '../../../src/venue/port.js';
import { rawClient, TRADING_KEY } from './raw-client.js';

const source = { kind: 'spot', minNotional: '5', makerFeePpm: 1000, takerFeePpm: 1000 } as const;

export const BTC = 0;
export const ETH = 1;

export const INSTRUMENTS: readonly Instrument[] = [
  buildInstrument(BTC, { ...source, symbol: 'BTC/USDT', tickSize: '0.01', lotSize: '0.00001' }),
  buildInstrument(ETH, { ...source, symbol: 'ETH/USDT', tickSize: '0.01', lotSize: '0.0001' }),
];

/** Short, so that a test need not wait for what takes seconds in earnest. */
export const QUICK = {
  requestTimeoutMs: 5_000,
  monitorMs: 100,
  keepAliveMs: 1000,
  connectTimeoutMs: 5_000,
  reconnect: { firstMs: 20, mostMs: 100 },
  retry: { triesMax: 3, firstMs: 5, mostMs: 20 },
};

export interface Opened {
  readonly simulator: BinanceSimulator;
  readonly venue: BinanceVenue;
  readonly events: VenueStreamEvent[];
  readonly raw: ReturnType<typeof rawClient>;
}

export async function openOnSimulator(
  options: Partial<BinanceVenueOptions> = {},
  simulatorOptions: SimulatorOptions = {},
): Promise<Opened> {
  const opened = await openToKeep(options, simulatorOptions);
  onTestFinished(opened.close);
  return opened;
}

/** The same for several tests: whoever opens it closes it. */
export async function openToKeep(
  options: Partial<BinanceVenueOptions> = {},
  simulatorOptions: SimulatorOptions = {},
): Promise<Opened & { close(): Promise<void> }> {
  const simulator = await startBinanceSimulator(simulatorOptions);
  const venue = await openVenue(simulator, options);
  const close = async () => {
    await venue.close();
    await simulator.close();
  };
  const events: VenueStreamEvent[] = [];
  venue.onEvent((event) => events.push(event));
  return { simulator, venue, events, raw: rawClient(simulator.address), close };
}

export function openVenue(
  simulator: BinanceSimulator,
  options: Partial<BinanceVenueOptions> = {},
): Promise<BinanceVenue> {
  return openBinanceVenue({
    endpoint: { kind: 'simulator', address: simulator.address },
    credentials: TRADING_KEY,
    instruments: INSTRUMENTS,
    times: QUICK,
    random: () => 0.5,
    ...options,
  });
}
