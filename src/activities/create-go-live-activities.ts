/**
 * The activities of going live (pre-flight, the ledger's view of real orders, the attempt's row) and of a
 * validation (trade on paper, write the report, tell people).
 */
import { readFileSync } from 'node:fs';
import { Context } from '@temporalio/activity';
import type { Progress } from '../backtest/run-on-prices.js';
import { newestGo } from '../checks/preflight/newest-go.js';
import { goLiveObstacles, preLiveChecklist } from '../checks/preflight/pre-live-checklist.js';
import type {
  ChecklistItem,
  Expectation,
  GoLiveActivities,
  LiveFills,
  ValidationActivities,
  ValidationOutcome,
  ValidationRef,
} from '../contracts/go-live.js';
import type { PreflightReport } from '../contracts/published.js';
import { withLimitsInForce } from '../desk/desk-settings.js';
import type { Desk } from '../desk/schema.js';
import { counted } from '../domain/figure-text.js';
import { copiedHomeIn } from '../domain/go-live-terms.js';
import { notify } from '../notify/notify.js';
import { moveAttempt, recordValidation } from '../store/go-live-attempts.js';
import { readLiveFills } from '../store/ledger-figures.js';
import type { Pool } from '../store/pool.js';
import type { TraderClient } from '../trader/client.js';
import { readStatus } from '../trader/read-status.js';
import type { SignedReport, ValidationReport } from '../validation/report/report.js';
import { keepReport, signReport, summaryText, writeReport } from '../validation/report/write-report.js';
import { readRequest, runInProcess, validationPlace } from '../validation/request.js';
import { aboutThisRun } from './activity-key.js';
import { cancelledOrEnding } from './worker-ends.js';

interface GoLiveDependencies {
  readonly pool: Pool;
  readonly desk: Desk;
  readonly trader: Pick<TraderClient, 'call'>;
  readonly configHash: string;
  readonly home: string;
  readonly reportFolder: string;
  readonly preflight: () => Promise<PreflightReport>;
}

/** A win rate of fewer trades than this is not compared. */
const TRADES_MIN = 5;
/** How many percentage points the win rate may be below that of paper trading. */
const WIN_RATE_SLACK = 20;

export function createGoLiveActivities(dependencies: GoLiveDependencies): GoLiveActivities {
  const { pool, desk, trader, preflight } = dependencies;
  return {
    runPreflight: preflight,
    lookBeforeLive: async (reviewedBy) => {
      const [report, { settings, halts }] = await Promise.all([preflight(), readStatus({ trader })]);
      const inForce = withLimitsInForce(desk, settings);
      const judged = reviewedBy ?? 'not asked yet';
      const figures = report.results.find(({ key }) => key === 'validation')?.observed ?? '';
      const copied = copiedHomeIn(halts);
      return {
        checks: report.results,
        checklist: [...preLiveChecklist(inForce, report, judged), ...otherHome(copied, reviewedBy)],
        obstacles: goLiveObstacles(inForce, report, judged),
        figures: copied === null ? figures : `${figures}. ${copied}. Write what you did about the desk there`,
      };
    },
    readLiveFills: (sinceMs) => readLiveFills(pool, desk.desk, sinceMs),
    compareWithPaper: async (sinceMs) => compare(dependencies, await readLiveFills(pool, desk.desk, sinceMs)),
    moveGoLive: (attempt, state, detail) => moveAttempt(pool, attempt, state, detail),
  };
}

/** Only a person can know: the review asks for it. */
function otherHome(copied: string | null, reviewedBy: string | null): readonly ChecklistItem[] {
  if (copied === null) return [];
  const observed = reviewedBy === null ? copied : `reviewed by ${reviewedBy}: ${copied}`;
  const expected = 'a person has made sure that the desk there has ended for good';
  return [{ key: 'other-home', title: 'The other home', done: reviewedBy !== null, observed, expected }];
}

