/**
 * The trader as a routine's checks ask it. One that died is back in seconds: what it is asked meanwhile waits for it, since no
 * market, account or limit is otherwise because of that, and nobody is to be called for it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckContext } from '../../checks/check.js';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { TraderUnavailable } from '../../trader/client.js';

type Trader = CheckContext['trader'];

const BACK_MS_MAX = 15_000;
const LOOK_EVERY_MS = 250;
/** Waited for in vain, the next checks say at once that it is away. */
const GIVEN_UP_MS = 60_000;

/** `nowMs`: monotonic. Gives the trader for one check that has `stepMs`. */
export function waitForTrader(
  trader: Trader,
  nowMs = (): number => performance.now(),
): (stepMs: number) => Trader {
  let givenUpMs = Number.NEGATIVE_INFINITY;
  return (stepMs) => {
    let untilMs: number | null = null;
    const isOver = (): boolean => {
      if (nowMs() - givenUpMs < GIVEN_UP_MS) return true;
      untilMs ??= nowMs() + Math.min(BACK_MS_MAX, stepMs / 2);
      if (nowMs() < untilMs) return false;
      givenUpMs = nowMs();
      return true;
    };
    return {
      call: async (method, params, options) => {
        for (;;) {
          const askedMs = nowMs();
          try {
            const answer = await trader.call(method, params, options);
            const isStarting = method === 'status' && (answer as TraderStatus).starting === true;
            if (!isStarting) givenUpMs = Number.NEGATIVE_INFINITY;
            if (!isStarting || isOver()) return answer;
          } catch (error) {
            const isSilent = nowMs() - askedMs >= (options?.timeoutMs ?? Number.POSITIVE_INFINITY);
            if (!(error instanceof TraderUnavailable) || isSilent || isOver()) throw error;
          }
          await sleep(LOOK_EVERY_MS);
        }
      },
    };
  };
}
