/**
 * `fermata backtest` with several values of a key: tries all combinations and compares them. `--set KEY=VALUE`, `KEY=A,B,C`
 * and `KEY=FROM:TO:STEP` say which.
 */
import { availableParallelism } from 'node:os';
import { InvalidArgumentError } from 'commander';
import type { TimedAction } from '../backtest/corporate-actions.js';
import type { FillModel } from '../backtest/report/execution.js';
import type { TimedSignal } from '../backtest/signals-file.js';
import { figureWords, luckText, titleOf, walkedTexts } from '../backtest/sweep/sweep-html.js';
import { type LeftOut, type SweepReport, sweepReport } from '../backtest/sweep/sweep-report.js';
import { type RankedBy, type Trial, untradedText, valuesText } from '../backtest/sweep/trial.js';
import {
  CHOSEN_ON_PARTS,
  chosenOf,
  type Span,
  type Step,
  type Window,
  walked,
  windowsOf,
} from '../backtest/sweep/walk-forward.js';
import type { LoadedDesk } from '../desk/load.js';
import { DeskFileError } from '../desk/problem.js';
import { DAY_MS } from '../domain/civil-date.js';
import { counted, grouped } from '../domain/figure-text.js';
import { moment } from '../domain/moment.js';
import type { OnProgress } from '../supervisor/up-options.js';
import { backtestDesk, type DeskOptions, type Setting } from './backtest-desk.js';
import { CliFailure, usageFailure } from './failure.js';
import type { DataFile } from './market-choice.js';
import { progressPrinter } from './output.js';
import { type TrialDone, type TrialJob, TrialProcesses } from './run-trials.js';

const SHOWN_TRIALS = 10;
/**
 * Limit of runs of all trials on all parts of the period: more would be a day's work caused by a typing
 * error.
 */
const RUNS_MAX = 20_000;
/** As many combinations are checked before anybody would wonder whether it hangs. */
const CHECKED_AT_ONCE = 50;
/** A shorter part says nothing about the next one. */
const PART_MS_MIN = 3_600_000;
/** A Calmar ratio needs an annual return, which exists only for a period of at least this length. */
const CALMAR_MS_MIN = 30 * DAY_MS;

interface SweepSetting {
  readonly loaded: LoadedDesk;
  readonly options: Omit<DeskOptions, 'set'>;
  readonly set: readonly SweptSetting[];
  readonly fillModel: FillModel;
  readonly files: readonly DataFile[];
  readonly signals?: readonly TimedSignal[];
  readonly actions?: readonly TimedAction[];
  readonly beginMs: number | null;
  readonly untilMs: number | null;
  readonly dataKey: string | null;
  readonly rankedBy: RankedBy;
  /** The number of windows in which values are chosen and then traded on what follows. Null: none. */
  readonly windows: number | null;
  readonly jobs: number | null;
}

type Candidate = Pick<TrialJob, 'options' | 'values' | 'configHash'>;
type Prices = Pick<TrialJob, 'beginMs' | 'untilMs'>;
type Trials = (candidates: readonly Candidate[], prices: Prices) => Promise<readonly TrialDone[]>;

/** False: nothing could be judged, so nothing was found; or a trial failed. */
export const isJudged = ({ best, walkForward, trials }: SweepReport): boolean =>
  best !== null &&
  trials.every(({ failed }) => failed === null) &&
  (walkForward === null || walkForward.steps.some(({ chosen }) => chosen !== null));

/**
 * Throws `CliFailure` if no combination is a valid desk, or a trial fails; `DataFileError`,
 * `BacktestInterrupted`.
 */
