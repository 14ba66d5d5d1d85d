/** Runs one validation from its folder, begun or continued, to its report. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { incarnationOf } from '../backtest/instance/trading-instance.js';
import { BacktestMeasure } from '../backtest/measure/backtest-measure.js';
import { type DataProblem, endedEarly } from '../backtest/measure/data-problems.js';
import { notRolled, type RunRolls, rollsWithin } from '../backtest/rolls.js';
import {
  NotRepeatable,
  type Progress,
  Run,
  type RunRecords,
  type Scope,
  scopeOf,
} from '../backtest/run-on-prices.js';
import type { MarketFeed } from '../contracts/market-feed.js';
import type { Desk } from '../desk/schema.js';
import type { Instrument } from '../domain/instrument.js';
import type { EngineRecord, JournalEntry } from '../engine/record.js';
import { dataKey } from '../home/secrets.js';
import { contentHash } from '../market/content-hash.js';
import { provenanceOf } from '../market/fetched/minutes-file.js';
import { inDeskOrder } from '../market/recorded/check-recording.js';
import { DataFileError } from '../market/recorded/data-file-error.js';
import { buildCalendars, buildInstruments } from '../trader/engine-config.js';
import type { Journal } from '../trader/journal/journal.js';
import { openJournal } from '../trader/journal/open-journal.js';
import { readJournal } from '../trader/journal/read-journal.js';
import { isSameRecord } from '../trader/journal/v2/codec.js';
import { parseDesk } from '../venue/load-desk.js';
import { type OpenFeed, openPrices } from './data/open-prices.js';
import { buildReport, type ReportInputs } from './report/build-report.js';
import type { ReportedFile, ValidationReport } from './report/report.js';
import {
  placeAt,
  readRequest,
  replaceFile,
  type ValidationPlace,
  type ValidationRequest,
} from './request.js';

/** Further trades are counted, not listed. */
const TRADES_MAX = 2000;

export interface RunOptions {
  readonly onProgress?: (progress: Progress) => void;
  /** Interrupts the run; it can be continued later. */
  readonly signal?: AbortSignal;
  readonly openFeed?: OpenFeed;
}

/** The run was interrupted before its time was up; its progress is kept. */
export class RunInterrupted extends Error {
  override readonly name = 'RunInterrupted';
}

interface Prepared {
  readonly place: ValidationPlace;
  readonly request: ValidationRequest;
  readonly desk: Desk;
  readonly scope: Scope;
  readonly instruments: readonly Instrument[];
}

/**
 * Resolves with the report, which is on disk by then; an existing report is returned as it is. Rejects with
 * `RunInterrupted`, `JournalLocked` if another process runs it, `FeedUnavailable`, or a failure of the disk.
 */
export async function runValidation(directory: string, options: RunOptions = {}): Promise<ValidationReport> {
  const place = placeAt(directory);
  if (existsSync(place.result)) return JSON.parse(readFileSync(place.result, 'utf8')) as ValidationReport;
  const request = readRequest(place);
  const { desk } = parseDesk(place.deskFile, readFileSync(place.deskFile, 'utf8'));
  const scope = scopeOf(desk, request.market);
  const prepared = { place, request, desk, scope, instruments: buildInstruments(scope.desk) };
  const { journal } = await openJournal({
    directory: place.journal,
    drawIncarnation: () => incarnationOf(request.id),
  });
  try {
    const report = await runOn(journal, prepared, options);
    replaceFile(place.result, report);
    return report;
  } finally {
    await journal.close();
  }
}

async function runOn(journal: Journal, prepared: Prepared, options: RunOptions): Promise<ValidationReport> {
  const { request, scope, instruments, place } = prepared;
  let fail: (error: Error) => void = () => undefined;
  const faulty = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  faulty.catch(() => undefined);
  let feed: MarketFeed;
  try {
    const { market, beginMs = null } = request;
    const prices = { market, beginMs, desk: scope.desk, instruments, directory: place.directory };
    feed = await openPrices({ ...prices, onFault: (error) => fail(error) }, options.openFeed);
  } catch (error) {
    if (!(error instanceof DataFileError)) throw error;
    return reportOf(journal, prepared, null, [damaged(error.message)], null);
  }
  try {
    const span = rolledSpan(request, feed);
    const rolls = span === null ? null : rollsWithin(scope.desk, span.fromMs, span.toMs);
    const run = newRun(journal, prepared, feed, rolls, options);
    await Promise.race([run.toTheEnd(), faulty]);
    await journal.whenDurable(journal.lastSequence);
    const jumps = span === null ? [] : notRolled(scope.desk, span.fromMs, span.toMs);
    return await reportOf(journal, prepared, feed, [...run.problems(), ...jumps], run);
  } finally {
    await feed.stop();
  }
}

