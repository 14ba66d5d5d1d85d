/**
 * A process ended unexpectedly. Records its state and the last lines of its log, and waits until it runs
 * again. Then compares a trader's books with the venue, where its positions were unaffected, and watches
 * whether it keeps running.
 */
import { netOf } from '../contracts/engine-activities.js';
import { SUPERVISOR, serviceOf } from '../contracts/incident.js';
import { MINUTE_MS } from '../domain/civil-date.js';
import { trimmed } from '../domain/figure-text.js';
import { moment } from '../domain/moment.js';
import {
  askTrader,
  type KeyWords,
  notResumed,
  type OpenIncident,
  type Opening,
  type ProcessSeen,
  playbook,
  type SettingsOf,
} from './playbook.js';

const TRADER = 'trader';
const PROCESS_IS_LOOKED_AT = 'the-process-of-a-crash-is-looked-at';
const SAYS_THAT_IT_WAITS = 'the-end-of-a-crash-says-that-the-desk-waits-for-people';
/** Polling interval of the watch; a change is reported in between as well. */
const WATCH_EVERY_MS = 30_000;
/** Step key: since when the process has run without a break, in wall milliseconds. */
const RUNS_SINCE = 'runs-since';

const keys = ({ z }: KeyWords) => ({
  logLines: z.number().int().min(1).max(1000).default(100).describe('Lines of its log that are stored.'),
  watchMinutes: z
    .number()
    .min(0)
    .max(1440)
    .optional()
    .describe(
      'How long it must run without a break after its restart before the incident is over; left out: not at all.',
    ),
});

/** Runs that an earlier version began have the time in milliseconds. */
type Settings = SettingsOf<typeof keys> & { readonly watchMs?: number };

export const crashAndRestart = playbook({
  severity: 'high',
  isInEveryHash: true,
  meaning: 'A process ended unexpectedly.',
  keys,
  runbook: [
    'Is the process running?',
    'The last lines of its log are kept.',
    'It is started again; where it stays down, people are told the command.',
    'Every part begins anew; the books are compared with the venue.',
    'Positions at the exchange were not touched.',
    'What the restart did to the account is said; a paper account is kept.',
    'It is watched for as long as the desk file says.',
  ],
  openedByProcess: (process) => [...crashOf(process), ...silenceOf(process)],
  run,
});

function crashOf({ name, lastDeath, state }: ProcessSeen): Opening[] {
  if (!lastDeath) return [];
  const after = state === 'down' ? '; it died too often and stays down' : '';
  return [
    {
      subject: name,
      key: `death:${lastDeath.atMs}`,
      title: `${name} ended unexpectedly`,
      detail: `${name} ended unexpectedly (${lastDeath.how})${after}`,
      atMs: lastDeath.atMs,
    },
  ];
}

function silenceOf({ name, silentSinceMs }: ProcessSeen): Opening[] {
  if (typeof silentSinceMs !== 'number') return [];
  const since = moment(silentSinceMs);
  return [
    {
      subject: name,
      key: `silent:${silentSinceMs}`,
      title: `${name} is silent`,
      detail:
        name === SUPERVISOR
          ? `neither the supervisor nor the trader has answered since ${since}: nothing trades, and what ends is not started again. Positions keep the stops that rest at the venue; an entry that rests there may fill, without a stop until the desk runs; start the desk again: fermata up`
          : `${name} has given no sign of life since ${since}: it hangs, or nobody started it again; docker-compose restart ${serviceOf(name)}`,
    },
  ];
}

async function run(incident: OpenIncident, settings: Settings): Promise<string> {
  const { subject } = incident.input;
  if (incident.patched(PROCESS_IS_LOOKED_AT)) await incident.once('process', () => lookAtProcess(incident));
  await incident.once('log', async () => {
    const kept = await keepLog(incident, settings);
    return {
      name: `Last ${settings.logLines} lines of its log`,
      kind: 'report',
      verdict: kept.lines > 0 ? 'pass' : 'warn',
      observed:
        kept.lines > 0
          ? `${kept.lines} lines kept, SHA-256 ${kept.sha256}`
          : `there is no log file here; look at the container's: docker-compose logs ${serviceOf(subject)} --tail ${settings.logLines}`,
      expected: 'the error is in the log',
      reference: kept.lines > 0 ? `log-${subject}.txt` : null,
    };
  });
  const before =
    subject === TRADER ? await incident.once('positions-before', () => ledgerPositions(incident)) : '';
  const restarted = await incident.watch('waiting for the restart', () => isRunningAgain(incident));
  if (incident.log.resolved !== null) return restarted;
  await incident.once('restarted', async () => ({
    name: 'Restart',
    kind: 'action',
    verdict: 'pass',
    observed: restarted,
    expected: 'it runs again',
  }));
  if (subject !== TRADER) return watchOver(incident, settings, restarted);
  const compared = await incident.watch('comparing the books with the venue', () => isReconciled(incident));
  await incident.once('positions-after', () => positionsUntouched(incident, before));
  await incident.once('kept', () => keptOverRestart(incident));
  const outcome = await watchOver(incident, settings, `${restarted}; ${compared}`);
  if (incident.log.resolved !== null || !incident.patched(SAYS_THAT_IT_WAITS)) return outcome;
  return `${outcome}${notResumed(await incident.facts())}`;
}

