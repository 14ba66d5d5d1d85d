/** The activities of incidents. */
import { createHash } from 'node:crypto';
import { readLogBackwards } from '../../checks/read-lines-backwards.js';
import type {
  DatabaseRestored,
  IncidentActivities,
  PlaybookRequest,
  ReviewRequest,
  StatusPageReading,
  StrategyLoss,
  Symptom,
} from '../../contracts/incident-activities.js';
import type { Notice } from '../../contracts/notice.js';
import { homePaths } from '../../home/runtime.js';
import { incidentId, incidentNotice } from '../../notify/incident-notice.js';
import { taskNotice } from '../../notify/notices.js';
import { ofAccountInUse } from '../../store/account-in-use.js';
import { settleAlertsUntil } from '../../store/incident-alerts.js';
import { keepIncidentFile, saveIncident } from '../../store/incidents.js';
import type { Pool } from '../../store/pool.js';
import { openTask } from '../../store/tasks.js';
import { logOf } from '../../supervisor/log/log-files.js';
import { acrossWorkers } from '../with-heartbeat.js';
import { marketConditions } from './market-conditions.js';

const NAMED_MAX = 50;

/** How many lines are searched for one process: the desk's log mixes the lines of all processes. */
const LINES_READ_MAX = 200_000;

const TIME_LENGTH = 25;

interface IncidentDependencies {
  readonly pool: Pool;
  readonly desk: string;
  /** FERMATA_HOME. */
  readonly home: string;
  readonly tell: (notice: Notice) => Promise<void>;
  /** Whom to call over an incident of this kind, a line each; left out: nobody. */
  readonly contactsOf?: (kind: string) => readonly string[];
  readonly processState: (name: string) => Promise<string | null>;
  /** Resolves with a description of the result; rejects if nobody here can restart the process. */
  readonly restartProcess: (name: string) => Promise<string>;
  /** `ending`: aborted when this worker ends, along with the rest of the desk. Rejects then, and if nobody answers. */
  readonly restoreDatabase: (key: string, by: string, ending: AbortSignal) => Promise<DatabaseRestored>;
  readonly reportIncident: (symptom: Symptom) => Promise<void>;
  readonly runPlaybook: (
    request: PlaybookRequest,
    ending: AbortSignal,
  ) => ReturnType<IncidentActivities['runPlaybook']>;
}

export function createIncidentActivities(dependencies: IncidentDependencies): IncidentActivities {
  const { pool, desk, home, tell, processState, restartProcess, reportIncident } = dependencies;
  const { contactsOf = () => [] } = dependencies;
  return {
    announceIncident: async ({ incident: row, key, text }) => {
      const incident = { ...row, id: incidentId(row) };
      await tell(incidentNotice(incident, key, text, contactsOf(incident.kind)));
      await saveIncident(pool, incident);
      const { fingerprint, resolvedMs } = incident;
      if (resolvedMs !== null)
        await settleAlertsUntil(pool, { desk: row.desk, fingerprint, untilMs: resolvedMs });
    },
    keepLogLines: async ({ workflowId, firstRunId, role, lines }) => {
      const found = await lastLogLines(home, role, lines);
      if (found.length === 0) return { lines: 0, sha256: '' };
      const file = { name: `log-${role}.txt`, content: found.join('\n') };
      const kept = await keepIncidentFile(pool, { workflowId, firstRunId }, file);
      return { lines: kept.content.split('\n').length, sha256: kept.sha256 };
    },
    askForReview: (review) => askForReview(pool, tell, review),
    readStatusPage,
    marketConditions: (question) => marketConditions(pool, desk, question),
    lossesByStrategy: ({ sinceMarketMs }) => lossesByStrategy(pool, desk, sinceMarketMs),
    ledgerPositions: () => ledgerPositions(pool, desk),
    processState,
    restartProcess,
    restoreDatabase: ({ key, by }) =>
      acrossWorkers((ending) => dependencies.restoreDatabase(key, by, ending)),
    reportIncident,
    runPlaybook: (request) => acrossWorkers((ending) => dependencies.runPlaybook(request, ending)),
  };
}

async function askForReview(
  pool: Pool,
  tell: (notice: Notice) => Promise<void>,
  { run, fingerprint, title, detail, dueMs, simulated }: ReviewRequest,
): Promise<void> {
  const task = await openTask(pool, {
    desk: run.desk,
    source: `review:${fingerprint}:${run.firstRunId}`,
    title: `Post-incident review: ${title}`,
    detail: `${detail}. What was the cause, what went well, what has to change? Note it when the task is done.`,
    dueMs,
    origin: {
      workflowId: run.workflowId,
      firstRunId: run.firstRunId,
      routine: 'incident',
      stepKey: 'review',
      simulated,
    },
  });
  if (task.state === 'open') await tell(taskNotice(task));
}

