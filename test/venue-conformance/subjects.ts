/** The venues that every conformance test runs over, each opened new and with a price that a test can move. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import type { Instrument } from '../../src/domain/instrument.js';
import type { Fill } from '../../src/domain/order.js';
import type { VenueCapabilities } from '../../src/domain/order-bounds.js';
import { openBinanceVenue } from '../../src/venue/binance/binance-venue.js';
import { openPaperVenue } from '../../src/venue/paper/paper-venue.js';
import type { VenuePort, VenueStreamEvent } from '../../src/venue/port.js';
import { cryptoInstruments } from '../support/paper-instruments.js';
import { TRADING_KEY } from '../venue-binance/support/raw-client.js';
import { FRIDAY, startSimulator, venueAt } from '../venue-ibkr/support/at-gateway.js';

/** 15,200.00, in quarters of a point. */
const NQ_START = 60_800;

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
  /** What it can and can't do: tests of what it can't are not its own. */
  readonly can: Pick<
    VenueCapabilities,
    'shorting' | 'stopLocksBalance' | 'amends' | 'replaces' | 'linksOrders' | 'postOnly' | 'fillOrKill'
  >;
  /** Elsewhere a stop that the market has passed is carried out at once. */
  readonly refusesPassedStops: boolean;
  readonly symbols: readonly string[];
  /** Where the first instrument stands, in its ticks, and a move that no spread or depth reaches. */
  readonly startTicks: number;
  readonly stepTicks: number;
  /** Of a usual order, and of one that the account can't pay. */
  readonly lots: number;
  readonly tooManyLots: number;
  readonly tooFewLots: number;
  /** How exactly it dates its fills, milliseconds. */
  readonly datesFillsByMs: number;
  /** By how much fills that opened a position have changed the cash, fees included. */
  cashOf(opening: readonly Fill[], instrument: Instrument): number;
  open(): Promise<Subject>;
}

/** Spot: what was bought is paid, and a fee in coins leaves the cash alone. */
const paid: SubjectKind['cashOf'] = (opening, { moneyPerTickLot }) =>
  -opening.reduce(
    (sum, { quantityLots, priceTicks, feeIn, fee }) =>
      sum + quantityLots * priceTicks * moneyPerTickLot + (feeIn === undefined ? fee : 0),
    0,
  );

/** A future: nothing but its fees until it is closed. */
const feesOnly: SubjectKind['cashOf'] = (opening) => -opening.reduce((sum, { fee }) => sum + fee, 0);

const SPOT: Omit<SubjectKind, 'name' | 'open'> = {
  can: {
    ...{ shorting: false, stopLocksBalance: true },
    ...{ amends: true, replaces: true, linksOrders: false, postOnly: true, fillOrKill: true },
  },
  refusesPassedStops: true,
  symbols: ['BTC/USDT', 'ETH/USDT'],
  ...{ startTicks: 6_000_000, stepTicks: 100_000, lots: 1000, tooManyLots: 1_000_000, tooFewLots: 1 },
  ...{ datesFillsByMs: 1, cashOf: paid },
};

const paper: SubjectKind = {
  ...SPOT,
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
    let lastTicks = SPOT.startTicks;
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
    quote(SPOT.startTicks);
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
  ...SPOT,
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

const ibkr: SubjectKind = {
  name: 'ibkr on its simulator',
  can: {
    ...{ shorting: true, stopLocksBalance: false },
    ...{ amends: false, replaces: false, linksOrders: true, postOnly: false, fillOrKill: false },
  },
  refusesPassedStops: false,
  symbols: ['NQ/USD'],
  ...{ startTicks: NQ_START, stepTicks: 400, lots: 1, tooManyLots: 50, tooFewLots: 0 },
  ...{ datesFillsByMs: 1000, cashOf: feesOnly },
  async open() {
    const openedMs = Date.now();
    const nowMs = () => FRIDAY + Date.now() - openedMs;
    const simulator = await startSimulator({ wallMs: nowMs });
    const setPrice = (ticks: number) => simulator.simulation.setPrice('NQZ6', (ticks / 4).toFixed(2));
    setPrice(NQ_START);
    const { venue, events } = await venueAt(simulator.port);
    return {
      ...{ venue, events, nowMs, setPrice },
      async close() {
        await venue.close();
        await simulator.close();
      },
    };
  },
};

export const SUBJECTS: readonly SubjectKind[] = [paper, binance, ibkr];
