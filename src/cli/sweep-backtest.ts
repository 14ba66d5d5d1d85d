/** `fermata backtest` with several values of a key: all of them are tried, and told one from the other. */
import { availableParallelism } from 'node:os';
import type { FillModel } from '../backtest/report/execution.js';
import type { RankedBy } from '../backtest/sweep/ranking.js';
import { figureWords, luckText, titleOf, valuesText } from '../backtest/sweep/sweep-html.js';
import { type LeftOut, type SweepReport, sweepReport } from '../backtest/sweep/sweep-report.js';
import type { Trial, Value } from '../backtest/sweep/trial.js';
import {
  CHOSEN_ON_PARTS,
  chosenOf,
  type Span,
  type Step,
  walked,
  windowsOf,
} from '../backtest/sweep/walk-forward.js';
import type { LoadedDesk } from '../desk/load.js';
import { moment } from '../domain/moment.js';
import { backtestDesk, type DeskOptions, type Setting } from './backtest-desk.js';
import { CliFailure, usageFailure } from './failure.js';
import type { DataFile } from './market-choice.js';
import { progressPrinter } from './progress-printer.js';
import { type TrialDone, type TrialJob, TrialThreads } from './run-trials.js';
import { combinationCount, combinationsOf, isSwept, type SweptSetting, TRIALS_MAX } from './swept-values.js';

const SHOWN_TRIALS = 10;
/** A part of less than that says nothing about the next one. */
const PART_MS_MIN = 3_600_000;

export interface SweepSetting {
  readonly loaded: LoadedDesk;
  readonly options: Omit<DeskOptions, 'set'>;
  readonly set: readonly SweptSetting[];
  readonly fillModel: FillModel;
  readonly files: readonly DataFile[];
  readonly beginMs: number | null;
  readonly untilMs: number | null;
  readonly dataKey: string | null;
  readonly rankedBy: RankedBy;
  /** How often values are chosen and traded on what comes behind; null: not at all. */
  readonly windows: number | null;
  readonly jobs: number | null;
}

type Candidate = Pick<TrialJob, 'options' | 'values' | 'configHash'>;

/** Throws `CliFailure` where no combination is a desk, or a trial fails; `BacktestInterrupted`. */
export async function sweepBacktest(setting: SweepSetting): Promise<SweepReport> {
  const { candidates, leftOut } = candidatesOf(setting);
  const { files, fillModel, loaded, windows, rankedBy } = setting;
  const jobOf = (
    candidate: Candidate,
    { beginMs, untilMs }: Pick<TrialJob, 'beginMs' | 'untilMs'>,
  ): TrialJob => ({
    ...{ ...candidate, files, fillModel, beginMs, untilMs },
  });
  const total = candidates.length * (1 + (windows ?? 0)) + (windows ?? 0);
  const threads = new TrialThreads(
    { file: loaded.file, text: loaded.text, dataKey: setting.dataKey },
    Math.min(setting.jobs ?? availableParallelism(), candidates.length),
  );
  const end = (): void => void threads.end();
  process.once('SIGINT', end).once('SIGTERM', end);
  const show = progressPrinter(process.stderr);
  let done = 0;
  const run = async (jobs: readonly TrialJob[]): Promise<readonly TrialDone[]> =>
    threads.run(jobs, () => {
      done += 1;
      show({ kind: 'bar', text: `sweep, ${done} of ${total} runs`, done, total });
    });
  try {
    const all = await run(candidates.map((candidate) => jobOf(candidate, setting)));
    const [first] = all;
    if (first === undefined || !all.every(({ sound }) => sound)) throw unsound(all);
    const walk = async (span: Span): Promise<Step[]> => {
      const steps: Step[] = [];
      for (const window of windowsOf(span, windows ?? 0)) {
        const before = { beginMs: window.chosenOn.fromMs, untilMs: window.chosenOn.untilMs };
        const behind = { beginMs: window.tradedOn.fromMs, untilMs: window.tradedOn.untilMs };
        const tried = await run(candidates.map((candidate) => jobOf(candidate, before)));
        const chosen = chosenOf(
          tried.map(({ trial }) => trial),
          rankedBy,
        );
        const again = candidates.find(({ configHash }) => configHash === chosen?.configHash);
        const traded = again === undefined ? [] : await run([jobOf(again, behind)]);
        steps.push({ ...window, chosen, traded: traded[0]?.trial ?? null });
      }
      return steps;
    };
    return sweepReport({
      desk: loaded.desk.desk,
      currency: loaded.desk.paper.currency,
      market: first.market,
      set: setting.set.filter((one) => !isSwept(one)).map(({ key, values: [value] }) => `${key}=${value}`),
      rankedBy,
      trials: all.map(({ trial }) => trial),
      leftOut,
      walkForward: windows === null ? null : walked(await walk(spanOf(first.trial, windows))),
      problems: first.problems,
    });
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
    await threads.end();
  }
}

