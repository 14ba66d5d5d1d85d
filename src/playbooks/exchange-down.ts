/**
 * The exchange doesn't answer. The adapter retries with growing pauses, and its breaker pauses calls. The desk opens
 * nothing new, stops stay at the exchange, and the status page is read. Trading resumes by itself once the exchange is
 * back and the books agree, unless a person stopped it.
 */
import type { IncidentFacts } from '../contracts/engine-activities.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import { MINUTE_MS } from '../domain/civil-date.js';
import {
  askTrader,
  type KeyWords,
  notResumed,
  type OpenIncident,
  type Opening,
  playbook,
  type SettingsOf,
  SILENT,
} from './playbook.js';

const STATUS_PAGE = 'Status page of the exchange';
const STATUS_PAGE_SAYS = 'what the exchange itself says';
/** The trader's watcher wakes an incident when something changes; nothing does so for the exchange's page. */
const LOOK_AT_PAGE_MS_MAX = 10 * MINUTE_MS;

const keys = ({ z }: KeyWords) => ({
  statusPage: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null)
    .describe('The exchange’s status page, read during the outage; null: none.'),
});

type Settings = SettingsOf<typeof keys>;

export const exchangeDown = playbook({
  severity: 'high',
  isInEveryHash: true,
  meaning: 'The exchange does not answer, or its breaker opened.',
  keys,
  runbook: [
    'Calls are tried again by the adapter, later each time.',
    'The API breaker opens after repeated failures and pauses calls.',
    'No new trade is opened.',
    'Positions stay; their stops are at the exchange, and one that is missing is told at once.',
    'The status page of the exchange is read.',
    'Trading goes on by itself when the exchange is back and the books agree, except after a person’s stop.',
  ],
  openedByTrader: ({ halts, marketData, venueBreaker }) => [
    ...halts
      .filter(({ cause }) => cause === 'venue' || (cause === 'stale-data' && marketData.kind === 'live'))
      .map(({ haltId, reason }) => away(`halt:${haltId}`, reason)),
    ...openBreaker(venueBreaker),
  ],
  run: async (incident, settings) => {
    await incident.once('retries', () => retriesGoOn(incident));
    await incident.once('breaker', () => callsPause(incident));
    await incident.once('no-new-trades', () => opensNothing(incident));
    await incident.once('stops-stay', () => stopsStay(incident));
    if (settings.statusPage === null) await incident.once('status-page', noStatusPage);
    return incident.watch(
      'waiting for the exchange',
      async () => {
        await readStatusPage(incident, settings);
        const facts = await incident.facts();
        return facts === null ? null : howItEnded(facts, incident.log.openedMs);
      },
      LOOK_AT_PAGE_MS_MAX,
    );
  },
});

function openBreaker({ state, sinceWallMs, detail }: TraderStatus['venueBreaker']): Opening[] {
  if (state === 'closed') return [];
  return [away(`breaker:${sinceWallMs}`, `API breaker ${state}: ${detail}`)];
}

const away = (key: string, detail: string): Opening => ({
  subject: '',
  key,
  title: 'The exchange does not answer',
  detail,
});

const RETRIES = {
  name: 'Calls are tried again, later each time',
  kind: 'report',
  expected: 'exponential backoff, by the adapter itself',
} as const;

const retriesGoOn = (incident: OpenIncident) =>
  askTrader(incident, RETRIES, ({ dataState, venueBreakerDetail }) => ({
    verdict: 'pass',
    observed: `prices ${dataState}; ${venueBreakerDetail || 'no call has failed lately'}`,
  }));

const BREAKER = {
  name: 'API breaker pauses calls',
  kind: 'check',
  expected: 'open after repeated failures; closed as long as calls are answered',
} as const;

const callsPause = (incident: OpenIncident) =>
  askTrader(incident, BREAKER, ({ venueBreaker }) => ({
    verdict: venueBreaker === 'closed' ? 'warn' : 'pass',
    observed: `API breaker ${venueBreaker}`,
  }));

