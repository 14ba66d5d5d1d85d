import { type Signal, type SignalName, type SignalStanding, signalKey } from '../../domain/signal.js';
import { type Core, commit, liveOrders, markChanged } from '../core.js';
import { mayReduce } from '../halts.js';
import { cancelOrder } from '../orders/change-order.js';
import { endWaiting } from '../orders/end-waiting.js';
import { newestHalt, type OrderEntry, type SignalEntry } from '../state.js';
import type { WaitingEntry } from '../waiting-entry.js';
import { contextOf, isEnabled, markLegs } from './on-bar.js';
import type { SignalRefusal } from './strategy.js';
import { betweenBars } from './strategy-slot.js';

/** Acts on a recorded signal: strategies are shown it, and its entry ends with it. */

/** An edit first cancels the entry of the previous revision, and is shown once that entry is final. */
export function followSignal(core: Core, signal: Signal): void {
  endWaitingOn(core, signal, 'its signal was edited');
  const entries = signalEntries(core, signal);
  for (const entry of entries) cancelOrder(core, entry, 'its signal was edited');
  if (entries.length > 0) core.editedSignals.add(signalKey(signal));
  else showOrRefuse(core, signal);
}

/** Shows edits whose former entry is final by now. Edits that were pending at a restart are forgotten. */
export function showEditedSignals(core: Core): void {
  for (const key of core.editedSignals) {
    const { signal = null, withdrawn = true } = core.state.signals.get(key) ?? {};
    const isOver = signal === null || withdrawn;
    if (!isOver && signalEntries(core, signal).length > 0) continue;
    core.editedSignals.delete(key);
    if (!isOver) showOrRefuse(core, signal);
  }
}

function showOrRefuse(core: Core, signal: Signal): void {
  const refusal = whyNotNow(core, signal);
  if (refusal === null) show(core, signal);
  else refuseSignal(core, signal, refusal, null);
}

/** Cancels entries whose signal has expired. */
export function endExpiredSignals(core: Core): void {
  if (core.state.signals.size === 0) return;
  const hasExpired = ({ signal }: WaitingEntry): boolean =>
    signal !== undefined && (core.state.signals.get(signalKey(signal))?.expiresMs ?? 0) <= core.marketMs;
  endWaiting(core, 'its signal has expired', hasExpired);
  for (const { id } of core.config.instruments) {
    for (const entry of liveOrders(core, id)) {
      const { signal, purpose } = entry.intent;
      if (signal === undefined || purpose !== 'entry') continue;
      const expiresMs = core.state.signals.get(signalKey(signal))?.expiresMs ?? 0;
      if (expiresMs <= core.marketMs) cancelOrder(core, entry, 'its signal has expired');
    }
  }
}

export function refuseSignal(
  core: Core,
  { source, id, revision }: SignalName,
  { limit, reason }: SignalRefusal,
  strategy: string | null,
): void {
  const { marketMs } = core;
  commit(core, { type: 'signal.refused', source, id, revision, limit, reason, strategy, marketMs });
}

/** Drops the entries that wait on any revision of it. Returns how many. */
export function endWaitingOn(core: Core, name: Pick<SignalName, 'source' | 'id'>, reason: string): number {
  const key = signalKey(name);
  return endWaiting(core, reason, ({ signal }) => signal !== undefined && signalKey(signal) === key);
}

/** Live entries of any revision. */
export function signalEntries(core: Core, name: Pick<SignalName, 'source' | 'id'>): OrderEntry[] {
  const key = signalKey(name);
  return core.config.instruments.flatMap(({ id }) =>
    liveOrders(core, id).filter(
      ({ intent }) =>
        intent.purpose === 'entry' && intent.signal !== undefined && signalKey(intent.signal) === key,
    ),
  );
}

/** Keys of the signals with live or waiting entries. */
export function restingSignals(core: Core): ReadonlySet<string> {
  const resting = new Set<string>();
  for (const { id } of core.config.instruments) {
    for (const { intent } of liveOrders(core, id))
      if (intent.purpose === 'entry' && intent.signal !== undefined) resting.add(signalKey(intent.signal));
  }
  for (const { signal } of core.state.waiting.values())
    if (signal !== undefined) resting.add(signalKey(signal));
  return resting;
}

