/**
 * Judges and records a signal from outside before showing it to strategies. A repeated signal changes
 * nothing. A signal that the desk may not act on when it arrives is recorded but not shown.
 */
import { looserThan, type Signal, type SignalName, saysTheSame, signalKey } from '../../domain/signal.js';
import { signalsRemembered } from '../apply-signals.js';
import { type Core, commit } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { cancelOrder } from '../orders/change-order.js';
import { readSignal } from '../signals/read-signal.js';
import {
  endWaitingOn,
  followSignal,
  refuseSignal,
  signalEntries,
  signalWords,
} from '../signals/show-signal.js';
import type { SignalEntry } from '../state.js';
import { done, refused } from './outcome.js';

/** How far the sender's clock may run ahead of market time. */
const AHEAD_MS_MAX = 60_000;
/** Most signals that are remembered; no real source sends more. */
const SIGNALS_MAX = 5_000;

type TakeSignal = Extract<Command, { readonly name: 'signal' }>;
type WithdrawSignal = Extract<Command, { readonly name: 'withdrawSignal' }>;
type Refusal = NonNullable<SignalEntry['refused']>;

export function takeSignal(
  core: Core,
  { signal: request }: TakeSignal,
  { by }: CommandEvent,
): CommandOutcome {
  const known = core.state.signals.get(signalKey(request));
  const read = readSignal(core, request, known?.signal ?? null);
  if (!read.ok) return refuse(core, request, { limit: 'input', reason: read.problem });
  const { signal } = read;
  if (known !== undefined && known.signal?.revision === signal.revision && saysTheSame(known.signal, signal))
    return done(core, `the signal is known already, nothing is done twice: ${signalWords(core, known)}`);
  const against = whyRefused(core, signal, known);
  if (against !== null) return refuse(core, request, against);
  commit(core, { type: 'signal', signal, by, marketMs: core.marketMs });
  followSignal(core, signal);
  const entry = core.state.signals.get(signalKey(signal));
  return done(core, `the signal is recorded: ${entry === undefined ? '' : signalWords(core, entry)}`);
}

function refuse(core: Core, name: SignalName, refusal: Refusal): CommandOutcome {
  refuseSignal(core, name, refusal, null);
  const { limit, reason } = refusal;
  const doThis =
    limit === 'input' ? 'correct it and send it again' : 'send a new one, under an id of its own';
  return refused(`signal-${limit}`, reason, doThis);
}

function whyRefused(core: Core, signal: Signal, known: SignalEntry | undefined): Refusal | null {
  const { marketMs, state } = core;
  const at = (ms: number): string => new Date(ms).toISOString();
  if (known?.withdrawn === true) return { limit: 'withdrawn', reason: 'it was withdrawn' };
  if (signal.expiresMs <= marketMs)
    return {
      limit: 'expired',
      reason: `it expired at ${at(signal.expiresMs)}, and the market's time is ${at(marketMs)}`,
    };
  if (signal.issuedMs > marketMs + AHEAD_MS_MAX)
    return {
      limit: 'issued-ahead',
      reason: `issuedAt: expected a time that has come; the market's is ${at(marketMs)}, found ${at(signal.issuedMs)}`,
    };
  const before = known?.signal ?? null;
  if (before === null)
    return signalsRemembered(state, marketMs) < SIGNALS_MAX
      ? null
      : { limit: 'too-many', reason: `${SIGNALS_MAX} signals of the last days are known, and no more fit` };
  if (signal.revision <= before.revision)
    return {
      limit: 'old-revision',
      reason: `revision: expected more than ${before.revision}, which is known already; found ${signal.revision}`,
    };
  const looser = looserThan(before, signal);
  return looser === null ? null : { limit: 'looser', reason: `an edit may only tighten a signal: ${looser}` };
}

/** Allowed in every mode. Cancels the entry and follows no further revision. Filled lots keep their exits. */
export function withdrawSignal(
  core: Core,
  { source, id }: WithdrawSignal,
  { by, reason }: CommandEvent,
): CommandOutcome {
  const known = core.state.signals.get(signalKey({ source, id }));
  if (known?.withdrawn === true) return done(core, 'the signal is withdrawn already');
  if (known === undefined && signalsRemembered(core.state, core.marketMs) >= SIGNALS_MAX)
    return refused(
      'signal-too-many',
      `${SIGNALS_MAX} signals are known, and this is none of them`,
      'look at its id',
    );
  commit(core, { type: 'signal.withdrawn', source, id, by, reason, marketMs: core.marketMs });
  const waited = endWaitingOn(core, { source, id }, 'its signal was withdrawn');
  const entries = signalEntries(core, { source, id });
  for (const entry of entries) cancelOrder(core, entry, 'its signal was withdrawn');
  if (known === undefined) return done(core, 'no such signal has come; it is refused when it does');
  const what =
    entries.length > 0
      ? 'its entry is being cancelled'
      : waited > 0
        ? 'its entry waits no more'
        : 'no entry of it rests';
  return done(
    core,
    `the signal is withdrawn; ${what}${known.filled ? ', and what was filled keeps its exits' : ''}`,
  );
}