/** The time in which a recording may go over to a next contract. Null: it is not looked at, or the prices are no recording. */
function rolledSpan({ rolls, beginMs, durationMs }: ValidationRequest, feed: MarketFeed) {
  if (rolls === undefined || feed.source.kind !== 'recorded') return null;
  const fromMs = beginMs ?? feed.nowMs();
  return { fromMs, toMs: fromMs + durationMs };
}

function newRun(
  journal: Journal,
  prepared: Prepared,
  feed: MarketFeed,
  rolls: RunRolls | null,
  options: RunOptions,
): Run<BacktestMeasure> {
  const { request, scope, instruments, place } = prepared;
  const signal = options.signal ?? new AbortController().signal;
  const { speed = null } = request.market;
  const pace =
    speed === null || feed.source.kind === 'live'
      ? null
      : new Pace({
          speed,
          reachedMs: readProgress(place.progress)?.marketMs ?? Number.NEGATIVE_INFINITY,
          monotonicMs: () => performance.now(),
          signal,
        });
  const { id, configHash, createdMs: wallMs, beginMs = null } = request;
  return new Run({
    ...{ id, configHash, wallMs, beginMs },
    desk: scope.desk,
    instruments,
    feed,
    records: new RunJournal(journal),
    waitsForAll: request.trades === undefined,
    ...(rolls === null ? {} : { rolls }),
    measureFrom: (fromMs) =>
      new BacktestMeasure({
        ...{ desk: scope.desk, instruments, fromMs, endsWithPrices: false, tradesMax: TRADES_MAX },
        toMs: fromMs + request.durationMs,
      }),
    ...(pace === null ? {} : { wait: (marketMs: number) => pace.wait(marketMs) }),
    signal,
    interrupted: () => new RunInterrupted(`validation ${request.id} was ended; it can be gone on with`),
    onProgress: (progress) => {
      saveProgress(place.progress, progress);
      options.onProgress?.(progress);
    },
  });
}

async function reportOf(
  journal: Journal,
  prepared: Prepared,
  feed: MarketFeed | null,
  problems: readonly DataProblem[],
  run: Run<BacktestMeasure> | null,
): Promise<ValidationReport> {
  const { request, desk, scope, instruments } = prepared;
  const measure = run?.measure ?? null;
  const early =
    measure === null ? null : endedEarly(measure.lastMs, measure, buildCalendars(prepared.scope.desk));
  const files = await filesOf(prepared);
  // Minutes that Fermata fetched are of one contract, whatever day they go over.
  const ofOne = new Set(files.flatMap(({ symbol, fetched }) => (fetched === null ? [] : [symbol])));
  const found = problems.filter(
    ({ kind, symbol }) => run === null || kind !== 'over-roll' || symbol === null || !ofOne.has(symbol),
  );
  const inputs: ReportInputs = {
    request,
    desk,
    symbols: scope.symbols,
    leftOut: scope.leftOut,
    instruments,
    source: feed?.source ?? null,
    files,
    measure,
    coverage: run?.coverage ?? [],
    problems: early === null ? found : [early, ...found],
    view: run?.view ?? null,
    journal: {
      incarnation: journal.incarnation,
      lastSequence: journal.lastSequence,
      stateHash: run?.stateHash ?? null,
    },
  };
  return buildReport(inputs);
}

function damaged(text: string): DataProblem {
  return { kind: 'damaged', symbol: null, text };
}

