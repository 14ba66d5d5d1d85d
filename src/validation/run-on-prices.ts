/** Feeds the prices to the instance and to what measures it, until exactly the time that was asked for is over. */

import type { MarketBar, MarketEvent, MarketFeed } from '../contracts/market-feed.js';
import type { Desk } from '../desk/schema.js';
import type { Instrument } from '../domain/instrument.js';
import { formatMoney, parseMoney } from '../domain/money.js';
import type { Pace } from './data/pace.js';
import { type OpenedInstance, openInstance } from './instance/open-instance.js';
import { NotRepeatable, type RunJournal } from './instance/run-journal.js';
import type { Coverage } from './measure/bar-coverage.js';
import { coinsDiffer } from './measure/coin-books.js';
import { coverageProblems, type DataProblem } from './measure/data-problems.js';
import { RunMeasure } from './measure/run-measure.js';
import type { Progress } from './progress.js';
import type { ValidationRequest } from './request.js';

/** As the running trader: enough for every average to have forgotten where it began. */
const WARM_UP_BARS = 500;
const PROGRESS_EVERY_MS = 500;
const LOOK_EVERY_MS = 1000;
/** Live prices that are on their way at the end of the time may still come. */
const SILENCE_MS = 5000;

export interface RunParts {
  readonly request: ValidationRequest;
  /** The part of the desk that is validated. */
  readonly desk: Desk;
  readonly instruments: readonly Instrument[];
  readonly feed: MarketFeed;
  readonly journal: RunJournal;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  readonly interrupted: () => Error;
  readonly onProgress: (progress: Progress) => void;
}

type Timed = Extract<MarketEvent, { readonly marketMs: number }>;

export class Run {
  readonly #parts: RunParts;
  readonly #found: DataProblem[] = [];
  #past: readonly MarketBar[] = [];
  #opened: OpenedInstance | null = null;
  #measure: RunMeasure | null = null;
  #coverage: readonly Coverage[] = [];
  #sourceFailed = false;
  #over = false;
  #saidAtMs = Number.NEGATIVE_INFINITY;
  #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | null = null;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /** Null as long as no price came. */
  get measure(): RunMeasure | null {
    return this.#measure;
  }

  get coverage(): readonly Coverage[] {
    return this.#coverage;
  }

  get openPositions(): number {
    return this.#opened?.engine.view.positions.length ?? 0;
  }

  get stateHash(): string | null {
    return this.#opened?.engine.stateHash() ?? null;
  }

  /** Rejects where it was interrupted or something broke that a later try may find whole. */
  async toTheEnd(): Promise<void> {
    const { feed, instruments, signal, interrupted } = this.#parts;
    const pasts = await Promise.all(instruments.map(({ id }) => feed.history(id, WARM_UP_BARS)));
    this.#past = pasts
      .flat()
      .sort((a, b) => a.openMs + a.spanMs - (b.openMs + b.spanMs) || a.instrument - b.instrument);
    const ended = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    signal.addEventListener('abort', () => this.#end(() => this.#settle?.reject(interrupted())), {
      once: true,
    });
    if (signal.aborted) throw interrupted();
    feed.start((event) => this.#take(event));
    const watch =
      feed.source.kind === 'live' ? setInterval(() => this.#endIfOver(), LOOK_EVERY_MS) : undefined;
    await ended.finally(() => clearInterval(watch));
    this.#measure?.finish();
    this.#coverage = this.#measure?.coverage.map((each) => each.result()) ?? [];
  }

  /** What speaks against the data, after the end. */
  problems(): readonly DataProblem[] {
    const differing = this.#booksDiffer();
    return [
      ...this.#found,
      ...this.#coverage.flatMap(coverageProblems),
      ...(differing === null ? [] : [differing]),
    ];
  }

  #take(event: MarketEvent): void | Promise<void> {
    if (this.#over) return undefined;
    try {
      if ('marketMs' in event) return this.#takeTimed(event);
      if (event.kind === 'health') this.#sourceFailed = event.state === 'down';
      else this.#sourceEnded(event.detail);
    } catch (error) {
      this.#broken(error);
    }
    return undefined;
  }

  #takeTimed(event: Timed): Promise<void> | undefined {
    const { instance } = this.#opened ?? this.#begin(this.#parts.request.beginMs ?? event.marketMs);
    const measure = this.#measure!;
    if (event.marketMs > measure.toMs) {
      this.#finish();
      return undefined;
    }
    instance.advanceTo(event.marketMs);
    measure.onMarket(event);
    instance.onMarket(event);
    this.#tellProgress(event.marketMs);
    return this.#parts.pace.wait(event.marketMs);
  }

