/**
 * Judges and records a signal from outside before showing it to strategies. A repeated signal changes
 * nothing. A signal that the desk may not act on when it arrives is recorded but not shown.
 */

import { DecimalError, parseDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import {
  looserThan,
  SIGNAL_LIFE_MS_MAX,
  type Signal,
  type SignalName,
  type SignalRequest,
  saysTheSame,
  signalKey,
  wrongPrices,
} from '../../domain/signal.js';
import { rememberedSignal, signalsRemembered } from '../apply-signals.js';
import { type Core, commit } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { cancelOrder } from '../orders/change-order.js';
import type { SignalEntry } from '../state.js';
import {
  endWaitingOn,
  followSignal,
  refuseSignal,
  signalEntries,
  signalWords,
} from '../strategies/show-signal.js';
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
  const known = rememberedSignal(core.state, { source, id }, core.marketMs);
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

type SignalRead =
  | { readonly ok: true; readonly signal: Signal }
  /** Names the field, what was expected and what was found. */
  | { readonly ok: false; readonly problem: string };

/** Turns a signal as sent into one in ticks. `original`: the signal that this one edits; its original time counts. */
function readSignal(core: Core, request: SignalRequest, original: Signal | null): SignalRead {
  const { source, id, revision, symbol, action, text } = request;
  const { instruments } = core.config;
  const instrument = instruments.find((known) => known.symbol === symbol);
  if (instrument === undefined) {
    const symbols = instruments.map((known) => known.symbol).join(', ');
    return wrong(`symbol: expected one of ${symbols}; found ${symbol}`);
  }
  if ((request.expiresMs === null) === (request.validMs === null)) {
    const found = request.expiresMs === null ? 'neither' : 'both';
    return wrong(`expiresAt: expected it or validSeconds, one of the two; found ${found}`);
  }
  const issuedMs = original?.issuedMs ?? request.issuedMs ?? core.marketMs;
  const expiresMs = request.expiresMs ?? issuedMs + (request.validMs ?? 0);
  if (expiresMs <= issuedMs || expiresMs > issuedMs + SIGNAL_LIFE_MS_MAX)
    return wrong('expiresAt: expected a time after the original one, by seven days at most');
  try {
    const ticks = (price: string | null, field: string): number | null =>
      price === null ? null : ticksOf(price, field, instrument);
    const signal: Signal = {
      ...{ source, id, revision, instrument: instrument.id, action, issuedMs, expiresMs, text },
      entryTicks: ticks(request.entry, 'entry'),
      stopTicks: ticks(request.stop, 'stop'),
      targetTicks: request.targets.map((price, place) => ticksOf(price, `targets[${place}]`, instrument)),
    };
    const problem = wrongPrices(signal);
    return problem === null ? { ok: true, signal } : wrong(problem);
  } catch (error) {
    if (error instanceof DecimalError) return wrong(error.message);
    throw error;
  }
}

const wrong = (problem: string): SignalRead => ({ ok: false, problem });

/** Throws `DecimalError`, which names the field. */
function ticksOf(price: string, field: string, { tickSize }: Instrument): number {
  try {
    const ticks = parseDecimal(price, tickSize);
    if (ticks > 0) return ticks;
  } catch (error) {
    if (error instanceof DecimalError) throw new DecimalError(`${field}: ${error.message}`);
    throw error;
  }
  throw new DecimalError(`${field}: expected a price above zero, found ${price}`);
}
