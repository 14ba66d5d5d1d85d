/** Proof that the desk is stopped or flat, as the trader reads it back. It rejects as a call to the trader does. */
import type { FlatReading, StopReading } from '../contracts/engine-activities.js';
import { pollUntil } from '../home/try-again.js';
import type { TraderClient } from './client.js';
import { readStatus, readWords } from './read-status.js';

type Calls = Pick<TraderClient, 'call'>;

const POLL_MS = 25;
const ANSWER_MS = 2_000;

/**
 * A stop is proven when the trader is halted and no entry order is working. Reads until then, for at most
 * `patienceMs`; ends at once if the trader isn't halted.
 */
export async function proveStopped(trader: Calls, patienceMs: number): Promise<StopReading> {
  const reading = async () => {
    const status = await readWords({ trader }, ANSWER_MS);
    const halted = status.mode === 'HALTED' || status.mode === 'KILLED';
    // A starting trader always reports HALTED, and has not counted its orders yet.
    const proven = halted && status.starting === undefined && status.entriesWorking === 0;
    return { status, halted, proven };
  };
  const { status, proven } = await pollUntil(reading, (read) => read.proven || !read.halted, {
    withinMs: patienceMs,
    everyMs: POLL_MS,
  });
  return {
    proven,
    mode: status.mode,
    haltId: status.haltId,
    entriesWorking: status.entriesWorking,
    marketMs: status.marketData.marketMs,
    simulated: status.trading === 'paper',
  };
}

/** The proof reads the venue, which may be slow. */
const PROOF_MS = 10_000;
const OPEN_NAMED_MAX = 100;

/**
 * Proves flat by reading positions from the venue, never from our own book. Reads the venue once the trader
 * has nothing left to do, or at the latest after `patienceMs`.
 */
export async function proveFlat(trader: Calls, patienceMs: number): Promise<FlatReading> {
  const status = await pollUntil(
    () => readStatus({ trader }, ANSWER_MS),
    ({ closeAll, openPositions }) => closeAll !== 'running' || openPositions === 0,
    { withinMs: patienceMs, everyMs: POLL_MS },
  );
  const proof = await trader.call('flatProof', {}, { timeoutMs: PROOF_MS });
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
