/**
 * The end of a contract: nothing is entered from its roll day on, and nothing is held into its last trade.
 */
import { MINUTE_MS } from '../../domain/civil-date.js';
import type { InstrumentId } from '../../domain/instrument.js';
import type { InstrumentContract } from '../config.js';
import {
  type Core,
  exitNote,
  instrumentAt,
  liveOrders,
  note,
  positionAt,
  progressAt,
  tradeProgressAt,
} from '../core.js';
import { mayReduce } from '../halts.js';
import { holdingsOf, openLots } from '../state.js';
import { isDustOf } from './dust.js';

export type ContractPhase = 'trading' | 'due' | 'leaving' | 'ended' | 'rolled';

export function contractPhase({ month, traded }: InstrumentContract, marketMs: number): ContractPhase {
  if (month !== traded.month) return 'rolled';
  if (marketMs >= traded.lastTradeMs) return 'ended';
  if (marketMs >= traded.flatMs) return 'leaving';
  return marketMs >= traded.rollMs ? 'due' : 'trading';
}

const contractAt = (core: Core, at: InstrumentId): InstrumentContract | null =>
  core.config.contracts?.[at] ?? null;

/** Why the contract allows no entry now, and what helps, in words for people. Null: it allows one. */
export function expiryReason(
  core: Core,
  at: InstrumentId,
): { readonly reason: string; readonly waitsFor: string } | null {
  const contract = contractAt(core, at);
  if (contract === null) return null;
  const { symbol, month, traded } = contract;
  const phase = contractPhase(contract, core.marketMs);
  if (phase === 'trading') return null;
  if (phase === 'rolled')
    return {
      reason: `${symbol} was rolled from ${traded.month} to ${month}, and this trader still has the prices of ${traded.month}`,
      waitsFor: 'its restart: fermata restart trader',
    };
  const last = `its last trade is on ${traded.lastTrade}`;
  const reason =
    phase === 'ended'
      ? `${symbol} ${traded.month} has expired (${traded.lastTradeDay})`
      : traded.rollDay === null
        ? `nothing is entered in ${symbol} ${traded.month} since the afternoon of the business day before its end: ${last}`
        : `nothing is entered in ${symbol} ${traded.month} since its roll day, ${traded.rollDay}: ${last}`;
  const waitsFor =
    traded.rollDay === null
      ? `another month in the desk file (contractMonth of ${symbol}), and a start`
      : `people to roll it: fermata roll ${symbol}`;
  return { reason, waitsFor };
}

/** Why an instrument can't roll to another month: an open position or an open order. Null: it can. */
export function rollObstacle(core: Core, at: InstrumentId): string | null {
  const { symbol } = instrumentAt(core, at);
  if (openLots(positionAt(core, at)) !== 0) return `a position in ${symbol} is open`;
  return liveOrders(core, at).length > 0 ? `orders in ${symbol} are open` : null;
}

/**
 * Closes positions before the contract is settled, in every mode that lets the desk close. In the others,
 * tells people once an hour.
 */
export function leaveBeforeExpiry(core: Core, at: InstrumentId): void {
  const contract = contractAt(core, at);
  const progress = progressAt(core, at);
  if (contract === null || core.marketMs < contract.traded.flatMs) return;
  const staying = holdingsOf(positionAt(core, at))
    .filter((holding) => holding.quantityLots !== 0 && !isDustOf(core, holding))
    .map((holding) => tradeProgressAt(core, holding))
    .filter(({ exiting }) => exiting === null);
  if (staying.length === 0) return;
  const { symbol, traded } = contract;
  const isForRoll = traded.rollDay !== null && traded.flatMs <= traded.rollMs;
  const because = isForRoll
    ? `${symbol} ${traded.month} is left before its roll day, ${traded.rollDay}`
    : `${symbol} ${traded.month} is traded for the last time on ${traded.lastTrade}`;
  if (mayReduce(core)) {
    note(core, 'alarm', exitNote(because), at);
    for (const one of staying) one.exiting = { because, why: 'sessionEnd' };
    return;
  }
  if (progress.expiryToldMs !== null && core.monotonicMs - progress.expiryToldMs < TELL_EVERY_MS) return;
  progress.expiryToldMs = core.monotonicMs;
  const orElse = isForRoll ? 'what the contracts differ by counts as its result' : 'it is settled';
  note(
    core,
    'alarm',
    `${because}, a position is open and the desk is ${core.state.mode}: close it (fermata close-all), or ${orElse}`,
    at,
  );
}

const TELL_EVERY_MS = 60 * MINUTE_MS;