/** Every combination is judged by the rules of a desk file before anything is run. */
function candidatesOf({ loaded, options, set }: SweepSetting): {
  readonly candidates: readonly Candidate[];
  readonly leftOut: readonly LeftOut[];
} {
  const count = combinationCount(set);
  if (count > TRIALS_MAX)
    throw usageFailure(
      `--set: these are ${count} combinations; at most ${TRIALS_MAX} are tried`,
      'name fewer values, or a longer step',
    );
  const swept = new Set(set.filter(isSwept).map(({ key }) => key));
  const candidates: Candidate[] = [];
  const leftOut: LeftOut[] = [];
  let refused: unknown = null;
  for (const settings of combinationsOf(set)) {
    const values = settings.filter(({ key }) => swept.has(key));
    const asked = { ...options, set: settings as readonly Setting[] };
    try {
      const { configHash } = backtestDesk(loaded, asked);
      candidates.push({ options: asked, values, configHash });
    } catch (error) {
      if (!(error instanceof CliFailure)) throw error;
      refused ??= error;
      leftOut.push({ values: values as readonly Value[], why: error.message });
    }
  }
  if (candidates.length === 0) throw refused;
  return { candidates, leftOut };
}

function spanOf({ period: { from, to } }: Trial, windows: number): Span {
  const span = { fromMs: Date.parse(from ?? ''), untilMs: Date.parse(to ?? '') };
  if (span.untilMs - span.fromMs >= PART_MS_MIN * (windows + CHOSEN_ON_PARTS)) return span;
  throw usageFailure(
    `--walk-forward: ${windows} windows need ${windows + CHOSEN_ON_PARTS} hours of prices, and these are fewer`,
    'name fewer windows, or more data',
  );
}

function unsound(all: readonly TrialDone[]): CliFailure {
  const found = all.find(({ sound }) => !sound) ?? all[0];
  return new CliFailure(
    found?.problems[0] ?? 'no price came',
    'nothing was written; a backtest changes nothing else',
    'mend the data, or run one set of values alone to see more',
  );
}

export function sweepLines(report: SweepReport, page: string | undefined): string[] {
  const { desk, market, trials, leftOut, rankedBy, best, currency, walkForward, period } = report;
  const by = titleOf(rankedBy);
  const width = Math.max(...trials.slice(0, SHOWN_TRIALS).map(({ values }) => valuesText(values).length));
  const row = (trial: Trial): string => {
    const figures = (['returnPct', 'maxDrawdownPct'] as const).map((name) =>
      figureWords(trial, name, currency),
    );
    const count = trial.figures?.trades ?? 0;
    return `  ${valuesText(trial.values).padEnd(width)}  ${by} ${figureWords(trial, rankedBy, currency)}, return ${figures[0]}, drawdown ${figures[1]}, ${count} trades`;
  };
  const when = (at: string | null): string => (at === null ? 'no price' : moment(Date.parse(at)));
  const walk = walkForward?.steps ?? [];
  return [
    `${best === null ? '✗' : '✓'} ${trials.length} ${trials.length === 1 ? 'trial' : 'trials'} of ${desk} on ${market.symbols.join(', ')}, ${when(period.from)} to ${when(period.to)}, best first by ${by}`,
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
      : [
          `  all of it: ${Number(walkForward.returnPct.toFixed(2))} %; return a day, traded ÷ chosen: ${walkForward.efficiency === null ? 'can’t be said' : Number(walkForward.efficiency.toFixed(2))}`,
        ]),
    ...report.problems.map((text) => `  ! ${text}`),
    ...market.leftOut.map((symbol) => `  ! ${symbol} is traded by the desk and had no prices here`),
    ...(leftOut.length === 0
      ? []
      : [
          `  ! left out, because the rules of a desk file refuse them: ${leftOut.length}, the first for ${leftOut[0]?.why}`,
        ]),
    ...(page === undefined ? [] : [`  page  ${page}`]),
  ];
}