export async function sweepBacktest(setting: SweepSetting): Promise<SweepReport> {
  const show = progressPrinter(process.stderr);
  const { candidates, leftOut } = candidatesOf(setting, show);
  const { files, signals, actions, fillModel, loaded, windows, rankedBy } = setting;
  const total = runsOf(candidates.length, windows);
  const { file, text, folder } = loaded;
  const processes = new TrialProcesses(
    { file, text, folder, dataKey: setting.dataKey },
    Math.min(setting.jobs ?? availableParallelism(), candidates.length),
  );
  const end = (): void => void processes.end();
  process.once('SIGINT', end).once('SIGTERM', end);
  let done = 0;
  const run: Trials = async (of, { beginMs, untilMs }) => {
    const outside = {
      ...(signals === undefined ? {} : { signals }),
      ...(actions === undefined ? {} : { actions }),
    };
    const prices = { files, fillModel, beginMs, untilMs, ...outside };
    const jobs = of.map((candidate) => ({ ...candidate, ...prices }));
    const results = await processes.run(jobs, () => {
      done += 1;
      show({ kind: 'bar', text: `sweep, ${done} of ${total} runs`, done, total });
    });
    for (const result of results) refuseUnsound(result);
    return results;
  };
  try {
    // The first trial shows for which times there are prices, before hours are spent.
    const [first] = await run(candidates.slice(0, 1), setting);
    if (first === undefined) throw new Error('a sweep without a trial');
    refuseWithoutPrices(first);
    const parts = windows === null ? null : windowsOf(spanOf(first.trial, windows, rankedBy), windows);
    const all = [first, ...(await run(candidates.slice(1), setting))];
    const swept = setting.set.filter(isSwept).map(({ key }) => `${key}=`);
    return sweepReport({
      ...{ desk: loaded.desk.desk, currency: loaded.desk.paper.currency, rankedBy, leftOut },
      ...{ market: first.market, execution: first.execution },
      set: first.set.filter((line) => !swept.some((start) => line.startsWith(start))),
      trials: all.map(({ trial }) => trial),
      walkForward: parts === null ? null : walked(await walk(parts, candidates, rankedBy, run)),
      problems: first.problems.filter(({ kind }) => kind !== 'strategy-failed').map(({ text }) => text),
    });
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
    await processes.end();
  }
}

async function walk(
  windows: readonly Window[],
  candidates: readonly Candidate[],
  rankedBy: RankedBy,
  run: Trials,
): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const pricesOf = ({ fromMs, untilMs }: Span): Prices => ({ beginMs: fromMs, untilMs });
  for (const window of windows) {
    const tried = await run(candidates, pricesOf(window.chosenOn));
    const chosen = chosenOf(
      tried.map(({ trial }) => trial),
      rankedBy,
    );
    const again = candidates.filter(({ configHash }) => configHash === chosen?.configHash);
    const [traded] = await run(again, pricesOf(window.tradedOn));
    steps.push({ ...window, chosen, traded: traded?.trial ?? null });
  }
  return steps;
}

/**
 * Each candidate runs once on the whole period and once in each window; each window also has one run on what
 * follows it.
 */
const runsOf = (candidates: number, windows: number | null): number =>
  candidates + (windows ?? 0) * (candidates + 1);

/** Every combination is checked by the rules of a desk file before anything runs. */
function candidatesOf(
  { loaded, options, set, windows }: SweepSetting,
  show: OnProgress,
): { readonly candidates: readonly Candidate[]; readonly leftOut: readonly LeftOut[] } {
  const count = combinationCount(set);
  if (count > TRIALS_MAX)
    throw usageFailure(
      `--set: these are ${count} combinations; at most ${TRIALS_MAX} are tried`,
      'name fewer values, or a longer step',
    );
  if (runsOf(count, windows) > RUNS_MAX)
    throw usageFailure(
      `--walk-forward: these are ${runsOf(count, windows)} runs; at most ${RUNS_MAX} are made`,
      'name fewer windows or fewer values',
    );
  const swept = new Set(set.filter(isSwept).map(({ key }) => key));
  const candidates = new Map<string, Candidate>();
  const leftOut: LeftOut[] = [];
  let refused: unknown = null;
  let checked = 0;
  for (const settings of combinationsOf(set)) {
    checked += 1;
    if (count > CHECKED_AT_ONCE)
      show({ kind: 'bar', text: `sweep, ${checked} of ${count} checked`, done: checked, total: count });
    const values = settings.filter(({ key }) => swept.has(key));
    const asked = { ...options, set: settings };
    try {
      const { configHash } = backtestDesk(loaded, asked);
      const same = candidates.get(configHash);
      if (same !== undefined)
        throw usageFailure(
          `--set: ${valuesText(same.values)} and ${valuesText(values)} are the same desk`,
          'name each value once, and nothing that another option sets',
        );
      candidates.set(configHash, { options: asked, values, configHash });
    } catch (error) {
      // A combination that no desk file allows is left out; a value that is invalid by itself is reported.
      if (!(error instanceof CliFailure && error.cause instanceof DeskFileError)) throw error;
      refused ??= error;
      leftOut.push({ values, why: error.message });
    }
  }
  if (candidates.size === 0) throw refused;
  return { candidates: [...candidates.values()], leftOut };
}

