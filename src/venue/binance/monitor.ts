/**
 * Watches the connection: verifies it until everything is right, then measures the clock, probes a silent
 * venue, and periodically reads what the exchange accepts for each symbol.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { VenueUnavailable } from '../port.js';
import { type VerifyContext, verify, verifySymbols } from './verify.js';

export interface Monitor {
  /** Resolves after the first attempt, whether it succeeded or not. */
  readonly started: Promise<void>;
  readonly verified: boolean;
  /** The exchange refused an order through one of its filters: its limits may have changed. */
  doubtSymbols(): void;
  close(): Promise<void>;
}

export function startMonitor(context: VerifyContext): Monitor {
  const { health, clock, times, queue, nowMs } = context.connection;
  const closing = new AbortController();
  let verified = false;
  let symbolsDueMs = 0;
  let doubtAgainMs = 0;
  let woken = new AbortController();

  async function look(): Promise<void> {
    if (verified) {
      await clock.measure().catch(onlyUnavailable);
      if (nowMs() >= symbolsDueMs) await lookAtSymbols().catch(onlyUnavailable);
    } else {
      const problems = await verify(context);
      verified = problems.length === 0;
      symbolsDueMs = nextSymbolsMs();
      if (verified) health.resolved('setup');
      else health.against('setup', problems.join('; '));
    }
    if (nowMs() >= queue.pausedUntilMs) health.resolved('silence');
  }

  /** A symbol with a problem is read each time: trading may have resumed. */
  function nextSymbolsMs(): number {
    const halted = context.markets.some(({ problem }) => problem !== null);
    return halted ? 0 : nowMs() + times.symbolsMs;
  }

  /** The engine learns of a change at its next reading. */
  async function lookAtSymbols(): Promise<void> {
    const before = takenOf(context);
    const problems = await verifySymbols(context);
    symbolsDueMs = nextSymbolsMs();
    if (problems.length === 0) health.resolved('symbols');
    else health.against('symbols', problems.join('; '));
    if (takenOf(context) !== before) health.missed('the exchange takes other orders than before');
  }

  async function keepLooking(): Promise<void> {
    while (!closing.signal.aborted) {
      woken = new AbortController();
      await sleep(times.monitorMs, undefined, { signal: woken.signal, ref: false }).catch(() => {});
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
    doubtSymbols() {
      if (nowMs() < doubtAgainMs) return;
      doubtAgainMs = nowMs() + times.monitorMs;
      symbolsDueMs = 0;
      woken.abort();
    },
    async close() {
      closing.abort();
      woken.abort();
      await looking;
    },
  };
}

const takenOf = ({ markets }: VerifyContext): string =>
  JSON.stringify(
    markets.map(({ problem, quantityLimits, amends, replaces }) => [
      problem,
      quantityLimits,
      amends,
      replaces,
    ]),
  );

function onlyUnavailable(error: unknown): void {
  if (!(error instanceof VenueUnavailable)) throw error;
}
