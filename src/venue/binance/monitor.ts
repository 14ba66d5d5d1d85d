/** Keeps looking after the connection: verifies it until it is right, then measures the clock and probes a silent venue. */
import { setTimeout as sleep } from 'node:timers/promises';
import { VenueUnavailable } from '../port.js';
import { type VerifyContext, verify } from './verify.js';

export interface Monitor {
  /** After the first attempt, however it ended. */
  readonly started: Promise<void>;
  readonly verified: boolean;
  close(): Promise<void>;
}

export function startMonitor(context: VerifyContext): Monitor {
  const { health, clock, times, queue, nowMs } = context.connection;
  const closing = new AbortController();
  let verified = false;

  async function look(): Promise<void> {
    if (verified) {
      await clock.measure().catch((error: unknown) => {
        if (!(error instanceof VenueUnavailable)) throw error;
      });
    } else {
      const problems = await verify(context);
      verified = problems.length === 0;
      if (verified) health.resolved('setup');
      else health.against('setup', problems.join('; '));
    }
    if (nowMs() >= queue.pausedUntilMs) health.resolved('silence');
  }

  async function keepLooking(): Promise<void> {
    while (!closing.signal.aborted) {
      await sleep(times.monitorMs, undefined, { signal: closing.signal, ref: false }).catch(() => {});
      if (!closing.signal.aborted) await look();
    }
  }

  const started = look();
  const looking = started.then(keepLooking);
  return {
    started,
    get verified() {
      return verified;
    },
    async close() {
      closing.abort();
      await looking;
    },
  };
}