function spanOf({ period: { from, to } }: Trial, windows: number, rankedBy: RankedBy): Span {
  const span = { fromMs: Date.parse(from ?? ''), untilMs: Date.parse(to ?? '') };
  const partMs = (span.untilMs - span.fromMs) / (windows + CHOSEN_ON_PARTS);
  const days = (ms: number): string => String(Number((ms / DAY_MS).toFixed(1)));
  if (partMs < PART_MS_MIN)
    throw usageFailure(
      `--walk-forward: ${windows} windows need ${windows + CHOSEN_ON_PARTS} hours of prices, and these are fewer`,
      'name fewer windows, or more data',
    );
  if (rankedBy === 'calmar' && CHOSEN_ON_PARTS * partMs < CALMAR_MS_MIN)
    throw usageFailure(
      `--rank: a Calmar ratio is said from 30 days on, and values are chosen on ${days(CHOSEN_ON_PARTS * partMs)}`,
      'name fewer windows, more data, or another figure such as sortino',
    );
  return span;
}

const WORTHLESS: ReadonlySet<string> = new Set(['damaged', 'books-differ']);

/** Parts of the period may lack prices, but a run on wrong prices is worthless. */
function refuseUnsound({ problems, trial }: TrialDone): void {
  const found = problems.find(({ kind }) => WORTHLESS.has(kind));
  if (found !== undefined) throw worthless(found.text, `run ${valuesText(trial.values)} alone to see more`);
}

function refuseWithoutPrices({ problems }: TrialDone): void {
  const found = problems.find(({ kind }) => kind === 'no-data');
  if (found !== undefined) throw worthless(found.text, 'name data of that time');
}

const worthless = (why: string, doThis: string): CliFailure =>
  new CliFailure(why, 'nothing was written; a backtest changes nothing else', doThis);

export function sweepLines(report: SweepReport, page: string | undefined): string[] {
  const { desk, market, trials, leftOut, rankedBy, currency, walkForward, period } = report;
  const by = titleOf(rankedBy);
  const width = Math.max(...trials.slice(0, SHOWN_TRIALS).map(({ values }) => valuesText(values).length));
  const row = (trial: Trial): string => {
    const figures = (['returnPct', 'maxDrawdownPct'] as const).map((name) =>
      figureWords(trial, name, currency),
    );
    const count = trial.figures?.trades ?? 0;
    const untraded = untradedText(trial);
    return `  ${valuesText(trial.values).padEnd(width)}  ${by} ${figureWords(trial, rankedBy, currency)}, return ${figures[0]}, drawdown ${figures[1]}, ${counted(count, 'trade')}${untraded === '' ? '' : `, ${untraded}`}`;
  };
  const when = (at: string | null): string => (at === null ? 'no price' : moment(Date.parse(at)));
  const walk = walkForward?.steps ?? [];
  return [
    `${isJudged(report) ? '✓' : '✗'} ${trials.length} ${trials.length === 1 ? 'trial' : 'trials'} of ${desk} on ${market.symbols.join(', ')}, ${when(period.from)} to ${when(period.to)}, best first by ${by}`,
    ...trials.slice(0, SHOWN_TRIALS).map(row),
    ...(trials.length > SHOWN_TRIALS
      ? [`  … ${trials.length - SHOWN_TRIALS} more in --report and --json`]
      : []),
    `  ${luckText(report)}`,
    ...(walk.length === 0 ? [] : ['walking forward: chosen on what was before, traded on what came behind']),
    ...walk.map(({ tradedOn, chosen, traded }) => {
      const from = moment(tradedOn.fromMs);
      if (chosen === null || traded === null)
        return `  from ${from}: nothing could be judged, nothing was traded`;
      return `  from ${from}: ${valuesText(chosen.values)}, ${by} ${figureWords(chosen, rankedBy, currency)} where chosen, ${figureWords(traded, rankedBy, currency)} where traded, return ${figureWords(traded, 'returnPct', currency)}`;
    }),
    ...(walkForward === null
      ? []
      : [`  all of it: ${walkedTexts(walkForward).join('; return a day, traded ÷ chosen: ')}`]),
    ...report.problems.map((text) => `  ! ${text}`),
    ...market.leftOut.map(
      (symbol) => `  ! ${symbol} is traded or looked at by the desk and had no prices here`,
    ),
    ...(leftOut.length === 0
      ? []
      : [
          `  ! left out, because the rules of a desk file refuse them: ${leftOut.length}, the first for ${leftOut[0]?.why}`,
        ]),
    ...(page === undefined ? [] : [`  page  ${page}`]),
  ];
}

