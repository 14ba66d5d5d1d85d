/** Turns a signal as sent into one in ticks of its instrument. */
import { DecimalError, parseDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import { SIGNAL_LIFE_MS_MAX, type Signal, type SignalRequest, wrongPrices } from '../../domain/signal.js';
import type { Core } from '../core.js';

type SignalRead =
  | { readonly ok: true; readonly signal: Signal }
  /** Names the field, what was expected and what was found. */
  | { readonly ok: false; readonly problem: string };

/** `original`: the signal that this one edits; its original time counts. */
export function readSignal(core: Core, request: SignalRequest, original: Signal | null): SignalRead {
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
