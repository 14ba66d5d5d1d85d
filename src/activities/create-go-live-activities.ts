/** The activities of going live: pre-flight, the ledger's view of real orders, the attempt's row. */
import { newestGo } from '../checks/preflight/newest-go.js';
import { goLiveObstacles, preLiveChecklist } from '../checks/preflight/pre-live-checklist.js';
import type { Expectation, GoLiveActivities, LiveFills } from '../contracts/go-live.js';
import type { PreflightReport } from '../contracts/published.js';
import { withLimitsInForce } from '../desk/desk-settings.js';
import type { Desk } from '../desk/schema.js';
import { counted } from '../domain/figure-text.js';
import { moveAttempt } from '../store/go-live-attempts.js';
import { readLiveFills } from '../store/performance.js';
import type { Pool } from '../store/pool.js';
import type { TraderClient } from '../trader/client.js';
import { readStatus } from '../trader/read-status.js';

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
      const [report, { settings }] = await Promise.all([preflight(), readStatus({ trader })]);
      const inForce = withLimitsInForce(desk, settings);
      const judged = reviewedBy ?? 'not asked yet';
      return {
        checks: report.results,
        checklist: preLiveChecklist(inForce, report, judged),
        obstacles: goLiveObstacles(inForce, report, judged),
        figures: report.results.find(({ key }) => key === 'validation')?.observed ?? '',
      };
    },
    readLiveFills: (sinceMs) => readLiveFills(pool, desk.desk, sinceMs),
    compareWithPaper: async (sinceMs) => compare(dependencies, await readLiveFills(pool, desk.desk, sinceMs)),
    moveGoLive: (attempt, state, detail) => moveAttempt(pool, attempt, state, detail),
  };
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
