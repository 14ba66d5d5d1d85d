/** Validations: starting one, asking for one without waiting, and listing those on record. */

import type { ValidationOutcome } from '../contracts/go-live.js';
import type { ValidationShown } from '../contracts/published.js';
import { operationsQueue, validationId } from '../contracts/queues.js';
import { runLabel } from '../contracts/run-label.js';
import { DAY_MS, HOUR_MS } from '../domain/civil-date.js';
import { readValidations } from '../store/go-live-attempts.js';
import { readSeenRuns } from '../store/runs-seen.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';
import { whyNotStarted } from '../temporal/open-temporal.js';
import {
  changedSince,
  filesOf,
  type StoredPeriod,
  storedMinutes,
  storedPeriods,
} from '../validation/data/stored-minutes.js';
import type { ValidationReport } from '../validation/report/report.js';
import {
  keepRequest,
  newRequest,
  type ValidationAsked,
  type ValidationRequest,
} from '../validation/request.js';
import { loadDesk, readPlaybooks } from '../venue/load-desk.js';
import type { ValidationInput } from '../workflows/operations/validation.js';
import { type Caller, notDone, type OperationContext, type OperationResult } from './operation.js';
import { recordAudit, whyNotAudited } from './record-audit.js';

const SHOWN_MAX = 20;

export interface ValidationWish {
  /** Market hours to trade, exactly. */
  readonly hours: number;
  /** Name of a stored period, traded from its start; if absent, the desk's current prices. */
  readonly stored?: string | undefined;
}

type Context = Pick<OperationContext, 'runtime' | 'desk'>;
type Prices = Pick<ValidationAsked, 'market' | 'beginMs'>;

/** The fetched minutes in this home on which the desk's validation can trade, newest first. */
export async function listStoredPeriods({ runtime, desk }: Context): Promise<readonly StoredPeriod[]> {
  const { files } = await storedMinutes(runtime.home, desk, runtime.simulatedVenue);
  return storedPeriods(files, symbolsOf(desk));
}

export interface Validations {
  /** With a report, newest first. */
  readonly validations: readonly ValidationShown[];
  /** Without one yet, oldest first. */
  readonly running: readonly { readonly id: string; readonly startedMs: number }[];
}

/** Rejects while Postgres is down. */
export async function listValidations({
  pool,
  desk: { desk },
}: Pick<OperationContext, 'pool' | 'desk'>): Promise<Validations> {
  const [rows, runs] = await Promise.all([readValidations(pool, desk, SHOWN_MAX), readSeenRuns(pool, desk)]);
  const running = runs
    .filter(({ type }) => type === 'validation')
    .map(({ workflowId, startedMs }) => ({ id: workflowId.slice(validationId(desk, '').length), startedMs }));
  const validations = rows.map(({ report: text, validationId, configHash, createdMs, qualifies }) => {
    const report = JSON.parse(text) as ValidationReport;
    const { requestedBy, recommendation, reasons, goLive, period, market, results, verdicts } = report;
    return {
      id: validationId,
      configHash,
      createdMs,
      ...{ requestedBy, recommendation, reasons, period, results, verdicts },
      goLive: { ...goLive, qualifies },
      market: { kind: market.kind, label: market.label, simulated: market.simulated },
    };
  });
  return { validations, running };
}

/**
 * Starts a validation without waiting for it: on live prices it runs in real time. `proven` is always false;
 * the result is in the report.
 */
export async function askForValidation(
  context: OperationContext,
  caller: Caller,
  wish: ValidationWish,
): Promise<OperationResult> {
  const { runtime, temporal } = context;
  const { hours, stored } = wish;
  const prices = stored === undefined ? OWN_PRICES : await pricesOf(context, hours, stored);
  if (typeof prices === 'string') return notDone(`${prices} Nothing was started.`);
  const parameters = stored === undefined ? { hours } : { hours, stored };
  const asked = { action: 'validate' as const, parameters };
  const refused = await whyNotAudited(context, caller, asked);
  if (refused !== null) return notDone(refused);
  try {
    // Includes every file of the folder, because the copy is read as a desk.
    const loaded = loadDesk(runtime.deskFile, { playbooks: readPlaybooks });
    const begun = { durationMs: hours * HOUR_MS, ...prices, requestedBy: caller.person };
    const request = keepRequest(runtime.home, newRequest(loaded, begun, context.nowMs()), loaded);
    const workflowId = await startValidation(temporal, request);
    const audit = await recordAudit(context, caller, { ...asked, outcome: `started ${request.id}` });
    const takes =
      stored === undefined ? 'on paper; on live prices that takes as long' : 'of stored minutes on paper';
    return {
      ok: true,
      proven: false,
      detail: `Validation ${request.id} trades ${hours} h ${takes}. Its report comes by itself.`,
      haltId: null,
      workflowId,
      problems: audit === null ? [] : [audit],
    };
  } catch (error) {
    return notDone(whyNotStarted(error, 'The validation'));
  }
}

