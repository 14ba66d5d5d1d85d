import { z } from 'zod';
import type { CheckOutcome } from '../contracts/routine.js';
import { counted } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';
import { untilBack } from '../home/try-again.js';
import { TraderUnavailable } from '../trader/client.js';
import { readStatus } from '../trader/read-status.js';
import { type CheckContext, check } from './check.js';

type Asked = Pick<CheckContext, 'trader'>;

/** A trader that died is back in seconds. */
const BACK_MS_MAX = 15_000;
const LOOK_EVERY_MS = 250;

/**
 * Asks the trader to read positions and orders from its venue, and measures the time. Waits for a trader that is
 * restarting: its absence says nothing about the venue, and is no reason to restart the venue's program.
 */
export const venueReachable = check(
  'The venue answers',
  z.strictObject({ answerMsMax: z.number().min(0).default(2_000) }),
  async ({ trader, stepMs = 0 }, { answerMsMax }) => {
    const deadline = performance.now() + Math.min(BACK_MS_MAX, stepMs / 2);
    for (;;) {
      await untilBack(() => readStatus({ trader }), {
        isAway: (error) => error instanceof TraderUnavailable,
        withinMs: deadline - performance.now(),
        everyMs: LOOK_EVERY_MS,
      }).catch(() => undefined);
      const { outcome, isCutOff } = await ask({ trader }, answerMsMax);
      if (!isCutOff || performance.now() > deadline) return outcome;
    }
  },
);

/** `isCutOff`: the trader was away, or went away during the call. */
async function ask(
  { trader }: Asked,
  answerMsMax: number,
): Promise<{ readonly outcome: CheckOutcome; readonly isCutOff: boolean }> {
  const expected = `the venue answers within ${answerMsMax} ms`;
  const timeoutMs = answerMsMax * 2;
  const startedMs = performance.now();
  const tookMs = () => Math.round(performance.now() - startedMs);
  try {
    const proof = await trader.call('flatProof', {}, { timeoutMs });
    const ms = tookMs();
    const held = `${counted(proof.venuePositions.length, 'position')}, ${proof.venueOpenOrders} open orders`;
    const verdict = ms <= answerMsMax ? 'pass' : 'warn';
    return { outcome: { verdict, observed: `answered in ${ms} ms: ${held}`, expected }, isCutOff: false };
  } catch (error) {
    const outcome = { verdict: 'fail', observed: `no answer: ${messageOf(error)}`, expected } as const;
    return { outcome, isCutOff: error instanceof TraderUnavailable && tookMs() < timeoutMs };
  }
}
