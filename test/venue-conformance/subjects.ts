/** The venues that every conformance test runs over, each opened new and with a price that a test can move. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import { openBinanceVenue } from '../../src/venue/binance/binance-venue.js';
import { openPaperVenue } from '../../src/venue/paper/paper-venue.js';
import type { VenuePort, VenueStreamEvent } from '../../src/venue/port.js';
import { cryptoInstruments } from '../support/paper-instruments.js';
import { TRADING_KEY } from '../venue-binance/support/raw-client.js';

export interface Subject {
  readonly venue: VenuePort;
  readonly events: VenueStreamEvent[];
  /** Market time, milliseconds. */
  readonly nowMs: () => number;
  /** Moves the market of the first instrument to this price, in its ticks, and lets resting orders follow. */
  setPrice(ticks: number): void;
  close(): Promise<void>;
}

export interface SubjectKind {
  readonly name: string;
  open(): Promise<Subject>;
}

export const START_TICKS = 6_000_000;

const paper: SubjectKind = {
  name: 'paper',
  async open() {
    const directory = mkdtempSync(join(tmpdir(), 'fermata-conformance-'));
    let marketMs = 1_700_000_000_000;
    const venue = openPaperVenue({
      directory,
      prices: 'of this test',
      instruments: cryptoInstruments,
      paper: {
        balance: '10000',
        currency: 'USDT',
        makerFeePpm: 1000,
        takerFeePpm: 1000,
        slippageTicks: 0,
        latencyMs: 0,
      },
      nowMs: () => marketMs,
    });
    const events: VenueStreamEvent[] = [];
    venue.onEvent((event) => events.push(event));
    let lastTicks = START_TICKS;
    const quote = (ticks: number) => {
      lastTicks = ticks;
      marketMs += 1000;
      const size = { bidLots: 1_000_000, askLots: 1_000_000 };
      venue.onMarket({
        kind: 'quote',
        instrument: 0,
        marketMs,
        bidTicks: ticks - 1,
        askTicks: ticks + 1,
        ...size,
      });
    };
    quote(START_TICKS);
    // Orders arrive with the next quotes; a market that stands still would never fill them.
    const ticking = setInterval(() => quote(lastTicks), 10);
    return {
      venue,
      events,
      nowMs: () => marketMs,
      setPrice: quote,
      async close() {
        clearInterval(ticking);
        await venue.close();
        rmSync(directory, { recursive: true, force: true });
      },
    };
  },
};

const binance: SubjectKind = {
  name: 'binance on its simulator',
  async open() {
    const simulator = await startBinanceSimulator();
    const venue = await openBinanceVenue({
      endpoint: { kind: 'simulator', address: simulator.address },
      credentials: TRADING_KEY,
      instruments: cryptoInstruments,
    });
    const events: VenueStreamEvent[] = [];
    venue.onEvent((event) => events.push(event));
    return {
      venue,
      events,
      nowMs: Date.now,
      setPrice: (ticks) => simulator.simulation.setPrice('BTCUSDT', (ticks / 100).toFixed(2)),
      async close() {
        await venue.close();
        await simulator.close();
      },
    };
  },
};

export const SUBJECTS: readonly SubjectKind[] = [paper, binance];