const MARKET = { speed: undefined, seed: undefined, exitAtEnd: false } as const;
const OWN_PRICES: Prices = { market: { ...MARKET, kind: 'auto', files: [] } };

/** Returns a sentence if those minutes are missing, too few, or not what was fetched. */
async function pricesOf({ runtime, desk }: Context, hours: number, name: string): Promise<Prices | string> {
  const symbols = symbolsOf(desk);
  const { files } = await storedMinutes(runtime.home, desk, runtime.simulatedVenue);
  const period = storedPeriods(files, symbols).find((one) => one.name === name);
  if (period === undefined)
    return `stored: expected one of the periods that GET /api/data lists, found "${name.slice(0, 60)}".`;
  const hoursMax = Math.floor((period.untilMs - period.fromMs) / HOUR_MS);
  if (hours > hoursMax)
    return `hours: expected at most the ${hoursMax} that are stored of ${name}, found ${hours}.`;
  const traded = filesOf(files, symbols, { fromMs: period.fromMs, untilMs: period.fromMs + hours * HOUR_MS });
  const changed = await changedSince(runtime.home, traded);
  if (changed !== null)
    return `Minutes of ${changed.symbol} are not what was fetched: ${changed.reason}. Fetch them anew: fermata data fetch.`;
  const recorded = traded.map(({ symbol, file }) => ({ symbol, file }));
  return { market: { ...MARKET, kind: 'recorded', files: recorded }, beginMs: period.fromMs };
}

const symbolsOf = ({ instruments }: Context['desk']): readonly string[] =>
  instruments.map(({ symbol }) => symbol);

const START_MS = 5_000;
/** Limit of one query to the workflow; then it is repeated. */
const ASK_MS = 20_000;
/** Heartbeats come every second. */
const SILENT_MS = 10_000;
const EVIDENCE_MS = 3_600_000;

/**
 * Starts `validation:<desk>:<id>`, or joins it if it is running; a finished one returns its report again. The request
 * is in the validation's folder. Rejects while Temporal is down.
 */
export async function startValidation(temporal: TemporalAccess, request: ValidationRequest): Promise<string> {
  const { desk, id, durationMs } = request;
  const input: ValidationInput = {
    desk,
    id,
    durationMs,
    person: request.requestedBy,
    // Live prices run in real time; the extra day covers any standstill.
    runMsMax: 2 * durationMs + DAY_MS,
    silentMs: SILENT_MS,
    evidenceMs: EVIDENCE_MS,
  };
  const workflowId = validationId(desk, id);
  await temporal.within(START_MS, (client) =>
    client.workflow.start('validation', {
      workflowId,
      taskQueue: operationsQueue(desk),
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
      ...runLabel({
        desk,
        routine: 'validation',
        summary: `Go-live validation of ${desk}: ${durationMs / 3_600_000} h on paper`,
        details: [
          'Paper-trades the desk’s own strategies and limits in an instance of its own, for exactly this much market',
          'time, then judges trades, win rate, Sharpe ratio and drawdown. Thin or broken data is a NO-GO.',
        ].join(' '),
      }),
    }),
  );
  return workflowId;
}

/** Resolves when the workflow has ended, however long that takes; keeps asking while Temporal is down. */
export async function awaitValidation(
  temporal: TemporalAccess,
  workflowId: string,
): Promise<ValidationOutcome> {
  for (;;) {
    try {
      return await temporal.within(ASK_MS, (client) =>
        client.workflow
          .getHandle<(input: ValidationInput) => Promise<ValidationOutcome>>(workflowId)
          .result(),
      );
    } catch (error) {
      if (!(error instanceof Error && error.name === 'TemporalUnavailable')) throw error;
    }
  }
}