export interface SweptSetting {
  readonly key: string;
  /** With a single value the key is set, not swept. */
  readonly values: readonly string[];
}

/** More trials would be hours of work caused by a typing error. */
const TRIALS_MAX = 2_000;
const EXAMPLES = 'fastBars=20, fastBars=10,20,40 or fastBars=10:40:5';
const RANGE = /^(-?[\d.]+):(-?[\d.]+):([\d.]+)$/;
const DECIMAL = /^-?\d{1,12}(\.\d{1,8})?$/;

export function sweptValue(text: string): SweptSetting {
  const [, key, value] = /^([^=\s]{1,100})=(.{1,1000})$/.exec(text.trim()) ?? [];
  if (key === undefined || value === undefined)
    throw new InvalidArgumentError(`expected KEY=VALUE, such as ${EXAMPLES} or risk.stopLossPct=3`);
  const range = RANGE.exec(value);
  const values = range === null ? value.split(',').map((one) => one.trim()) : inRange(key, range);
  const twice = values.find((one, at) => values.indexOf(one) !== at);
  if (values.includes(''))
    throw new InvalidArgumentError(`expected a value on each side of a comma, such as ${EXAMPLES}`);
  if (twice !== undefined)
    throw new InvalidArgumentError(`expected each value of ${key} once (${twice} stands there twice)`);
  return { key, values };
}

/**
 * Both ends are included if a step falls on them. Counts in whole units of the finest decimal place, so that
 * 0.1 stays 0.1.
 */
function inRange(key: string, [range, ...texts]: RegExpExecArray): readonly string[] {
  if (!texts.every((text) => DECIMAL.test(text)))
    throw new InvalidArgumentError('expected numbers in FROM:TO:STEP, such as 10:40:5 or 0.5:2:0.25');
  const places = Math.max(...texts.map((text) => (text.split('.')[1] ?? '').length));
  const [from = 0, to = 0, step = 0] = texts.map((text) => Math.round(Number(text) * 10 ** places));
  if (step <= 0 || to < from)
    throw new InvalidArgumentError('expected FROM:TO:STEP with a step above 0 and TO not below FROM');
  const count = Math.floor((to - from) / step) + 1;
  if (count > TRIALS_MAX)
    throw new InvalidArgumentError(
      `expected at most ${grouped(String(TRIALS_MAX))} values of ${key}, by a longer step or ends closer together (${range} is ${grouped(String(count))})`,
    );
  return Array.from({ length: count }, (_, at) => ((from + at * step) / 10 ** places).toFixed(places));
}

export const isSwept = ({ values }: SweptSetting): boolean => values.length > 1;

/** Every combination, in the order in which keys and values were given; the last key changes fastest. */
export function combinationsOf(swept: readonly SweptSetting[]): readonly (readonly Setting[])[] {
  return swept.reduce<readonly (readonly Setting[])[]>(
    (all, { key, values }) => all.flatMap((one) => values.map((value) => [...one, { key, value }])),
    [[]],
  );
}

const combinationCount = (swept: readonly SweptSetting[]): number =>
  swept.reduce((count, { values }) => count * values.length, 1);
