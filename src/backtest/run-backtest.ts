/**
 * One backtest, from request to report: the desk's own core, gate, order path and paper venue on recorded
 * prices.
 */
import { basename } from 'node:path';
import type { MarketFeed } from '../contracts/market-feed.js';
import type { Desk } from '../desk/schema.js';
import { iso } from '../domain/moment.js';
import { ppmOfPercent } from '../domain/money.js';
import type { EngineRecord } from '../engine/record.js';
import { contentHash } from '../market/content-hash.js';
import { provenanceOf } from '../market/fetched/minutes-file.js';
import { inDeskOrder, type RecordingRequest } from '../market/recorded/check-recording.js';
import { openRecordedFeed } from '../market/recorded/recorded-feed.js';
import { spreadTicksOf } from '../market/spread.js';
import { buildInstruments } from '../trader/engine-config.js';
import { steadyNowMs } from '../venue/steady-clock.js';
import type { TimedAction } from './corporate-actions.js';
import { BacktestMeasure, type Details } from './measure/backtest-measure.js';
import type { DataProblem } from './measure/data-problems.js';
import { type BacktestReport, buildReport, type ReportedFile } from './report/build-report.js';
import type { FillModel } from './report/execution.js';
import { notRolled, rollsWithin } from './rolls.js';
import { type Progress, Run, scopeOf } from './run-on-prices.js';
import type { TimedSignal } from './signals-file.js';

export interface BacktestSetting {
  /** With this run's values applied. */
  readonly desk: Desk;
  readonly configHash: string;
  /** Values set differently from the desk file, as requested. */
  readonly set: readonly string[];
  readonly fillModel: FillModel;
  /** Signals from outside the desk, by time. Left out: none. */
  readonly signals?: readonly TimedSignal[];
  /** Splits and dividends, by time. Left out: none. */
  readonly actions?: readonly TimedAction[];
  readonly files: readonly RecordingRequest[];
  /** Market time at which trading starts; earlier prices are for warm-up. Null: the first price. */
  readonly beginMs: number | null;
  /** Market time after which nothing is traded. Null: the last price. */
  readonly untilMs: number | null;
  /** The installation's data key, to recognise files that it fetched. Null: it has none. */
  readonly dataKey: string | null;
  /** How many trades the report lists. Left out: all. */
  readonly tradesMax?: number;
  readonly details?: Details;
  /** For comparison tests: every event takes the general path, and `onRecord` gets every record. */
  readonly takesNoShortcut?: boolean;
  readonly onRecord?: (record: EngineRecord, wallMs: number) => void;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export interface Backtest {
  readonly report: BacktestReport;
  /** Null: there was no price. */
  readonly measure: BacktestMeasure | null;
}

/** The backtest was interrupted before its prices ended. */
export class BacktestInterrupted extends Error {
  override readonly name = 'BacktestInterrupted';
  readonly keptSafe = 'nothing was written; a backtest changes nothing else';
  readonly doThis = 'give the same command again';
}

/** Part of order ids. The same for every backtest, so equal prices yield equal bytes. */
const ID = 'backtest';

/** Throws `DataFileError` if a file can't be opened, or `BacktestInterrupted`. */
export async function runBacktest(setting: BacktestSetting): Promise<Backtest> {
  const { files, configHash, beginMs, untilMs, signal, onProgress, fillModel } = setting;
  const { path, limitFill, volumePartPct } = fillModel;
  const market = { kind: 'recorded', files, speed: null, seed: undefined, exitAtEnd: false } as const;
  const { desk, symbols, leftOut } = scopeOf(setting.desk, market);
  const instruments = buildInstruments(desk);
  const feed = await openRecordedFeed({
    files,
    instruments,
    spreadTicks: spreadTicksOf(desk.instruments, instruments),
    speed: null,
    position: { load: () => beginMs, beginMs, save: () => undefined },
    steadyMs: steadyNowMs,
    shape: { path, withVolume: volumePartPct !== null },
  });
  const fromMs = beginMs ?? feed.nowMs();
  const toMs = untilMs ?? feed.endMs ?? fromMs;
  const rolls = rollsWithin(desk, fromMs, toMs);
  const run = new Run({
    ...{ id: ID, configHash, wallMs: null, beginMs, desk, instruments, feed, signal, onProgress },
    // Records are measured as they arrive; nobody would read a journal of them.
    records: { append: (record, wallMs) => setting.onRecord?.(record, wallMs), finish: () => undefined },
    takesNoShortcut: setting.takesNoShortcut === true,
    ...(setting.signals === undefined ? {} : { signals: setting.signals }),
    ...(setting.actions === undefined ? {} : { actions: setting.actions }),
    ...(rolls === null ? {} : { rolls }),
    fills: {
      limitFill,
      ...(volumePartPct === null ? {} : { volumePartPpm: ppmOfPercent(volumePartPct) }),
    },
    measureFrom: (begunMs) =>
      new BacktestMeasure({
        ...{ desk, instruments, fromMs: begunMs, endsWithPrices: true },
        ...{ tradesMax: setting.tradesMax ?? Number.POSITIVE_INFINITY, details: setting.details ?? {} },
        toMs: untilMs ?? Number.POSITIVE_INFINITY,
      }),
    interrupted: () => new BacktestInterrupted('the backtest was ended'),
  });
  try {
    await run.toTheEnd();
  } finally {
    await feed.stop();
  }
  const { measure } = run;
  const report = buildReport({
    ...{ desk, configHash, set: setting.set, fillModel, instruments, symbols, leftOut, measure },
    files: await reported(setting, feed),
    prices: {
      withOwnSpread: (feed.withOwnSpread ?? []).map((id) => instruments[id]?.symbol ?? '?'),
      showBooks: feed.showsBooks === true,
    },
    coverage: run.coverage,
    problems: [
      ...run.problems(),
      ...notRolled(desk, fromMs, toMs),
      ...(measure === null ? [NO_PRICE] : failures(measure)),
    ],
    view: run.view,
    hasActions: setting.actions !== undefined,
    signalsSent: setting.signals === undefined ? null : run.signalsSent,
    stateHash: run.stateHash,
  });
  return { report, measure };
}

/** Without a price there is no coverage either, which would otherwise say what is missing. */
const NO_PRICE: DataProblem = { kind: 'no-data', symbol: null, text: 'no price came: nothing was traded' };

/** What a strategy would have done after failing is unknown, so the figures cover less than they seem to. */
const failures = (measure: BacktestMeasure): readonly DataProblem[] =>
  measure.switchedOff
    .filter(({ failed }) => failed)
    .map(({ strategy, reason, atMs }) => ({
      ...{ kind: 'strategy-failed', symbol: null },
      text: `${strategy} failed at ${iso(atMs)} and traded no more: ${reason}`,
    }));

/** Tells the reader of a report which recordings were used, and whether Fermata fetched them. */
async function reported(
  { files, desk, dataKey }: BacktestSetting,
  { fileHashes }: Pick<MarketFeed, 'fileHashes'>,
): Promise<readonly ReportedFile[]> {
  return Promise.all(
    inDeskOrder(files, desk.instruments).map(async ({ file, symbol, side }) => {
      const found = await provenanceOf(file, dataKey);
      const from = found.kind === 'fetched' ? found.provenance.address : null;
      return {
        name: basename(file),
        sha256: fileHashes?.get(file) ?? (await contentHash(file)),
        symbol,
        ...(side === undefined ? {} : { side }),
        fetchedFrom: from,
      };
    }),
  );
}