async function lookAtProcess(incident: OpenIncident) {
  const state = await stateOf(incident);
  return {
    name: 'Is the process running?',
    kind: 'check',
    verdict: state === null ? 'not_run' : state === 'running' ? 'pass' : 'warn',
    observed: state ?? 'nobody here can tell',
    expected: 'running, or about to be',
  } as const;
}

/** Null if nobody can say. */
const stateOf = ({ look, input: { subject } }: OpenIncident): Promise<string | null> =>
  look.processState.executeWithOptions({ summary: `Does ${subject} run?` }, [subject]);

/**
 * Watches until the process has run without a break for as long as the desk file says; each break is a line
 * in the timeline.
 */
async function watchOver(incident: OpenIncident, settings: Settings, outcome: string): Promise<string> {
  const { log } = incident;
  const { watchMinutes = 0, watchMs = watchMinutes * MINUTE_MS } = settings;
  if (watchMs === 0 || log.resolved !== null) return outcome;
  return incident.watch(
    'watching whether it keeps running',
    async () => {
      const broken = await whatIsBroken(incident);
      const since = log.done[RUNS_SINCE];
      if (broken === null) {
        const sinceMs = Number(since ?? Date.now());
        log.done[RUNS_SINCE] = String(sinceMs);
        if (Date.now() - sinceMs < watchMs) return null;
        return `${outcome}; it has run for ${Math.round(watchMs / 1_000)} s without a break`;
      }
      delete log.done[RUNS_SINCE];
      if (since !== undefined)
        await incident.once(`broken:${since}`, async () => ({
          name: 'It does not keep running',
          kind: 'check',
          verdict: 'fail',
          observed: broken,
          expected: 'runs without a break after its restart',
        }));
      return null;
    },
    WATCH_EVERY_MS,
  );
}

/** Null if it runs; for a trader, if it answers and has replayed its journal. */
async function whatIsBroken(incident: OpenIncident): Promise<string | null> {
  const { subject } = incident.input;
  const state = await stateOf(incident);
  if (state !== null && state !== 'running') return `${subject} is ${state}`;
  if (subject !== TRADER) return null;
  const facts = await incident.facts();
  return facts?.begun === true ? null : 'the trader does not answer';
}

function keepLog({ input, keep, identity }: OpenIncident, { logLines: lines }: Settings) {
  const { subject: role } = input;
  return keep.keepLogLines.executeWithOptions({ summary: `The last ${lines} lines of ${role}` }, [
    { ...identity, role, lines },
  ]);
}

async function ledgerPositions(incident: OpenIncident) {
  const positions = await incident.look.ledgerPositions.executeWithOptions(
    { summary: 'What was held before?' },
    [],
  );
  return {
    name: 'Positions before',
    kind: 'report',
    verdict: 'pass',
    observed: positions.join('; ') || 'none',
    expected: 'what the ledger has of the trader’s journal',
  } as const;
}

/** Null while it doesn't run. If nobody knows its state, the trader's own answer counts. */
async function isRunningAgain(incident: OpenIncident): Promise<string | null> {
  const { subject } = incident.input;
  const state = await stateOf(incident);
  if (state === 'down') {
    incident.people.alarm(
      'down',
      `${subject} died too often and stays down; when the cause is gone: fermata restart ${subject}`,
    );
    return null;
  }
  if (state === 'running') return `${subject} runs again`;
  if (state !== null || subject !== TRADER) return null;
  const facts = await incident.facts();
  return facts === null || !facts.begun ? null : `${subject} answers again`;
}

async function isReconciled(incident: OpenIncident): Promise<string | null> {
  const facts = await incident.facts();
  if (facts === null || !facts.begun || facts.reconciliation === 'pending') return null;
  const { reconciliation, differences, mode, dataState } = facts;
  await incident.once('begun', async () => ({
    name: 'Every part began anew',
    kind: 'check',
    verdict: 'pass',
    observed: `journal replayed, prices ${dataState}, ${mode}`,
    expected: 'journal, venue, prices and strategies; halted until the checks are clean',
  }));
  await incident.once(`reconciled:${reconciliation}`, async () => ({
    name: 'Books compared with the venue',
    kind: 'check',
    verdict: reconciliation === 'clean' ? 'pass' : 'fail',
    observed: [reconciliation, ...differences].join('; '),
    expected: 'no difference',
  }));
  return reconciliation === 'clean' ? 'the books agree with the venue' : null;
}

const UNTOUCHED = {
  name: 'Positions untouched by the restart',
  kind: 'check',
  expected: 'the same, or explained by fills at the venue meanwhile',
} as const;

const positionsUntouched = (incident: OpenIncident, told: string) =>
  askTrader(incident, UNTOUCHED, ({ positions }) => {
    const before = told.split('; ').map(trimmed).sort().join('; ');
    const now = netOf(positions).join('; ') || 'none';
    return { verdict: now === before ? 'pass' : 'warn', observed: `before: ${before}; after: ${now}` };
  });

const KEPT = {
  name: 'What the restart did to the account',
  kind: 'report',
  expected: 'nothing is lost, on paper either',
} as const;

const keptOverRestart = (incident: OpenIncident) =>
  askTrader(incident, KEPT, ({ kept, equity }) => ({
    verdict: 'pass',
    observed: `${kept}; equity ${equity}`,
  }));
