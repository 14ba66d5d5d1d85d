/** A paper venue with a book on disk, quotes by hand, and what it told. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Fill } from '../../src/domain/order.js';
import {
  openPaperVenue,
  type PaperVenue,
  type PaperVenueOptions,
} from '../../src/venue/paper/paper-venue.js';
import type { VenueStreamEvent } from '../../src/venue/port.js';
import { approved } from '../support/approved-order.js';
import { eventually } from '../support/eventually.js';
import { cryptoInstruments } from '../support/paper-instruments.js';

export const PAPER = {
  balance: '10000',
  currency: 'USDT',
  makerFeePpm: 1000,
  takerFeePpm: 2000,
  slippageTicks: 1,
  latencyMs: 5,
};

export class PaperBench {
  readonly directory = mkdtempSync(join(tmpdir(), 'fermata-paper-'));
  venue: PaperVenue;
  events: VenueStreamEvent[] = [];

  constructor(more: Partial<PaperVenueOptions> = {}) {
    this.venue = this.open(more);
  }

  open(more: Partial<PaperVenueOptions> = {}): PaperVenue {
    this.venue = openPaperVenue({
      directory: this.directory,
      prices: 'of this test',
      instruments: cryptoInstruments,
      paper: PAPER,
      nowMs: () => 42,
      ...more,
    });
    this.events = [];
    this.venue.onEvent((event) => this.events.push(event));
    return this.venue;
  }

  async reopen(more: Partial<PaperVenueOptions> = {}): Promise<PaperVenue> {
    await this.venue.close();
    return this.open(more);
  }

  quote(
    marketMs: number,
    bidTicks: number,
    askTicks: number,
    { lots = 0, instrument = 0 }: { lots?: number; instrument?: number } = {},
  ): void {
    const size = { bidLots: lots, askLots: lots };
    this.venue.onMarket({ kind: 'quote', instrument, marketMs, bidTicks, askTicks, ...size });
  }

  fills(): Fill[] {
    return this.events.flatMap((event) => (event.kind === 'fill' ? [event.fill] : []));
  }

  filled(count: number): Promise<void> {
    return eventually(() => expect(this.fills()).toHaveLength(count));
  }

  /** Buys 0.01 BTC at 60,000.01 with 0.2 % fee. */
  async buyOne(): Promise<void> {
    this.quote(1000, 5_999_800, 6_000_000);
    const before = this.fills().length;
    expect(await this.venue.submit(approved())).toMatchObject({ kind: 'accepted' });
    await this.filled(before + 1);
  }

  async end(): Promise<void> {
    await this.venue.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
