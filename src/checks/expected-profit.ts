import { z } from 'zod';
import { fromWorkingFolder } from '../desk/desk-environment.js';
import { changedBeyondFile } from '../desk/desk-settings.js';
import { DAY_MS, HOUR_MS } from '../domain/civil-date.js';
import { counted } from '../domain/figure-text.js';
import { HOURS_PER_YEAR, mean, returnsOf, returnsOnCapital, sampleDeviation } from '../domain/statistics.js';
import { readSecret } from '../home/secrets.js';
import { readEquityDays } from '../reports/equity-figures.js';
import { newestValidationOf } from '../store/go-live-attempts.js';
import { withoutStart } from '../store/ledger-figures.js';
import { readStatus } from '../trader/read-status.js';
import type { SignedReport } from '../validation/report/report.js';
import { isGenuine } from '../validation/report/write-report.js';
import { type CheckContext, check } from './check.js';
import { newestReport, REPORT_FOLDER } from './preflight/newest-go.js';

/**
 * Compares the day's return with the expected one ± `deviations` standard deviations. Worse fails; better
 * warns, because it is just as unexplained.
 */
export const expectedProfit = check(
  'The result is what validation made likely',
  z.strictObject({ days: z.number().min(0).default(30), deviations: z.number().min(0).default(2) }),
  async (context, { days, deviations }) => {
    const { marketData, equity, returnCountsFrom, configHash, settings } = await readStatus(context);
    const from = Number(returnCountsFrom);
    if (!(from > 0)) {
      const observed = `the day counts from an equity of ${returnCountsFrom}: it has no return`;
      return { verdict: 'not_run', observed, expected: 'a day that began with some equity' };
    }
    const today = Number(equity) / from - 1;
    // Within tighter limits the desk trades what its file was validated for; a go-live takes it for that, too.
    const isOfFile = changedBeyondFile(context.desk, settings.changed).length === 0;
    const configHashes = [configHash, ...(isOfFile ? [settings.fileConfigHash] : [])];
    const usual = await expectedReturn(context, { configHashes, marketMs: marketData.marketMs }, days);
    if (!usual.known) {
      return {
        verdict: 'not_run',
        observed: `today ${percent(today)}; ${usual.why}`,
        expected: 'a validation of at least a day in which equity moved, or at least 5 days to compare with',
      };
    }
    const width = deviations * usual.deviation;
    const [least, most] = [usual.mean - width, usual.mean + width];
    const expected = `between ${percent(least)} and ${percent(most)}: the mean of ${usual.source} ± ${deviations} standard deviations`;
    const observed = `today ${percent(today)}`;
    if (today < least) return { verdict: 'fail', observed, expected };
    return { verdict: today > most ? 'warn' : 'pass', observed, expected };
  },
);

const percent = (fraction: number): string => `${(fraction * 100).toFixed(3)} %`;

const HOURS_PER_DAY = 24;
/** A validation of less than a day says nothing about days; fewer days than this say nothing about what is usual. */
const HOURS_MIN = HOURS_PER_DAY;
const DAYS_MIN = 5;
/** Beyond this, a chart may have one point for more than an hour. */
const CHARTED_HOURS_MAX = 24 * 31;

type ExpectedReturn =
  | {
      readonly known: true;
      /** Fractions of the day's first equity. */
      readonly mean: number;
      readonly deviation: number;
      /** Source of the figures, as the end of "the mean of …". */
      readonly source: string;
    }
  | { readonly known: false; readonly why: string };

interface Today {
  /** Hash of the configuration that the desk trades now; then that of its file, if a validation of it is of this. */
  readonly configHashes: readonly string[];
  readonly marketMs: number;
}

/** The expected daily return: from the newest validation of this configuration, or from earlier days. */
async function expectedReturn(context: CheckContext, today: Today, days: number): Promise<ExpectedReturn> {
  for (const configHash of today.configHashes) {
    const report = (await recordedReport(context, configHash)) ?? reportInFiles(context, configHash);
    const usual = report === null ? null : byValidation(report);
    if (usual !== null) return usual;
  }
  return byDaysBefore(context, today.marketMs, days);
}

async function recordedReport(
  { pool, desk, runtime }: CheckContext,
  configHash: string,
): Promise<SignedReport | null> {
  const row = await newestValidationOf(pool, desk.desk, configHash);
  if (row === null) return null;
  const report = JSON.parse(row.report) as SignedReport;
  return isGenuine(readSecret(runtime.home, 'decisionKey'), report) ? report : null;
}

/** A desk that was validated before its first start has its report in a file alone: nothing recorded it. */
function reportInFiles({ desk, runtime: { home } }: CheckContext, configHash: string): SignedReport | null {
  const found = newestReport(
    { desk, configHash, home, reportFolder: fromWorkingFolder(REPORT_FOLDER) },
    Date.now(),
  );
  return found.ok ? found.value.report : null;
}

function byValidation(report: SignedReport): ExpectedReturn | null {
  const ofHours = hourlyReturnsOf(report);
  // One that held nothing says nothing of a day: any result would be beyond what it makes likely.
  if (ofHours === null || ofHours.hours < HOURS_MIN || ofHours.deviation === 0) return null;
  return {
    known: true,
    mean: ofHours.mean * HOURS_PER_DAY,
    deviation: ofHours.deviation * Math.sqrt(HOURS_PER_DAY),
    source: `${ofHours.hours} hours of validation ${report.id} (${report.recommendation}), as a day`,
  };
}

interface HourlyReturns {
  readonly hours: number;
  readonly mean: number;
  readonly deviation: number;
}

/**
 * From the report's own figures. Its chart counts only if an older report has nothing else, and only up to a
 * length with a point for each hour: the longer the run, the fewer points, and none while a market was
 * closed. Null: not known.
 */
function hourlyReturnsOf({ results, figures, equity }: SignedReport): HourlyReturns | null {
  if (figures === undefined) {
    const closes = hourlyCloses(equity);
    if (closes.length > CHARTED_HOURS_MAX) return null;
    const hourly = returnsOf(closes);
    return { hours: hourly.length, mean: mean(hourly), deviation: sampleDeviation(hourly) };
  }
  if (figures === null || figures.volatilityPct === null) return null;
  const ofYear = figures.volatilityPct / 100;
  return {
    hours: results.hourlyReturns,
    mean: ((figures.sharpe ?? 0) * ofYear) / HOURS_PER_YEAR,
    deviation: ofYear / Math.sqrt(HOURS_PER_YEAR),
  };
}

/** The last point of each hour, oldest first. */
function hourlyCloses(curve: SignedReport['equity']): number[] {
  const closes = new Map<number, number>();
  for (const [at, equity] of curve) closes.set(Math.floor(Date.parse(at) / HOUR_MS), Number(equity));
  return [...closes.values()];
}

async function byDaysBefore(
  { pool, desk }: CheckContext,
  marketMs: number,
  days: number,
): Promise<ExpectedReturn> {
  const span = { desk: desk.desk, fromMs: marketMs - days * DAY_MS, toMs: marketMs };
  // Whole days only: the span begins within the first one.
  const closes = withoutStart(await readEquityDays(pool, span, desk));
  // The last entry belongs to today, which has no close yet.
  const before = returnsOnCapital(closes.slice(0, -1));
  if (before.length < DAYS_MIN) {
    return {
      known: false,
      why: `no validation of this configuration says what is usual, and ${counted(before.length, 'day')} before today`,
    };
  }
  return {
    known: true,
    mean: mean(before),
    deviation: sampleDeviation(before),
    source: `${counted(before.length, 'day')} before (no validation of this configuration says what is usual)`,
  };
}