  /** Live prices may fall silent for good: their clock goes on all the same. */
  #endIfOver(): void {
    const toMs = this.#measure?.toMs ?? Number.POSITIVE_INFINITY;
    if (this.#over || this.#parts.feed.nowMs() < toMs + SILENCE_MS) return;
    try {
      this.#finish();
    } catch (error) {
      this.#broken(error);
    }
  }

  /** The time that was asked for begins with the first price, or where the request says. */
  #begin(beginMs: number): OpenedInstance {
    const { request, desk, instruments, feed, journal } = this.#parts;
    const measure = new RunMeasure(
      instruments,
      parseMoney(desk.paper.balance),
      beginMs,
      beginMs + request.durationMs,
    );
    const opened = openInstance({
      id: request.id,
      desk,
      configHash: request.configHash,
      instruments,
      live: feed.source.kind === 'live',
      beginMs,
      wallMs: request.createdMs,
      onRecord: (record, wallMs) => {
        journal.append(record, wallMs, wallMs); // time of a run has one clock for both
        measure.onRecord(record);
      },
    });
    this.#measure = measure;
    this.#opened = opened;
    opened.instance.begin();
    for (const bar of this.#past) opened.instance.warmUp(bar);
    return opened;
  }

  #sourceEnded(detail: string): void {
    if (this.#sourceFailed) this.#found.push({ kind: 'damaged', symbol: null, text: detail });
    this.#finish();
  }

  #finish(): void {
    this.#parts.journal.finish();
    this.#end(() => this.#settle?.resolve());
  }

  /** A run that does not repeat itself can't be gone on with, now or later: that is a result. */
  #broken(error: unknown): void {
    if (error instanceof NotRepeatable) {
      this.#found.push({ kind: 'not-repeatable', symbol: null, text: error.message });
      this.#end(() => this.#settle?.resolve());
    } else this.#end(() => this.#settle?.reject(error));
  }

  #end(settle: () => void): void {
    if (this.#over) return;
    this.#over = true;
    settle();
  }

  #tellProgress(marketMs: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#saidAtMs < PROGRESS_EVERY_MS) return;
    this.#saidAtMs = nowMs;
    const { fromMs, toMs, trips, equity } = this.#measure!;
    const part = Math.min(1, (marketMs - fromMs) / (toMs - fromMs));
    this.#parts.onProgress({
      marketMs,
      part,
      trades: trips.closed.length,
      equity: formatMoney(equity.equity, 2),
    });
  }

  /** The engine, the paper venue and what was measured here are three books of the same trading. */
  #booksDiffer(): DataProblem | null {
    if (this.#opened === null || this.#measure === null) return null;
    const { engine, venue } = this.#opened;
    const { equity, cash, positions } = engine.view;
    const { instruments, desk } = this.#parts;
    const positionsAgree = instruments.every(({ id, symbol }) => {
      const ours = positions.find(({ instrument }) => instrument === id)?.quantityLots ?? 0;
      return venue.positionLots(symbol) === ours;
    });
    const { feeStock = {}, currency } = desk.paper;
    const coins = coinsDiffer(engine.view.balances, venue.holdings(), feeStock, currency);
    if (positionsAgree && venue.cash === cash && coins === null && this.#measure.equity.equity === equity)
      return null;
    const text =
      `the books differ: equity ${equity} and ${this.#measure.equity.equity}, cash ${cash} and ${venue.cash} ` +
      `(units of 0.00000001)${coins === null ? '' : `; ${coins}`}`;
    return { kind: 'books-differ', symbol: null, text };
  }
}
