/** Calls to one trader's control socket, as activities of the queue `engine:<desk>:<incarnation>`. */

import type { EngineActivities, LiveFacts } from '../../contracts/engine-activities.js';
import type { ResumeRule } from '../../domain/mode.js';
import type { TradingDays } from '../../domain/trading-day.js';
import { callTrader, engineStatus, type TraderCalls } from './call-trader.js';
import { proveFlat } from './prove-flat.js';
import { proveStopped } from './prove-stopped.js';
import { readIncidentFacts } from './read-incident-facts.js';

import { readSituation } from './read-situation.js';

const ANSWER_MS = 2_000;

const NAMED_MAX = 10;

/** Limit of one attempt; commands answer as soon as they are journaled. */
const COMMAND_MS = 5_000;
/** Reconciling reads orders, positions, fills and balances from the venue. */
const RECONCILE_MS = 20_000;

/** `venueRule`: the desk file's rule for lifting a halt whose cause is the venue. */
export function createEngineActivities(
  trader: TraderCalls,
  days: TradingDays,
  venueRule: ResumeRule,
): EngineActivities {
  return {
    sendStop: (command) => callTrader(trader, 'stop', command, COMMAND_MS),
    sendCloseAll: (command) => callTrader(trader, 'closeAll', command, COMMAND_MS),
    sendHalt: (command) => callTrader(trader, 'halt', command, COMMAND_MS),
    proveStopped: (patienceMs) => proveStopped(trader, patienceMs),
    proveFlat: (patienceMs) => proveFlat(trader, patienceMs),
    readSituation: () => readSituation(trader, days),
    readIncidentFacts: () => readIncidentFacts(trader, days, venueRule),
    toggleStrategy: (command) => callTrader(trader, 'toggle', command, COMMAND_MS),
    resize: (command) => callTrader(trader, 'resize', command, COMMAND_MS),
    reconcile: (command) => callTrader(trader, 'reconcile', command, RECONCILE_MS),
    reload: (command) => callTrader(trader, 'reload', command, COMMAND_MS),
    readLiveFacts: () => readLiveFacts(trader),
    goLive: (command) => callTrader(trader, 'goLive', command, COMMAND_MS),
    arm: ({ commandId, by, reason, haltId, configHash, decisions }) =>
      callTrader(trader, 'arm', { commandId, by, reason, haltId, configHash, decisions }, COMMAND_MS),
  };
}

export async function readLiveFacts(trader: TraderCalls): Promise<LiveFacts> {
  const status = await engineStatus(trader, ANSWER_MS);
  const { reconciliation, positions, goLive } = status;
  const problems = [
    ...(status.mode === 'ACTIVE' ? [] : [`${status.mode}: ${status.reason}`]),
    ...(reconciliation.state === 'clean' ? [] : [`reconciliation: ${reconciliation.state}`]),
    ...reconciliation.differences
      .filter(({ rule }) => rule !== 'flag')
      .map(({ what, symbol, ours, venues }) => `${symbol} ${what}: ours ${ours}, the venue's ${venues}`),
    ...positions
      .filter(({ protection }) => protection === 'missing' || protection === 'closing')
      .map(({ symbol }) => `${symbol} has no protective stop`),
  ];
  const { granted } = goLive;
  return {
    mode: status.mode,
    reason: status.reason,
    haltId: status.haltId,
    configHash: status.configHash,
    incarnation: status.incarnation,
    granted:
      granted === null ? null : { release: granted.release, attempt: granted.attempt, step: granted.step },
    fills: status.fills,
    equity: status.equity,
    drawdownPct: status.drawdownPct,
    problems: problems.slice(0, NAMED_MAX),
  };
}
