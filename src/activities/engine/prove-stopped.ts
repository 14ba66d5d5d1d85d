import { setTimeout as sleep } from 'node:timers/promises';
import type { StopReading } from '../../contracts/engine-activities.js';
import { callTrader, type TraderCalls } from './call-trader.js';

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
