/** The state of each signal: received, withdrawn, refused or filled. */
import { STEP_PLACES_MAX } from '../domain/book-steps.js';
import type { Instrument } from '../domain/instrument.js';
import { mulDivUnits, parseUnits } from '../domain/money.js';
import type { OrderIntent } from '../domain/order.js';
import { SIGNAL_LIFE_MS_MAX, type Signal, type SignalName, signalKey } from '../domain/signal.js';
import type { EngineRecord } from './record.js';
import type { EngineState, OrderEntry, SignalEntry } from './state.js';

/**
 * Market time for which a signal is remembered after its expiry: one sent again with a later expiry is still
 * recognised.
 */
const REMEMBERED_MS = 86_400_000;

type Of<T extends EngineRecord['type']> = Extract<EngineRecord, { readonly type: T }>;

/** Throws RangeError for a revision that is not newer than the last one, and for a withdrawn signal. */
export function applySignal(state: EngineState, { signal, marketMs }: Of<'signal'>): void {
  forgetOld(state, marketMs);
  const before = state.signals.get(signalKey(signal));
  if (before?.withdrawn === true || (before?.signal?.revision ?? 0) >= signal.revision)
    throw new RangeError(`the signal ${signalKey(signal)} was withdrawn, or is known in a newer revision`);
  const { expiresMs } = signal;
  const filled = before?.filled ?? false;
  state.signals.set(signalKey(signal), { signal, withdrawn: false, expiresMs, refused: null, filled });
}

/** A signal may be withdrawn before it arrives; it is then refused on arrival. */
export function applySignalWithdrawn(state: EngineState, record: Of<'signal.withdrawn'>): void {
  forgetOld(state, record.marketMs);
  const entry = state.signals.get(signalKey(record)) ?? neverCame(record.marketMs);
  entry.withdrawn = true;
  state.signals.set(signalKey(record), entry);
}

const neverCame = (marketMs: number): SignalEntry => ({
  signal: null,
  withdrawn: true,
  expiresMs: marketMs + SIGNAL_LIFE_MS_MAX,
  refused: null,
  filled: false,
});

export function applySignalRefused(state: EngineState, record: Of<'signal.refused'>): void {
  const { limit, reason } = record;
  noteRefused(state, record, limit, reason);
}

/** A signal is refused when a limit denies its entry. */
export function noteSignalDenied(state: EngineState, { order, limit, reason }: Of<'order.denied'>): void {
  if (order.signal !== undefined) noteRefused(state, order.signal, limit, reason);
}

/** Nor is a signal followed whose entry is refused on its way or by the venue. */
export function noteSignalRejected(state: EngineState, { intent, filledLots, reason }: OrderEntry): void {
  if (intent.signal !== undefined && intent.purpose === 'entry' && filledLots === 0)
    noteRefused(state, intent.signal, 'rejected', reason);
}

export function noteSignalFilled(state: EngineState, { signal, purpose }: OrderIntent): void {
  const entry = signal === undefined ? undefined : state.signals.get(signalKey(signal));
  if (entry !== undefined && purpose === 'entry') entry.filled = true;
}

function noteRefused(state: EngineState, name: SignalName, limit: string, reason: string): void {
  state.signalsRefused.set(limit, (state.signalsRefused.get(limit) ?? 0) + 1);
  const entry = state.signals.get(signalKey(name));
  if (entry?.signal?.revision === name.revision) entry.refused = { limit, reason };
}

/**
 * Number of remembered signals. Outdated ones are deleted only at the next signal or withdrawal, but are not
 * counted here.
 */
export function signalsRemembered({ signals }: EngineState, marketMs: number): number {
  let count = 0;
  for (const entry of signals.values()) if (!isOver(entry, marketMs)) count += 1;
  return count;
}

/** Undefined: it never came, or is forgotten by now. */
export function rememberedSignal(
  { signals }: EngineState,
  name: Pick<SignalName, 'source' | 'id'>,
  marketMs: number,
): SignalEntry | undefined {
  const entry = signals.get(signalKey(name));
  return entry === undefined || isOver(entry, marketMs) ? undefined : entry;
}

function forgetOld({ signals, formerSignals }: EngineState, marketMs: number): void {
  for (const [key, entry] of signals) if (isOver(entry, marketMs)) signals.delete(key);
  for (const [key, { entry }] of formerSignals) if (isOver(entry, marketMs)) formerSignals.delete(key);
}

const isOver = ({ expiresMs }: SignalEntry, marketMs: number): boolean =>
  expiresMs + REMEMBERED_MS < marketMs;

/** The instruments have changed: each signal stays with its symbol, also while that is not in the desk file. */
export function remapSignals(
  { signals, formerSignals }: EngineState,
  before: readonly Instrument[],
  after: readonly Instrument[],
): void {
  const all = new Map<string, SignalOf>(formerSignals);
  for (const [key, entry] of signals)
    all.set(key, { entry, instrument: before[entry.signal?.instrument ?? -1] });
  signals.clear();
  formerSignals.clear();
  for (const [key, { entry, instrument }] of all) {
    const at = after.findIndex(({ symbol }) => symbol === instrument?.symbol);
    const now = after[at];
    if (instrument === undefined || entry.signal === null) signals.set(key, entry);
    else if (now === undefined) formerSignals.set(key, { entry, instrument });
    else {
      const signal = inTicks(entry.signal, instrument, now);
      signals.set(key, { ...entry, signal: { ...signal, instrument: at } });
    }
  }
}

interface SignalOf {
  readonly entry: SignalEntry;
  /** Undefined: it was withdrawn before it arrived. */
  readonly instrument: Instrument | undefined;
}

/** A price between two ticks of now becomes the nearer one: it is only compared with what arrives later. */
function inTicks(signal: Signal, before: Instrument, now: Instrument): Signal {
  const tickOf = ({ tickSize }: Instrument) => parseUnits(tickSize, STEP_PLACES_MAX);
  const [from, to] = [tickOf(before), tickOf(now)];
  const ticksOf = (ticks: number): number => Number(mulDivUnits(BigInt(ticks), from, to));
  const orNone = (ticks: number | null): number | null => (ticks === null ? null : ticksOf(ticks));
  return {
    ...signal,
    entryTicks: orNone(signal.entryTicks),
    stopTicks: orNone(signal.stopTicks),
    targetTicks: signal.targetTicks.map(ticksOf),
  };
}
