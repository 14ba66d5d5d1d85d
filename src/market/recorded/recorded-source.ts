/**
 * Several recorded files as one stream in time order; at equal times in the order in which their instruments are
 * given.
 */
import type { MarketBar } from '../../contracts/market-feed.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import type { TimedEvent, TimedSource } from '../replay-feed.js';
import { filesByInstrument } from './check-recording.js';
import { openJoinedFiles } from './joined-files.js';
import type { RecordedFile } from './recorded-file.js';
import { RowEvents, type RowShape } from './row-events.js';

/** Bars kept for the warm-up of strategies after a restart. */
const HISTORY_BARS_MAX = 50_000;

interface RecordedInput {
  readonly file: string;
  readonly instrument: Instrument;
  readonly spreadTicks: number;
  readonly shape?: RowShape;
}

interface FileStream {
  readonly rows: RecordedFile;
  readonly events: RowEvents;
  ready: TimedEvent[];
  index: number;
  ended: boolean;
}

export class RecordedSource implements TimedSource {
  readonly #history = new Map<InstrumentId, MarketBar[]>();

  private constructor(private readonly streams: readonly FileStream[]) {}

  /** Opens all files and skips what was delivered before. Throws `DataFileError`; no file stays open then. */
  static async open(inputs: readonly RecordedInput[], deliveredMs: number): Promise<RecordedSource> {
    const streams: FileStream[] = [];
    const source = new RecordedSource(streams);
    try {
      for (const { files, instrument, first } of filesByInstrument(inputs)) {
        const rows = await openJoinedFiles(files, instrument);
        const events = new RowEvents(instrument.id, rows.spanMs, first.spreadTicks, first.shape);
        streams.push({ rows, events, ready: [], index: 0, ended: false });
      }
      await source.#passOver(deliveredMs);
      return source;
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  get tellsTrades(): boolean {
    return this.streams.some(({ rows }) => rows.format === 'trades');
  }

  peek(): TimedEvent | null {
    const stream = this.#earliest();
    return stream?.ready[stream.index] ?? null;
  }

  shift(): void {
    const stream = this.#earliest();
    const event = stream?.ready[stream.index];
    if (!stream || !event) return;
    stream.index += 1;
    if (event.kind === 'bar') this.#remember(event.bar);
  }

  async fill(): Promise<boolean> {
    for (const stream of this.streams) if (stream.index >= stream.ready.length) await fillStream(stream);
    return this.streams.some((stream) => stream.index < stream.ready.length);
  }

  async close(): Promise<void> {
    await Promise.all(this.streams.map(({ rows }) => rows.close()));
  }

  /** Bars that the stream has passed, oldest first. */
  bars(instrument: InstrumentId, count: number, nowMs: number): readonly MarketBar[] {
    const passed = (this.#history.get(instrument) ?? []).filter((bar) => bar.openMs + bar.spanMs <= nowMs);
    return passed.slice(Math.max(0, passed.length - count));
  }

  /** Null while a file that has not ended has nothing ready: its next event might be the earliest. */
  #earliest(): FileStream | null {
    let best: FileStream | null = null;
    for (const stream of this.streams) {
      const event = stream.ready[stream.index];
      if (!event) {
        if (!stream.ended) return null;
        continue;
      }
      const bestEvent = best?.ready[best.index];
      if (!bestEvent || event.marketMs < bestEvent.marketMs) best = stream;
    }
    return best;
  }

  async #passOver(deliveredMs: number): Promise<void> {
    for (;;) {
      const event = this.peek();
      if (event === null) {
        if (!(await this.fill())) return;
      } else if (event.marketMs <= deliveredMs) {
        this.shift();
      } else {
        return;
      }
    }
  }

  #remember(bar: MarketBar): void {
    const bars = this.#history.get(bar.instrument) ?? [];
    this.#history.set(bar.instrument, bars);
    bars.push(bar);
    if (bars.length >= 2 * HISTORY_BARS_MAX) bars.splice(0, bars.length - HISTORY_BARS_MAX);
  }
}

async function fillStream(stream: FileStream): Promise<void> {
  stream.ready = [];
  stream.index = 0;
  while (!stream.ended && stream.ready.length === 0) {
    const rows = await stream.rows.next();
    if (rows === null) {
      stream.ended = true;
      stream.events.finish(stream.ready);
    } else {
      for (const row of rows) stream.events.add(row, stream.ready);
    }
  }
}
