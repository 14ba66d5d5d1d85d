/**
 * Watches the connection: verifies it until everything is right, then measures the clock, asks what only a key may
 * ask, probes a silent venue, and periodically reads what the exchange accepts for each symbol.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { VenueUnavailable } from '../port.js';
import { judgePermissions } from './permissions.js';
import { readPermissions, type VerifyContext, verify, verifyKey, verifySymbols } from './verify.js';

export interface Monitor {
  /** Resolves after the first attempt, whether it succeeded or not. */
  readonly started: Promise<void>;
  /** Key, symbols and account have been verified, and the key is still in order. */
  readonly verified: boolean;
  /** The exchange refused an order through one of its filters: its limits may have changed. */
  doubtSymbols(): void;
  /** The exchange refused a request for its key, which one odd answer may do as well: the key is verified anew. */
  doubtKey(): void;
  close(): Promise<void>;
}

/** A key that was refused is looked at this soon again: before the desk would halt for a venue that is down. */
const KEY_AGAIN_MS = 4000;

export function startMonitor(context: VerifyContext): Monitor {
  const { health, clock, times, queue, nowMs } = context.connection;
  const closing = new AbortController();
  let verified = false;
  let symbolsDueMs = 0;
  let doubtAgainMs = 0;
  let key: 'verified' | 'doubted' | 'refused' = 'verified';
  let keyAgainMs = 0;
  let woken = new AbortController();

  async function look(): Promise<void> {
    if (verified) {
      if (key === 'verified') await askWithKey().catch(onlyUnavailable);
      else await lookAtKey();
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

  /** An idle desk asks nothing else that takes a key: a dead one would be noticed only when the account is read. */
  async function askWithKey(): Promise<void> {
    await clock.measure();
    // A refusal raises the doubt itself.
    if (judgePermissions(await readPermissions(context), 'trade').problems.length > 0) doubtKey();
  }

  function doubtKey(): void {
    if (!verified) return;
    if (key === 'verified') key = 'doubted';
    if (nowMs() < keyAgainMs) return;
    keyAgainMs = nowMs() + times.monitorMs;
    woken.abort();
  }

  async function lookAtKey(): Promise<void> {
    const problems = await verifyKey(context);
    if (problems === null) return;
    key = problems.length === 0 ? 'verified' : 'refused';
    if (key === 'verified') health.resolved('key');
    else health.against('key', `the exchange refuses the key: ${problems.join('; ')}`);
  }

  async function keepLooking(): Promise<void> {
    while (!closing.signal.aborted) {
      woken = new AbortController();
      const pauseMs = key === 'refused' ? Math.min(KEY_AGAIN_MS, times.monitorMs) : times.monitorMs;
      await sleep(pauseMs, undefined, { signal: woken.signal, ref: false }).catch(() => {});
      if (!closing.signal.aborted) await look();
    }
  }

  const started = look();
  const looking = started.then(keepLooking);
  return {
    started,
    get verified() {
      return verified && key !== 'refused';
    },
    doubtSymbols() {
      if (nowMs() < doubtAgainMs) return;
      doubtAgainMs = nowMs() + times.monitorMs;
      symbolsDueMs = 0;
      woken.abort();
    },
    doubtKey,
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
