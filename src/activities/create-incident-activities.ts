/** The activities of incidents. */
import { createHash } from 'node:crypto';
import { readLogBackwards } from '../checks/find-log-lines.js';
import type {
  ConditionsQuestion,
  DatabaseRestored,
  IncidentActivities,
  MarketConditions,
  PlaybookRequest,
  ReviewRequest,
  StatusPageReading,
  StrategyLoss,
  Symptom,
} from '../contracts/incident.js';
import type { Notice } from '../contracts/notice.js';
import type { Desk } from '../desk/schema.js';
import { HOUR_MS } from '../domain/civil-date.js';
import { placesIn } from '../domain/figure-text.js';
import { homePaths } from '../home/runtime.js';
import { incidentId, incidentNotice } from '../notify/button-notices.js';
import { taskNotice } from '../notify/notices.js';
import type { BarSeries } from '../store/bars.js';
import { keepIncidentFile, saveIncident, settleAlertsUntil } from '../store/incident-rows.js';
import type { Pool } from '../store/pool.js';
import { ofAccountInUse } from '../store/read-ledger.js';
import { addToOpenTasks, openTask } from '../store/task-rows.js';
import { logOf } from '../supervisor/log/desk-log.js';
import { acrossWorkers } from './worker-ends.js';

const NAMED_MAX = 50;
/** As many as the trader tells of, with which they are compared. */
const LEDGER_POSITIONS_MAX = 1_000;

/** How many lines are searched for one process: the desk's log mixes the lines of all processes. */
const LINES_READ_MAX = 200_000;

const TIME_LENGTH = 25;

type Traded = Pick<Desk['instruments'][number], 'symbol' | 'lotSize'>;