/** `resting`: computed once by a caller that asks about many signals. */
export function standingOf(core: Core, entry: SignalEntry, resting = restingSignals(core)): SignalStanding {
  if (entry.withdrawn) return 'withdrawn';
  if (entry.filled) return 'filled';
  if (entry.signal !== null && resting.has(signalKey(entry.signal))) return 'resting';
  if (entry.refused !== null) return 'refused';
  return entry.expiresMs <= core.marketMs ? 'expired' : 'taken';
}

const STANDING_WORDS: Readonly<Record<Exclude<SignalStanding, 'resting'>, string>> = {
  withdrawn: 'it was withdrawn',
  filled: 'its entry was filled',
  refused: 'it is not followed',
  expired: 'it has expired',
  taken: 'a strategy has it',
};

function isWaiting({ state }: Core, { signal: of }: SignalEntry): boolean {
  if (of === null) return false;
  for (const { signal } of state.waiting.values())
    if (signal !== undefined && signalKey(signal) === signalKey(of)) return true;
  return false;
}

function restingWords(core: Core, entry: SignalEntry): string {
  if (isWaiting(core, entry)) return 'its entry waits in the desk, not at the venue';
  const orders = entry.signal === null ? [] : signalEntries(core, entry.signal);
  return orders.every(({ state }) => state === 'intended')
    ? 'its entry is on its way to the venue'
    : 'its entry is at the venue';
}

/** The signal's standing, in words. */
export function signalWords(core: Core, entry: SignalEntry): string {
  const standing = standingOf(core, entry);
  const words = standing === 'resting' ? restingWords(core, entry) : STANDING_WORDS[standing];
  return entry.refused === null ? words : `${words}: ${entry.refused.reason}`;
}

function whyNotNow(core: Core, { source, id, action, expiresMs }: Signal): SignalRefusal | null {
  if (action === 'close') return mayReduce(core) ? null : halted(core);
  if (core.state.mode !== 'ACTIVE') return halted(core);
  if (expiresMs <= core.marketMs) return { limit: 'expired', reason: 'it has expired' };
  return core.state.signals.get(signalKey({ source, id }))?.filled === true
    ? { limit: 'filled', reason: 'its entry was filled before it was edited: the trade keeps its exits' }
    : null;
}

function halted(core: Core): SignalRefusal {
  const { mode } = core.state;
  const why = newestHalt(core.state)?.reason ?? 'nothing is traded now';
  return { limit: 'halted', reason: `the desk is ${mode}: ${why}` };
}

/**
 * Shows the signal to each strategy of its instrument that follows signals; each that does not follow this one says
 * why.
 */
function show(core: Core, signal: Signal): void {
  const { source, id, revision, instrument: at, action } = signal;
  const slots = core.slots.filter(
    ({ instrument, strategy }) => instrument.id === at && strategy.onSignal !== undefined,
  );
  if (slots.length === 0) {
    const symbol = core.config.instruments[at]?.symbol ?? '?';
    refuseSignal(
      core,
      signal,
      { limit: 'no-strategy', reason: `no strategy of ${symbol} follows signals` },
      null,
    );
  }
  for (const slot of slots) {
    const { name, strategy } = slot;
    const refuseFor = (limit: string, reason: string) => refuseSignal(core, signal, { limit, reason }, name);
    if (action !== 'close' && !isEnabled(core, slot)) {
      refuseFor('strategy-off', `${name} is switched off`);
    } else if (slot.barsSeen < strategy.warmupBars) {
      refuseFor('warming-up', `${name} has seen ${slot.barsSeen} of ${strategy.warmupBars} bars`);
    } else {
      const named = { source, id, revision, of: at };
      const occasion = { atMs: core.marketMs, warmup: false, late: false, signal: named };
      const allowed = betweenBars();
      const lead = slot.leg?.lead ?? slot;
      const context = contextOf(core, lead, occasion, (one) => (one === slot ? allowed : one.allowance));
      const ageMs = Math.max(0, core.marketMs - signal.issuedMs);
      const refusal = strategy.onSignal?.(context, signal, ageMs, slot.leg?.place) ?? null;
      markLegs(core, lead);
      if (refusal !== null) refuseFor(refusal.limit, `${name}: ${refusal.reason}`);
    }
  }
  markChanged(core, at);
}
