/**
 * Logs live prices to disk before they are traded on, one event on each line. Live prices do not come again, so a run
 * that is begun again is fed from this log up to where its last process ended.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import type { MarketBar, MarketEvent, MarketSource } from '../../contracts/market-feed.js';

export type TimedEvent = Extract<MarketEvent, { readonly marketMs: number }>;

export type LoggedPrice =
  | { readonly kind: 'source'; readonly source: MarketSource }
  | { readonly kind: 'past'; readonly bars: readonly MarketBar[] }
  | TimedEvent;

/** Enough for days of quotes of a busy desk; more is a flood. */
const LOG_BYTES_MAX = 2 * 1024 ** 3;
const CHUNK_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;

export class PriceLogFull extends Error {
  override readonly name = 'PriceLogFull';
}

/** Oldest first, one chunk in memory at a time. Whatever follows the last line feed is left out. */
export function* readPriceLog(file: string): Generator<LoggedPrice, void> {
  if (!existsSync(file)) return;
  const descriptor = openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest = Buffer.alloc(0);
    for (let bytes = readSync(descriptor, chunk); bytes > 0; bytes = readSync(descriptor, chunk)) {
      const known = Buffer.concat([rest, chunk.subarray(0, bytes)]);
      const end = known.lastIndexOf(LINE_FEED) + 1;
      for (const line of known.toString('utf8', 0, end).split('\n')) {
        if (line !== '') yield JSON.parse(line) as LoggedPrice;
      }
      rest = known.subarray(end);
    }
  } finally {
    closeSync(descriptor);
  }
}

export class PriceLog {
  readonly #descriptor: number;
  #bytes: number;

  /** Removes a line that a crash has cut off: nothing was traded on it. */
  constructor(file: string) {
    this.#descriptor = openSync(file, existsSync(file) ? 'r+' : 'w+', 0o600);
    this.#bytes = wholeBytes(this.#descriptor);
    ftruncateSync(this.#descriptor, this.#bytes);
  }

  /** Durable when it returns. Throws the file system's error or `PriceLogFull`. */
  append(prices: readonly LoggedPrice[]): void {
    const bytes = Buffer.from(prices.map((price) => `${JSON.stringify(price)}\n`).join(''));
    if (this.#bytes + bytes.length > LOG_BYTES_MAX) {
      throw new PriceLogFull(`live prices take more than ${LOG_BYTES_MAX} bytes`);
    }
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#bytes + done);
    }
    fdatasyncSync(this.#descriptor);
    this.#bytes += bytes.length;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Bytes up to and including the last line feed. */
function wholeBytes(descriptor: number): number {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let end = fstatSync(descriptor).size;
  while (end > 0) {
    const from = Math.max(0, end - CHUNK_BYTES);
    const bytes = readSync(descriptor, chunk, 0, end - from, from);
    const at = chunk.subarray(0, bytes).lastIndexOf(LINE_FEED);
    if (at >= 0) return from + at + 1;
    end = from;
  }
  return 0;
}
