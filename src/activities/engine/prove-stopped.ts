import { setTimeout as sleep } from 'node:timers/promises';
import type { FlatReading, StopReading } from '../../contracts/engine-activities.js';
import { callTrader, engineStatus, type TraderCalls } from './call-trader.js';

const POLL_MS = 25;
const ANSWER_MS = 2_000;

/**
 * A stop is proven when the trader is halted and no entry order is working. Reads until then, at most for `patienceMs`.
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
