/** Recordings that a test writes, and what a feed makes of them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MarketEvent } from '../../src/contracts/market-feed.js';
import type { RecordingRequest } from '../../src/market/recorded/check-recording.js';
import { openRecordedFeed } from '../../src/market/recorded/recorded-feed.js';
import { cryptoInstruments } from '../support/paper-instruments.js';
import { memoryPosition } from './memory-position.js';

export function recordingFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-recorded-'));
  let count = 0;
  return {
    path: folder,
    file(text: string | Buffer, name = `data-${count++}.csv`): string {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface Played {
  readonly events: MarketEvent[];
  readonly short: string[];
}

/** Plays the files to their end, or to the event at which `enough` says so. */
export async function play(
  files: readonly RecordingRequest[],
  position = memoryPosition(),
  enough: (event: MarketEvent) => boolean = () => false,
): Promise<Played> {
  const feed = await openRecordedFeed({
    files,
    instruments: cryptoInstruments,
    spreadTicks: [2, 2],
    speed: null,
    position,
    steadyMs: () => 0,
  });
  const events: MarketEvent[] = [];
  await new Promise<void>((done) => {
    feed.start((event) => {
      events.push(event);
      if (event.kind === 'ended') done();
      if (!enough(event)) return;
      done();
      return new Promise((resume) => setTimeout(resume, 5));
    });
  });
  await feed.stop();
  return { events, short: events.map(short) };
}

export function short(event: MarketEvent): string {
  if (event.kind === 'quote')
    return `${event.marketMs} q${event.instrument} ${event.bidTicks}/${event.askTicks}`;
  if (event.kind === 'trade')
    return `${event.marketMs} t${event.instrument} ${event.priceTicks}x${event.quantityLots}`;
  if (event.kind === 'bar') {
    const { instrument, openTicks, highTicks, lowTicks, closeTicks, volumeLots } = event.bar;
    return `${event.marketMs} b${instrument} ${openTicks},${highTicks},${lowTicks},${closeTicks} v${volumeLots}`;
  }
  return event.kind;
}

export const BARS = 'ts,open,high,low,close,volume\n';
export const twoBars = `${BARS}60000,100.00,101.00,99.50,100.50,0.5\n120000,100.5,100.5,98,99,1.00001\n`;
