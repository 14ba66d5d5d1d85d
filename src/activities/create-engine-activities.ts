/** Calls to one trader's control socket, as activities of the queue `engine:<desk>:<incarnation>`. */

import { ApplicationFailure } from '@temporalio/common';
import {
  type EngineActivities,
  type IncidentFacts,
  type LiveFacts,
  lossesOf,
  type TraderSituation,
} from '../contracts/engine-activities.js';
import { FAILURE_NAMES } from '../contracts/queues.js';
import type { PositionStatus } from '../contracts/trader-status.js';
import { keptOverRestart } from '../domain/account-name.js';
import { placed } from '../domain/figure-text.js';
import { type Halt, RESUME_RANK, type ResumeRule } from '../domain/mode.js';
import type { TradingDays } from '../domain/trading-day.js';
import { pollUntil } from '../home/try-again.js';
import { proveFlat, proveStopped } from '../trader/prove.js';
import { readStatus } from '../trader/read-status.js';
import {
  ANSWER_MS,
  callTrader,
  kept,
  loggedAtFirst,
  type TraderCalls,
  withNamedFailures,
} from './call-trader.js';

const NAMED_MAX = 10;

/** Limit of one attempt; commands answer as soon as they are journaled. */
const COMMAND_MS = 5_000;
/** How long a stop that is just being delivered is awaited. Shorter than an attempt to arm may take. */
const STOP_UNDER_WAY = { withinMs: 10_000, everyMs: 200 };
/** Reconciling reads orders, positions, fills and balances from the venue. */
const RECONCILE_MS = 20_000;

/**
 * `venueRule`: the desk file's rule for lifting a halt whose cause is the venue. `owesStop`: whether a stop is still on
 * its way to this trader.
 */
export function createEngineActivities(
  trader: TraderCalls,
  days: TradingDays,
  venueRule: ResumeRule,
  owesStop: () => Promise<boolean>,
): EngineActivities {
  /**
   * Arming ahead of a stop that was requested earlier would lead to a halt in the middle of trades. A stop
   * that is just being delivered is awaited: people who decided after it need not decide again.
   */
  const unlessStopped = async <T>(arm: () => Promise<T>): Promise<T> => {
    if (await pollUntil(owesStop, (owed) => !owed, STOP_UNDER_WAY))
      throw ApplicationFailure.nonRetryable(
        'A stop has not reached this trader yet, and is still being sent: nothing was armed. Do this: decide again once fermata status shows that stop.',
        FAILURE_NAMES.refusedByTrader,
      );
    return arm();
  };
  return {
    sendStop: (command) => kept(callTrader(trader, 'stop', command, COMMAND_MS)),
    sendCloseAll: (command) => kept(callTrader(trader, 'closeAll', command, COMMAND_MS)),
    sendKill: (command) => kept(callTrader(trader, 'kill', command, COMMAND_MS)),
    sendHalt: (command) => loggedAtFirst(kept(callTrader(trader, 'halt', command, COMMAND_MS))),
    proveStopped: (patienceMs) => proveStopped(withNamedFailures(trader), patienceMs),
    proveFlat: (patienceMs) => proveFlat(withNamedFailures(trader), patienceMs),
    readSituation: () => readSituation(trader, days),
    readIncidentFacts: () => readIncidentFacts(trader, days, venueRule),
    toggleStrategy: (command) => kept(callTrader(trader, 'toggle', command, COMMAND_MS)),
    resize: (command) => kept(callTrader(trader, 'resize', command, COMMAND_MS)),
    reconcile: (command) => callTrader(trader, 'reconcile', command, RECONCILE_MS),
    reload: (command) => kept(callTrader(trader, 'reload', command, COMMAND_MS)),
    readLiveFacts: () => readLiveFacts(trader),
    goLive: (command) => unlessStopped(() => callTrader(trader, 'goLive', command, COMMAND_MS)),
    arm: ({ commandId, by, reason, haltId, configHash, decisions }) => {
      const command = { commandId, by, reason, haltId, configHash, decisions };
      return unlessStopped(() => callTrader(trader, 'arm', command, COMMAND_MS));
    },
  };
}

export async function readLiveFacts(trader: TraderCalls): Promise<LiveFacts> {
  const status = await readStatus({ trader: withNamedFailures(trader) }, ANSWER_MS);
  const { reconciliation, positions } = status;
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
  const { granted, ended } = status.goLive;
  return {
    mode: status.mode,
    reason: status.reason,
    haltId: status.haltId,
    configHash: status.configHash,
    incarnation: status.incarnation,
    granted: granted && { release: granted.release, attempt: granted.attempt, step: granted.step },
    ...(ended === undefined ? {} : { ended }),
    fills: status.fills,
    equity: status.equity,
    drawdownPct: status.drawdownPct,
    problems: problems.slice(0, NAMED_MAX),
  };
}