/** Lets a reader of the report tell which recording it was, and whether Fermata fetched it. */
async function filesOf({ place, request, desk }: Prepared): Promise<readonly ReportedFile[]> {
  // FERMATA_HOME/validations/<id>
  const key = dataKey(dirname(dirname(place.directory)));
  return Promise.all(
    inDeskOrder(request.market.files, desk.instruments).map(async ({ file, symbol }) => {
      const about = { name: basename(file), sha256: await contentHash(file), symbol };
      const found = await provenanceOf(file, key);
      if (found.kind === 'other') return { ...about, fetched: null, study: found.reason };
      const { venue, endpoint, address, symbol: holds, fetchedAtMs } = found.provenance;
      const at = new Date(fetchedAtMs).toISOString();
      return { ...about, fetched: { venue, endpoint, address, symbol: holds, at }, study: null };
    }),
  );
}

interface PaceOptions {
  /** Market milliseconds per wall millisecond. */
  readonly speed: number;
  /** Market time that an earlier process had reached; until then there is no wait. */
  readonly reachedMs: number;
  readonly monotonicMs: () => number;
  readonly signal: AbortSignal;
}

/** Shorter waits are added to the next one. */
const WAIT_MS_MIN = 5;

/** Holds a recorded or simulated market back to the requested speed; this changes no result. */
class Pace {
  readonly #options: PaceOptions;
  #anchor: { readonly marketMs: number; readonly wallMs: number } | null = null;

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  /** Undefined: there is nothing to wait for. */
  wait(marketMs: number): Promise<void> | undefined {
    const { speed, reachedMs, monotonicMs, signal } = this.#options;
    if (marketMs < reachedMs) return undefined;
    const wallMs = monotonicMs();
    this.#anchor ??= { marketMs, wallMs };
    const waitMs = this.#anchor.wallMs + (marketMs - this.#anchor.marketMs) / speed - wallMs;
    if (waitMs < WAIT_MS_MIN) return undefined;
    return sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * The progress of a validation: for those who wait for it, and for a later process that continues it. Null:
 * there is none yet, or it can't be read, so nothing is known.
 */
export function readProgress(file: string): Progress | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Progress;
  } catch {
    return null;
  }
}

function saveProgress(file: string, progress: Progress): void {
  replaceFile(file, progress);
}

/**
 * The run's own journal. A restarted run makes the records of its first part again: each is compared with the
 * one on disk, and writing continues after the last one, so nothing is lost or written twice.
 */
class RunJournal implements RunRecords {
  readonly #journal: Journal;
  readonly #before: Iterator<JournalEntry, void>;
  #repeated = 0;
  #replaying = true;
  #next: IteratorResult<JournalEntry, void> | null = null;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#before = readJournal(journal.directory);
  }

  /** Number of records of an earlier process that this one made again. */
  get repeated(): number {
    return this.#repeated;
  }

  /** Throws `NotRepeatable`, or `JournalFault`. */
  append(record: EngineRecord, wallMs: number, monotonicMs: number): void {
    if (!this.#replaying || !this.#isRepeated(record)) this.#journal.append(record, wallMs, monotonicMs);
    if (this.#journal.fault !== null) throw this.#journal.fault;
  }

  /** Throws `NotRepeatable` if the disk has more than this run made. */
  finish(): void {
    const left = this.#replaying ? (this.#next ?? this.#before.next()) : { done: true as const };
    if (left.done !== true) throw notRepeatable(this.#repeated + 1, 'the run ended before it');
  }

  #isRepeated(record: EngineRecord): boolean {
    this.#next ??= this.#before.next();
    const next = this.#next;
    if (next.done === true) {
      this.#replaying = false;
      return false;
    }
    // A journal begun by a version without `trade.closed` has none in its first part.
    if (record.type === 'trade.closed' && next.value.record.type !== 'trade.closed') return true;
    this.#next = null;
    if (!isSameRecord(next.value.record, record)) {
      throw notRepeatable(next.value.sequence, `it has ${next.value.record.type}, now comes ${record.type}`);
    }
    this.#repeated += 1;
    return true;
  }
}

function notRepeatable(sequence: number, found: string): NotRepeatable {
  return new NotRepeatable(
    `the run does not come out as its journal says at record ${sequence} (${found}): prices, desk file or program ` +
      'changed since it began',
  );
}