interface IncidentDependencies {
  readonly pool: Pool;
  readonly desk: string;
  /** Of its account. */
  readonly currency: string;
  /** Its instruments, for their lots; left out: quantities are shown as the ledger has them. */
  readonly instruments?: readonly Traded[];
  /** FERMATA_HOME. */
  readonly home: string;
  readonly tell: (notice: Notice) => Promise<void>;
  /** Whom to call about an incident of this kind, one per line; left out: nobody. */
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
  const { pool, desk, currency, home, tell, processState, restartProcess, reportIncident } = dependencies;
  const { contactsOf = () => [] } = dependencies;
  return {
    announceIncident: async ({ incident: row, key, text }) => {
      const incident = { ...row, id: incidentId(row) };
      await tell(incidentNotice(incident, key, text, contactsOf(incident.kind)));
      await saveIncident(pool, incident);
      const { fingerprint, resolvedMs } = incident;
      if (resolvedMs === null) return;
      await settleAlertsUntil(pool, { desk: row.desk, fingerprint, untilMs: resolvedMs });
      await addToOpenTasks(pool, row, INCIDENT_IS_OVER);
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
    lossesByStrategy: ({ sinceMarketMs }) => lossesByStrategy(pool, desk, sinceMarketMs, currency),
    ledgerPositions: () => ledgerPositions(pool, desk, dependencies.instruments ?? []),
    processState,
    restartProcess,
    restoreDatabase: ({ key, by }) =>
      acrossWorkers((ending) => dependencies.restoreDatabase(key, by, ending)),
    reportIncident,
    runPlaybook: (request) => acrossWorkers((ending) => dependencies.runPlaybook(request, ending)),
  };
}

/** The task may still be wanted, so a person closes it. */
const INCIDENT_IS_OVER = ' (Its incident is over, and nothing waits for this any longer.)';

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

/**
 * Worst first. `sinceMarketMs` null: the last 24 hours of trading. A fill that no strategy ordered, such as a
 * close-all's, counts for the strategy that entered last among those whose trade had not been closed by then:
 * what was lost on an adopted position is nobody's.
 */
export async function lossesByStrategy(
  pool: Pick<Pool, 'query'>,
  desk: string,
  sinceMarketMs: number | null,
  currency: string,
): Promise<readonly StrategyLoss[]> {
  const found = await pool.query<{ strategy: string; result: string; fills: string }>(
    `select coalesce(nullif(fills.strategy, 'fermata'), owner.strategy, 'fermata') as strategy, sum(realised - fee) as result, count(*) as fills
       from fills
       left join lateral (
         select entry.strategy from fills as entry
          where entry.desk = fills.desk and entry.symbol = fills.symbol and entry.purpose = 'entry'
            and entry.market <= fills.market and not exists (
              select 1 from trades where trades.desk = fills.desk and trades.symbol = fills.symbol
                and trades.strategy = entry.strategy and trades.incarnation = fills.incarnation
                and trades.sequence > entry.sequence and trades.sequence < fills.sequence)
          order by entry.market desc, entry.sequence desc limit 1) as owner on true
      where desk = $1 and ${ofAccountInUse()} and market >= coalesce($2::timestamptz,
        (select max(market) - interval '24 hours' from fills where desk = $1 and ${ofAccountInUse()}))
      group by 1 order by 2 limit $3`,
    [desk, sinceMarketMs === null ? null : new Date(sinceMarketMs), NAMED_MAX],
  );
  return found.rows.map(({ strategy, result, fills }) => ({
    strategy,
    result: Number(result),
    amount: Number(result).toFixed(placesIn(currency)),
    fills: Number(fills),
  }));
}

/**
 * Open positions as "BTC/USDT 0.500", sorted, in whole lots with a lot's decimal places, as the trader
 * reports them; the ledger also holds a coin's remainder.
 */
export async function ledgerPositions(
  pool: Pick<Pool, 'query'>,
  desk: string,
  instruments: readonly Traded[],
): Promise<readonly string[]> {
  const found = await pool.query<{ symbol: string; quantity: string }>(
    `select symbol, held::text as quantity from (
       select symbol, coalesce(div(quantity, lot) * lot, trim_scale(quantity)) as held from positions
         left join unnest($3::text[], $4::numeric[]) as traded(symbol, lot) using (symbol)
        where desk = $1
          and incarnation = coalesce((select incarnation from current_journal where desk = $1), '')) as lots
      where held <> 0 order by symbol limit $2`,
    [
      desk,
      LEDGER_POSITIONS_MAX,
      instruments.map(({ symbol }) => symbol),
      instruments.map(({ lotSize }) => lotSize),
    ],
  );
  return found.rows.map(({ symbol, quantity }) => `${symbol} ${quantity}`);
}

const ANSWER_MS = 5_000;
const BYTES_MAX = 256 * 1024;
const SAYS_MAX = 300;
const DIGEST_LENGTH = 12;

/**
 * Reads an exchange's own status page while the exchange is down. Never rejects: an unreachable page is also
 * a result. The address comes from the desk file.
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

const HISTORY_HOURS = 14 * 24;
/** The least data for a comparison: minutes in the last hour, and hours before it. */
const MINUTES_MIN = 30;
const HOURS_MIN = 6;

/**
 * Compares the market's volatility with its usual level, from the stored one-minute candles. Realised volatility of
 * an hour: square root of the sum of squared one-minute log returns. Compares the last hour with the median hour of
 * the 14 days before.
 */
async function marketConditions(
  pool: Pick<Pool, 'query'>,
  desk: string,
  { symbols, source, untilMarketMs, timesNormal }: ConditionsQuestion,
): Promise<MarketConditions> {
  const readings = await Promise.all(
    symbols.map(async (symbol) => ({
      symbol,
      ...compare(await hourlyVolatility(pool, { desk, source: source ?? '' }, symbol, untilMarketMs)),
    })),
  );
  const known = readings.flatMap(({ symbol, ratio }) => (ratio === null ? [] : [{ symbol, ratio }]));
  const says = readings.map(({ symbol, words }) => `${symbol}: ${words}`).join('; ');
  return {
    changed: known.length === 0 ? null : known.some(({ ratio }) => ratio >= timesNormal),
    says: says || 'no symbol is known',
  };
}

interface Hour {
  readonly volatility: number;
  readonly minutes: number;
}

/** Newest hour first; each hour ends at the minute at which the newest candle ends. */
async function hourlyVolatility(
  pool: Pick<Pool, 'query'>,
  { desk, source }: BarSeries,
  symbol: string,
  untilMarketMs: number | null,
): Promise<readonly Hour[]> {
  const found = await pool.query<{ open_time: Date; close: string }>(
    `select open_time, close from bars where desk = $1 and source = $5 and symbol = $2 and span_seconds = 60
       and ($3::timestamptz is null or open_time <= $3) order by open_time desc limit $4`,
    [desk, symbol, untilMarketMs === null ? null : new Date(untilMarketMs), HISTORY_HOURS * 60, source],
  );
  const newestMs = found.rows[0]?.open_time.getTime();
  if (newestMs === undefined) return [];
  const hours = new Map<number, { squares: number; minutes: number }>();
  let later: number | null = null;
  for (const { open_time: openTime, close } of found.rows) {
    const price = Number(close);
    const hour = Math.floor((newestMs - openTime.getTime()) / HOUR_MS);
    if (later !== null) {
      const bucket = hours.get(hour) ?? { squares: 0, minutes: 0 };
      bucket.squares += Math.log(later / price) ** 2;
      bucket.minutes += 1;
      hours.set(hour, bucket);
    }
    later = price;
  }
  return [...hours.entries()]
    .sort(([a], [b]) => a - b)
    .map(([, { squares, minutes }]) => ({ volatility: Math.sqrt(squares), minutes }));
}

function compare([last, ...before]: readonly Hour[]): {
  readonly ratio: number | null;
  readonly words: string;
} {
  const usual = before.filter(({ minutes }) => minutes >= MINUTES_MIN).map(({ volatility }) => volatility);
  if (last === undefined || last.minutes < MINUTES_MIN || usual.length < HOURS_MIN) {
    return { ratio: null, words: `too few minutes are stored (${usual.length} whole hours)` };
  }
  const normal = median(usual);
  const ratio = normal > 0 ? last.volatility / normal : null;
  const percent = (value: number) => `${(value * 100).toFixed(3)} %`;
  const times = ratio === null ? 'it never moved before' : `${ratio.toFixed(1)} times normal`;
  return {
    ratio,
    words: `${percent(last.volatility)} in the last hour, usually ${percent(normal)}: ${times}`,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
