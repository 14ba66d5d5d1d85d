import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { ControlMethods } from '../../contracts/control.js';
import type { FlatReading, StopReading } from '../../contracts/engine-activities.js';
import { FAILURE_NAMES, type FailureName } from '../../contracts/failure-names.js';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { messageOf } from '../../domain/message-of.js';
import { type CallableMethod, ControlFailure, type TraderClient } from '../../trader/client.js';

/** The part of the trader's client that activities use. */
export type TraderCalls = Pick<TraderClient, 'call'>;

/** Failure type of a trader that doesn't answer; it may a moment later. */
const TRADER_UNAVAILABLE = 'TraderUnavailable';

/** Refusals that a workflow has to tell apart, by the trader's code. */
const REFUSALS: Readonly<Record<string, FailureName>> = { 'settings-changed': FAILURE_NAMES.settingsChanged };

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/**
 * Throws while the trader is starting, so that it is asked again: its status is empty until then and proves nothing.
 */
export async function engineStatus(trader: TraderCalls, timeoutMs: number): Promise<TraderStatus> {
  const status = await callTrader(trader, 'status', {}, timeoutMs);
  if (status.starting) throw ApplicationFailure.retryable(status.reason, TRADER_UNAVAILABLE);
  return status;
}

/** Failures are named, so that a workflow can tell "refused" from "not there". */
export async function callTrader<M extends CallableMethod>(
  trader: TraderCalls,
  method: M,
  params: ControlMethods[M]['params'],
  timeoutMs: number,
): Promise<ControlMethods[M]['result']> {
  try {
    return await trader.call(method, params, { timeoutMs });
  } catch (error) {
    if (error instanceof ControlFailure) {
      throw ApplicationFailure.nonRetryable(
        [error.message, `Kept safe: ${error.keptSafe}`, `Do this: ${error.doThis}`].map(sentence).join(' '),
        REFUSALS[error.code] ?? FAILURE_NAMES.refusedByTrader,
      );
    }
    const message = messageOf(error);
    throw ApplicationFailure.retryable(`The trader did not answer ${method}: ${message}`, TRADER_UNAVAILABLE);
  }
}

const POLL_MS = 25;
const ANSWER_MS = 2_000;

/**
 * A stop is proven when the trader is halted and no entry order is working. Reads until then, for `patienceMs` at most;
 * a trader that isn't halted ends it at once.
 */
export async function proveStopped(trader: TraderCalls, patienceMs: number): Promise<StopReading> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const status = await callTrader(trader, 'status', {}, ANSWER_MS);
    const halted = status.mode === 'HALTED' || status.mode === 'KILLED';
    // A starting trader always reports HALTED, and has not counted its orders yet.
    const proven = halted && status.starting === undefined && status.entriesWorking === 0;
    if (proven || !halted || performance.now() >= until) {
      return {
        proven,
        mode: status.mode,
        haltId: status.haltId,
        entriesWorking: status.entriesWorking,
        marketMs: status.marketData.marketMs,
        simulated: status.trading === 'paper',
      };
    }
    await sleep(POLL_MS);
  }
}

/** The proof reads the venue, which may be slow. */
const PROOF_MS = 10_000;
const OPEN_NAMED_MAX = 100;

/**
 * Proves flat by reading positions from the venue, never from our own book. Reads the venue once the trader has nothing
 * left to do, or at the end of `patienceMs` at the latest.
 */
export async function proveFlat(trader: TraderCalls, patienceMs: number): Promise<FlatReading> {
  const until = performance.now() + patienceMs;
  let status = await engineStatus(trader, ANSWER_MS);
  while (status.closeAll === 'running' && status.openPositions > 0 && performance.now() < until) {
    await sleep(POLL_MS);
    status = await engineStatus(trader, ANSWER_MS);
  }
  const proof = await callTrader(trader, 'flatProof', {}, PROOF_MS);
  return {
    proven: proof.flat && proof.entriesWorking === 0,
    mode: status.mode,
    haltId: status.haltId,
    state: proof.state,
    open: [
      ...proof.venuePositions.map(({ symbol, quantity }) => `${symbol} ${quantity}`),
      ...proof.escalated.map((name) => `${name} (escalated)`),
    ].slice(0, OPEN_NAMED_MAX),
    venueOpenOrders: proof.venueOpenOrders,
    entriesWorking: proof.entriesWorking,
    marketMs: status.marketData.marketMs,
    simulated: status.trading === 'paper',
  };
}
