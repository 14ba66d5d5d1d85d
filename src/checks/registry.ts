/** Every check that a desk file can name. To add one, add a file and a line. */
import { z } from 'zod';
import { BACKUP_TAGS } from '../contracts/backup.js';
import { SHIPPED_ACTIONS, type ShippedAction } from '../contracts/routine.js';
import { type DeclaredPart, inPlaybooks, type StepParts, schemaFrom } from '../desk/step-parts.js';
import { isTradingAction } from '../domain/mode.js';
import { describePack } from '../pack/child-process.js';
import type { PartKind } from '../pack/pack-folder.js';
import { REPORTS } from '../reports/registry.js';
import { ACTIONS } from './actions/registry.js';
import { alertRate } from './alert-rate.js';
import { backtestComparison } from './backtest-comparison.js';
import { backupAge } from './backup-age.js';
import { backupRetention } from './backup-retention.js';
import { booksAgree } from './books-agree.js';
import { candlesStored } from './candles-stored.js';
import type { Check } from './check.js';
import { configuration } from './configuration.js';
import { connectionTest, dataFresh, venuePort, warmedUp } from './connection.js';
import { contactsFilled } from './contacts-filled.js';
import { database } from './database.js';
import { databaseIntact } from './database-intact.js';
import { diskSpace, logSpace } from './disk-space.js';
import { drillAge } from './drill-age.js';
import { economicCalendar } from './economic-calendar.js';
import { evidenceUnbroken } from './evidence-unbroken.js';
import { exitsWorking } from './exits-working.js';
import { expectedProfit } from './expected-profit.js';
import { healthScore } from './health-score.js';
import { kpis } from './kpis.js';
import { logErrors } from './log-errors.js';
import { logSearch } from './log-search.js';
import { mailRoundTrip } from './mail-round-trip.js';
import { mailSent } from './mail-sent.js';
import { monitor } from './monitor.js';
import { connectionFailures, unexpectedShutdowns } from './off-hours.js';
import { packagesOutdated } from './packages-outdated.js';
import { positionsAgree } from './positions-agree.js';
import { profitAndPositions } from './profit-and-positions.js';
import { riskSettings } from './risk-settings.js';
import { rollDue } from './roll-due.js';
import { contractInForce } from './rolled.js';
import { exposedSecrets } from './security/exposed-secrets.js';
import { filePermissions } from './security/file-permissions.js';
import { signInRequired } from './security/sign-in-required.js';
import { vulnerabilities } from './security/vulnerabilities.js';
import { strategiesOn } from './strategies-on.js';
import { tasksOverdue } from './tasks-overdue.js';
import { telegramRoundTrip } from './telegram-round-trip.js';
import { tradingLog } from './trading-log.js';
import { venueReachable } from './venue-reachable.js';
import { winRate } from './win-rate.js';

const SINGLE_CHECKS: ReadonlyMap<string, Check> = new Map([
  ['venue-reachable', venueReachable],
  ['data-fresh', dataFresh],
  ['warmed-up', warmedUp],
  ['database', database],
  ['database-intact', databaseIntact],
  ['disk-space', diskSpace],
  ['risk-settings', riskSettings],
  ['configuration', configuration],
  ['backup-age', backupAge],
  ['backup-retention', backupRetention],
  ['drill-age', drillAge],
  ['candles-stored', candlesStored],
  ['profit-and-positions', profitAndPositions],
  ['books-agree', booksAgree],
  ['strategies-on', strategiesOn],
  ['log-errors', logErrors],
  ['log-search', logSearch],
  ['trading-log', tradingLog],
  ['log-space', logSpace],
  ['alert-rate', alertRate],
  ['expected-profit', expectedProfit],
  ['tasks-overdue', tasksOverdue],
  ['contacts-filled', contactsFilled],
  ['evidence-unbroken', evidenceUnbroken],
  ['telegram-round-trip', telegramRoundTrip],
  ['mail-round-trip', mailRoundTrip],
  ['mail-sent', mailSent],
  ['exits-working', exitsWorking],
  ['roll-due', rollDue],
  ['contract-in-force', contractInForce],
  ['packages-outdated', packagesOutdated],
  ['file-permissions', filePermissions],
  ['exposed-secrets', exposedSecrets],
  ['sign-in-required', signInRequired],
  ['vulnerabilities', vulnerabilities],
  ['venue-port', venuePort],
  ['connection-test', connectionTest],
  ['connection-failures', connectionFailures],
  ['unexpected-shutdowns', unexpectedShutdowns],
  ['positions-agree', positionsAgree],
  ['win-rate', winRate],
  ['kpis', kpis],
  ['economic-calendar', economicCalendar],
  ['backtest-comparison', backtestComparison],
  ['monitor', monitor],
]);

export const SCORED = {
  deployment:
    'venue-reachable data-fresh database database-intact disk-space configuration books-agree backup-age evidence-unbroken',
  security: 'file-permissions exposed-secrets sign-in-required vulnerabilities',
};

export const CHECKS: ReadonlyMap<string, Check> = new Map([
  ...SINGLE_CHECKS,
  ['health-score', healthScore(SINGLE_CHECKS, SCORED)],
]);

const BACKUP_ACTIONS: Readonly<Record<ShippedAction, DeclaredPart>> = {
  backup: {
    title: 'Takes a backup',
    parameters: z.strictObject({ tag: z.enum(BACKUP_TAGS).optional(), s3: z.boolean().default(false) }),
  },
  'restore-drill': {
    title: 'Proves that a backup restores',
    parameters: z.strictObject({ lastMonth: z.boolean().default(false) }),
  },
};

/** What the steps of every desk file can name. */
export const STEP_PARTS: StepParts = {
  checks: CHECKS,
  reports: REPORTS,
  actions: new Map([...SHIPPED_ACTIONS.map((name) => [name, BACKUP_ACTIONS[name]] as const), ...ACTIONS]),
};

/** Adds the parts of the desk's own folder. Runs its code in a separate process; throws `DeskFileError`. */
export function stepPartsIn(folder: string): StepParts {
  const { checks, reports, actions } = STEP_PARTS;
  const own = describePack(folder, {
    check: [...checks.keys()],
    report: [...reports.keys()],
    action: [...actions.keys()],
  });
  const described = (wanted: PartKind) =>
    own
      .filter(({ kind }) => kind === wanted)
      .map(({ name, title, parameters }) => [name, { title, parameters: schemaFrom(parameters) }] as const);
  return {
    checks: new Map([...checks, ...described('check')]),
    reports: new Map([...reports, ...described('report')]),
    actions: new Map([...actions, ...described('action')]),
  };
}

/** The table of docs/ROUTINES.md: what ships, and the `with:` values that it accepts. */
export function partTable(): string {
  const parts = inPlaybooks(STEP_PARTS);
  const rows = (['check', 'report', 'action'] as const).flatMap((kind) =>
    [...parts[`${kind}s`]].map(
      ([name, part]) =>
        `| ${isTradingAction(name) ? 'action of an incident' : kind} | \`${name}\` | ${part.title} | ${withText(part)} |`,
    ),
  );
  return ['| step | name | what it is about | `with:` |', '|---|---|---|---|', ...rows].join('\n');
}

/** Each parameter, with its default. */
function withText({ parameters }: DeclaredPart): string {
  const defaults = parameters.safeParse({}).data ?? {};
  return Object.keys(parameters.shape)
    .map((key) => (key in defaults ? `\`${key}\` (${String(defaults[key])})` : `\`${key}\``))
    .join(', ');
}
