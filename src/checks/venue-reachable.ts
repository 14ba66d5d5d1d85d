import { z } from 'zod';
import { messageOf } from '../domain/message-of.js';
import { check } from './check.js';

/** Has the trader read positions and orders back from its venue, and measures how long that takes. */
export const venueReachable = check(
  z.strictObject({ answerMsMax: z.number().min(0).default(2_000) }),
  async ({ trader }, { answerMsMax }) => {
    const expected = `the venue answers within ${answerMsMax} ms`;
    const startedMs = performance.now();
    try {
      const proof = await trader.call('flatProof', {}, { timeoutMs: answerMsMax * 2 });
      const tookMs = Math.round(performance.now() - startedMs);
      const held = `${proof.venuePositions.length} positions, ${proof.venueOpenOrders} open orders`;
      const verdict = tookMs <= answerMsMax ? 'pass' : 'warn';
      return { verdict, observed: `answered in ${tookMs} ms: ${held}`, expected };
    } catch (error) {
      const why = messageOf(error);
      return { verdict: 'fail', observed: `no answer: ${why}`, expected };
    }
  },
);
