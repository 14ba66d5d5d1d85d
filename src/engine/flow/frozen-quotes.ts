/** A quote that keeps arriving unchanged: since when, and that people are told. What it refuses is the gate's. */
import type { InstrumentId } from '../../domain/instrument.js';
import { isFrozen, unchangedWords } from '../../limits/frozen-quotes.js';
import { type Core, note, workAt } from '../core.js';

/** Null: it has no quote, its market is closed, or no limit asks for it. */
export function quoteUnchangedMs(core: Core, at: InstrumentId): number | null {
  const { openSinceMs } = workAt(core, at);
  return openSinceMs === null ? null : (core.quoteChanges?.unchangedMs(at, openSinceMs) ?? null);
}

/** At each tick; once for each quote that stands still. */
export function tellFrozenQuotes(core: Core): void {
  const { frozenQuoteSeconds: seconds } = core.config.risk;
  const { quoteChanges } = core;
  if (quoteChanges === null || seconds === undefined) return;
  for (const { id: at, symbol } of core.config.instruments) {
    const unchangedMs = quoteUnchangedMs(core, at);
    if (unchangedMs === null || quoteChanges.told[at] === 1 || !isFrozen(unchangedMs, seconds)) continue;
    quoteChanges.told[at] = 1;
    const found = `${symbol}: ${unchangedWords(unchangedMs, seconds)}`;
    note(
      core,
      'warn',
      `${found}. Nothing is entered in it until it differs; exits and stops are not touched`,
      at,
    );
  }
}