function compare(dependencies: GoLiveDependencies, live: LiveFills): Expectation {
  const found = newestGo(dependencies, null);
  if (!found.ok) return { verdict: 'not_run', observed: found.why, expected: 'a validation to compare with' };
  const { winRatePct, trades, netProfitPct } = found.value.report.results;
  const paperRate = winRatePct ?? 0;
  const expected = `as on paper: win rate ${paperRate.toFixed(1)} % of ${counted(trades, 'trade')}, ${netProfitPct?.toFixed(2) ?? '?'} % profit`;
  const figures = `${counted(live.fills, 'fill')}, ${live.trades} closed, net ${live.netProfit}`;
  if (live.trades < TRADES_MIN)
    return { verdict: 'not_run', observed: `${figures}: too few closed trades to compare`, expected };
  const rate = (live.wins / live.trades) * 100;
  const verdict = rate >= paperRate - WIN_RATE_SLACK ? 'pass' : 'warn';
  return { verdict, observed: `${figures}, win rate ${rate.toFixed(1)} %`, expected };
}

const PROBLEMS_SHOWN_MAX = 20;
const PULSE_MS = 1000;

interface ValidationDependencies {
  readonly home: string;
  readonly pool: Pool;
  readonly decisionKey: () => string;
  /** Tests pass another program for the child process. */
  readonly program?: string;
}

export function createValidationActivities(dependencies: ValidationDependencies): ValidationActivities {
  const { home, pool } = dependencies;
  const kept = ({ id }: ValidationRef): SignedReport => {
    const text = readFileSync(validationPlace(home, id).result, 'utf8');
    return signReport(dependencies.decisionKey(), JSON.parse(text) as ValidationReport);
  };
  return {
    runValidation: async (reference) => {
      await tradeOnPaper(dependencies, reference);
      const report = kept(reference);
      keepReport(home, report);
      const { reportFolder } = readRequest(validationPlace(home, reference.id));
      return outcomeOf(report, writeReport(reportFolder, report));
    },
    recordValidationReport: (reference) => {
      const report = kept(reference);
      return recordValidation(pool, {
        desk: report.desk,
        validationId: report.id,
        configHash: report.configHash,
        recommendation: report.recommendation,
        qualifies: report.goLive.qualifies,
        hash: report.hash,
        seal: report.seal ?? '',
        report: JSON.stringify(report),
        createdMs: Date.parse(report.created),
      });
    },
    announceValidation: (reference) => {
      const report = kept(reference);
      return notify(
        pool,
        aboutThisRun({
          desk: report.desk,
          event: 'report',
          severity: report.recommendation === 'GO' ? 'info' : 'warning',
          title: `Paper validation of ${report.desk}: ${report.recommendation}`,
          text: summaryText(report),
          fingerprint: `validation:${report.desk}:${report.id}`,
        }),
        home,
      );
    },
  };
}

async function tradeOnPaper({ home, program }: ValidationDependencies, { id }: ValidationRef): Promise<void> {
  const context = Context.current();
  let newest: Progress | null = null;
  // Beats even while nothing is traded: the process may be replaying its journal.
  const pulse = setInterval(() => context.heartbeat(newest), PULSE_MS);
  try {
    await runInProcess(validationPlace(home, id).directory, {
      onProgress: (progress) => {
        newest = progress;
      },
      signal: cancelledOrEnding(context),
      ...(program === undefined ? {} : { program }),
    });
  } finally {
    clearInterval(pulse);
  }
}

function outcomeOf(report: SignedReport, files: ValidationOutcome['files']): ValidationOutcome {
  return {
    recommendation: report.recommendation,
    qualifies: report.goLive.qualifies,
    simulated: report.market.simulated,
    verdicts: report.verdicts.map(({ name, title, passed, text, bound, threshold }) => ({
      name,
      title,
      passed,
      text,
      expected: `${bound} ${threshold}`,
    })),
    dataProblems: report.data.problems.slice(0, PROBLEMS_SHOWN_MAX).map(({ text }) => text),
    standstills: standstillsOf(report).slice(0, PROBLEMS_SHOWN_MAX),
    reached: report.period.reached,
    summary: summaryText(report),
    hash: report.hash,
    files,
  };
}

/** The reasons that come neither from a criterion nor from the data. */
function standstillsOf({ reasons, verdicts, data }: SignedReport): readonly string[] {
  const known = new Set([...verdicts.map(({ text }) => text), ...data.problems.map(({ text }) => text)]);
  return reasons.filter((reason) => !known.has(reason));
}