export async function readSituation(trader: TraderCalls, days: TradingDays): Promise<TraderSituation> {
  const status = await readStatus({ trader: withNamedFailures(trader) }, ANSWER_MS);
  const { reconciliation, marketData } = status;
  return {
    mode: status.mode,
    reason: status.reason,
    haltId: status.haltId,
    halts: newestFirst(status.halts).slice(0, NAMED_MAX),
    rule: strictest(status.halts),
    configHash: status.configHash,
    marketMs: marketData.marketMs,
    simulated: status.trading === 'paper',
    reconciliation: reconciliation.state,
    differences: reconciliation.differences
      .slice(0, NAMED_MAX)
      .map(({ what, symbol, ours, venues }) => `${symbol} ${what}: ours ${ours}, the venue's ${venues}`),
    nextDay: nextDayOf(status.halts, marketData.marketMs, days),
  };
}

function newestFirst(halts: readonly Halt[]): Halt[] {
  return [...halts].sort((one, other) => other.atWallMs - one.atWallMs);
}

function strictest(halts: readonly Halt[]): ResumeRule | null {
  return halts
    .map(({ resume }) => resume)
    .reduce<ResumeRule | null>(
      (worst, rule) => (worst === null || RESUME_RANK[rule] > RESUME_RANK[worst] ? rule : worst),
      null,
    );
}

function nextDayOf(halts: readonly Halt[], marketMs: number, days: TradingDays): TraderSituation['nextDay'] {
  const ends = halts
    .filter(({ resume }) => resume === 'next-day')
    .map(({ atMarketMs }) => days.endOfDay(atMarketMs));
  if (ends.length === 0) return null;
  const atMarketMs = Math.max(...ends);
  return { reached: marketMs >= atMarketMs, atMarketMs };
}

const signedText = (side: PositionStatus['side'], quantity: string): string =>
  `${side === 'short' ? '-' : ''}${quantity}`;

/** The open holdings: the position, or each strategy's part of it where several may trade the instrument. */
function heldIn({ parts = [], ...position }: PositionStatus, currency: string): IncidentFacts['positions'] {
  const { symbol, side, quantity, protection, stopPrice, strategy } = position;
  const unrealised = placed(position.unrealised, currency);
  if (parts.length === 0)
    return [{ symbol, quantity: signedText(side, quantity), protection, stopPrice, strategy, unrealised }];
  return parts.map((part) => ({
    ...{ symbol, quantity: signedText(part.side ?? side, part.quantity), protection: part.protection },
    ...{ stopPrice: part.stopPrice, strategy: part.strategy, unrealised: part.result },
  }));
}

const FACTS_NAMED_MAX = 20;
/** Procedures judge these one by one, so all that a desk can have; a payload of Temporal holds far more. */
const POSITIONS_MAX = 1_000;
const STRATEGIES_MAX = 2_000;
const TEXT_MAX = 300;

export async function readIncidentFacts(
  trader: TraderCalls,
  days: TradingDays,
  venueRule: ResumeRule,
): Promise<IncidentFacts> {
  const status = await readStatus({ trader: withNamedFailures(trader) }, ANSWER_MS);
  const { marketMs } = status.marketData;
  return {
    begun: status.sequence > 0,
    mode: status.mode,
    reason: status.reason.slice(0, TEXT_MAX),
    halts: status.halts.slice(-NAMED_MAX).map(({ cause, by, reason, resume }) => ({
      cause,
      by,
      reason: reason.slice(0, TEXT_MAX),
      resume,
    })),
    entriesWorking: status.entriesWorking,
    closeAll: status.closeAll,
    positions: status.positions
      .flatMap((position) => heldIn(position, status.currency))
      .slice(0, POSITIONS_MAX),
    symbols: status.marketData.lastPrices.slice(0, FACTS_NAMED_MAX).map(({ symbol }) => symbol),
    strategies: status.strategies.slice(0, STRATEGIES_MAX).map(({ state: _state, ...shown }) => shown),
    currency: status.currency,
    losses: lossesOf(status),
    venueBreaker: status.venueBreaker.state,
    venueBreakerDetail: status.venueBreaker.detail.slice(0, TEXT_MAX),
    venueRule,
    dataState: status.marketData.state,
    ...(status.venueIsUp === undefined ? {} : { venueIsUp: status.venueIsUp }),
    reconciliation: status.reconciliation.state,
    reconciledWallMs: status.reconciliation.atWallMs,
    differences: status.reconciliation.differences
      .slice(0, FACTS_NAMED_MAX)
      .map(({ what, symbol, ours, venues }) => `${symbol} ${what}: ours ${ours}, the venue's ${venues}`),
    sizePct: status.sizePct,
    kept: keptOverRestart(status.trading, status.account.name),
    equity: status.equity,
    drawdownPct: status.drawdownPct,
    dayPnl: status.dayPnl,
    priceSource: status.marketData.identity,
    marketMs,
    dayStartMs: days.startOfDay(marketMs),
  };
}
