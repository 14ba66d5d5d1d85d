/** Calls on one trader's control socket, as activities of the queue `engine:<desk>:<incarnation>`. */

import type { EngineActivities } from '../../contracts/engine-activities.js';
import type { ResumeRule } from '../../domain/mode.js';
import type { TradingDays } from '../../domain/trading-day.js';
import { callTrader, type TraderCalls } from './call-trader.js';
import { proveFlat } from './prove-flat.js';
import { proveStopped } from './prove-stopped.js';
import { readIncidentFacts } from './read-incident-facts.js';
import { readLiveFacts } from './read-live-facts.js';
import { readSituation } from './read-situation.js';

/** One attempt's bound; commands answer as soon as they are journaled. */
const COMMAND_MS = 5_000;
/** Reconciling reads orders, positions, fills and balances back from the venue. */
const RECONCILE_MS = 20_000;

/** `venueRule`: what lifts a halt for the venue, by the desk file. */
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