/**
 * The newest lines of one process, and of the supervisor about it, oldest first. Read from the desk's log or the
 * process's own, both without secrets. Empty if no log file is kept here.
 */
async function lastLogLines(home: string, role: string, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  let read = 0;
  const log = logOf(homePaths(home).logs, role);
  if (log === null) return [];
  for await (const line of readLogBackwards(log)) {
    read += 1;
    if (isAbout(line, role)) found.push(line);
    if (found.length === count || read === LINES_READ_MAX) break;
  }
  return found.reverse();
}

function isAbout(line: string, role: string): boolean {
  const rest = line.slice(TIME_LENGTH);
  return rest.startsWith(`${role} `) || (rest.startsWith('supervisor ') && rest.includes(role));
}

/** Worst first. `sinceMarketMs` null: the last 24 hours of trading. */
async function lossesByStrategy(
  pool: Pick<Pool, 'query'>,
  desk: string,
  sinceMarketMs: number | null,
): Promise<readonly StrategyLoss[]> {
  const found = await pool.query<{ strategy: string; result: string; fills: string }>(
    `select coalesce(owner.strategy, fills.strategy) as strategy, sum(realised - fee) as result, count(*) as fills
       from fills
       left join lateral (
         select entry.strategy from fills as entry
          where entry.desk = fills.desk and entry.symbol = fills.symbol and entry.purpose = 'entry'
            and entry.market <= fills.market order by entry.market desc, entry.sequence desc limit 1) as owner on true
      where desk = $1 and ${ofAccountInUse()} and market >= coalesce($2::timestamptz,
        (select max(market) - interval '24 hours' from fills where desk = $1 and ${ofAccountInUse()}))
      group by 1 order by 2 limit $3`,
    [desk, sinceMarketMs === null ? null : new Date(sinceMarketMs), NAMED_MAX],
  );
  return found.rows.map(({ strategy, result, fills }) => ({
    strategy,
    result: Number(result),
    fills: Number(fills),
  }));
}

/** Open positions as "BTC/USDT 0.5", sorted. */
export async function ledgerPositions(pool: Pick<Pool, 'query'>, desk: string): Promise<readonly string[]> {
  const found = await pool.query<{ symbol: string; quantity: string }>(
    `select symbol, trim_scale(quantity)::text as quantity from positions
      where desk = $1 and quantity <> 0
        and incarnation = coalesce((select incarnation from current_journal where desk = $1), '')
      order by symbol limit $2`,
    [desk, NAMED_MAX],
  );
  return found.rows.map(({ symbol, quantity }) => `${symbol} ${quantity}`);
}

const ANSWER_MS = 5_000;
const BYTES_MAX = 256 * 1024;
const SAYS_MAX = 300;
const DIGEST_LENGTH = 12;

/**
 * Reads what an exchange says about itself while it is down. Never rejects: an unreachable page is a result, too. The
 * address comes from the desk file.
 */
async function readStatusPage(url: string): Promise<StatusPageReading> {
  try {
    const answer = await fetch(url, {
      signal: AbortSignal.timeout(ANSWER_MS),
      headers: { accept: 'application/json, text/html' },
    });
    const text = await firstBytes(answer);
    return reading(answer.ok, `${answer.status}: ${summaryOf(text)}`);
  } catch (error) {
    const { message, cause } = error as Error;
    return reading(false, `no answer (${cause instanceof Error ? cause.message : message})`);
  }
}

async function firstBytes(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    chunks.push(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).length;
    if (bytes >= BYTES_MAX) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, BYTES_MAX);
}

/** Reads `{status: {description}}` of a status page service, `{msg}` of an exchange's API, or a page's title. */
function summaryOf(text: string): string {
  try {
    const { status, msg, message } = JSON.parse(text) as Record<string, unknown>;
    const { indicator, description } = (status ?? {}) as Record<string, unknown>;
    const words = [indicator, description, msg, message].filter(
      (word) => typeof word === 'string' && word !== '',
    );
    return words.length > 0 ? words.join(', ') : text;
  } catch {
    const title = /<title[^>]*>([^<]{1,300})/i.exec(text)?.[1];
    return (title ?? text.replaceAll(/<[^>]*>/g, ' ')).replaceAll(/\s+/g, ' ').trim();
  }
}

function reading(answered: boolean, says: string): StatusPageReading {
  const short = says.slice(0, SAYS_MAX);
  return {
    answered,
    says: short,
    digest: createHash('sha256').update(short).digest('hex').slice(0, DIGEST_LENGTH),
  };
}