/** The trader halts by itself; if it has not, it is ordered to. */
async function opensNothing(incident: OpenIncident) {
  const facts = await incident.facts();
  const common = { name: 'No new trades', kind: 'action', expected: 'halted, no entry order works' } as const;
  if (facts === null) {
    return {
      ...common,
      verdict: 'fail',
      observed: `${SILENT}; its stops are at the exchange`,
    } as const;
  }
  const isAway = facts.venueBreaker !== 'closed' || facts.dataState === 'down';
  if (facts.mode !== 'ACTIVE' || !isAway || incident.trader === null) {
    return {
      ...common,
      // A resting order at an exchange that doesn't answer can't be cancelled yet.
      verdict: facts.entriesWorking === 0 ? 'pass' : 'warn',
      observed: `${facts.mode}, ${facts.entriesWorking} entry orders work`,
    } as const;
  }
  const result = await incident.trader.sendHalt.executeWithOptions({ summary: 'No new trades' }, [
    {
      commandId: `${incident.name}:halt`,
      by: 'incident exchange-down',
      reason: 'the exchange does not answer',
      cause: 'venue',
      resume: facts.venueRule,
    },
  ]);
  return { ...common, verdict: result.ok ? 'pass' : 'fail', observed: result.detail } as const;
}

const STOPS = {
  name: 'Stops stay at the exchange',
  kind: 'check',
  expected: 'every position has a confirmed protective stop at the exchange',
} as const;

const stopsStay = (incident: OpenIncident) =>
  askTrader(incident, STOPS, ({ positions }) => {
    const unsafe = positions.filter(({ protection }) => protection !== 'confirmed' && protection !== 'dust');
    const bare = [...new Set(unsafe.map(({ symbol }) => symbol))];
    if (bare.length > 0)
      incident.people.alarm('unprotected', `no confirmed stop at the exchange for ${bare.join(', ')}`);
    return {
      verdict: bare.length > 0 ? 'fail' : 'pass',
      observed: positions.map(positionText).join('; ') || 'no open position',
    };
  });

async function noStatusPage() {
  return {
    name: STATUS_PAGE,
    kind: 'report',
    verdict: 'not_run',
    observed: 'the desk file names none (incidents.kinds.exchange-down.statusPage): look at it yourself',
    expected: STATUS_PAGE_SAYS,
  } as const;
}

/** Records each text that the page shows once. */
async function readStatusPage(incident: OpenIncident, { statusPage }: Settings): Promise<void> {
  if (statusPage === null) return;
  const page = await incident.look.readStatusPage.executeWithOptions(
    { summary: 'What does its status page say?' },
    [statusPage],
  );
  await incident.once(`status-page:${page.digest}`, async () => ({
    name: STATUS_PAGE,
    kind: 'report',
    verdict: page.answered ? 'pass' : 'warn',
    observed: page.says,
    expected: STATUS_PAGE_SAYS,
    reference: statusPage,
  }));
}

function howItEnded(facts: IncidentFacts, openedMs: number): string | null {
  const isBack = facts.venueBreaker === 'closed' && facts.dataState === 'up' && facts.venueIsUp !== false;
  if (!isBack || !agreedSince(facts, openedMs)) return null;
  if (facts.mode === 'ACTIVE') return 'the exchange is back, the books agree, and the desk trades again';
  const left = notResumed(facts);
  return left === '' ? null : `the exchange is back and the books agree${left}`;
}

/** Books that agreed before the exchange went away say nothing about it. Facts of an earlier worker don't say when. */
const agreedSince = ({ reconciliation, reconciledWallMs }: IncidentFacts, openedMs: number): boolean =>
  reconciliation === 'clean' && (reconciledWallMs === undefined || (reconciledWallMs ?? 0) > openedMs);

function positionText({
  symbol,
  quantity,
  protection,
  stopPrice,
}: IncidentFacts['positions'][number]): string {
  return `${symbol} ${quantity}, stop ${stopPrice ?? 'none'} ${protection}`;
}
