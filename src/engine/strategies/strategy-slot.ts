/** One strategy on one instrument, as the desk file lists it. */
import type { Instrument } from '../../domain/instrument.js';
import { alwaysOpen } from '../../domain/sessions/session-calendar.js';
import type { EngineConfig } from '../config.js';
import { BarStream, type FinishedBar } from './bar-stream.js';
import { STRATEGIES } from './registry.js';
import type { StrategySize } from './size-entry.js';
import { readParameters, type Strategy } from './strategy.js';

export interface StrategySlot {
  readonly name: string;
  readonly instrument: Instrument;
  readonly strategy: Strategy;
  /** As in the desk file; a recorded toggle overrides it. */
  readonly enabledByFile: boolean;
  /** Null: its entries are as large as the limits allow. */
  readonly size: StrategySize | null;
  /** Builds the bars of the spans that it asks for. Null: it is shown bars as they come. */
  readonly stream: BarStream | null;
  /** Bars of the longest span. */
  barsSeen: number;
  lastOpenMs: number;
  /** Market time of the newest timer that it was called for, or that passed before its first quote. */
  timerMs: number;
  /** What it may still ask for before its next bar. */
  allowance: Allowance;
}

/** Bounds what a strategy may ask for between bars, so that many quotes can't fill the journal. */
export interface Allowance {
  entries: number;
  notes: number;
}

export const betweenBars = (): Allowance => ({ entries: 1, notes: 20 });

/** What a strategy is shown of a bar that came, in order. Each is counted just before it is shown. */
export function* shownOf(
  slot: StrategySlot,
  bar: FinishedBar,
): Generator<FinishedBar & { readonly late?: boolean }> {
  slot.lastOpenMs = bar.openMs;
  if (slot.stream === null) {
    slot.barsSeen += 1;
    yield bar;
    return;
  }
  for (const shown of slot.stream.take(bar)) {
    if (shown.spanMs === slot.stream.longestMs) slot.barsSeen += 1;
    yield shown;
  }
}

/** Throws RangeError for a kind, symbol or parameter that validation of the desk file should have refused. */
export function buildSlots(config: EngineConfig): StrategySlot[] {
  return config.strategies.flatMap((listed) =>
    listed.symbols.map((symbol) => {
      const definition = listed.own ?? STRATEGIES.get(listed.kind);
      const instrument = config.instruments.find((candidate) => candidate.symbol === symbol);
      if (definition === undefined)
        throw new RangeError(`${listed.name}: there is no strategy ${listed.kind}`);
      if (instrument === undefined)
        throw new RangeError(`${listed.name}: ${symbol} is no instrument of this desk`);
      const { values, problems } = readParameters(definition, listed.parameters);
      if (problems.length > 0) throw new RangeError(`${listed.name}: ${problems.join('; ')}`);
      const strategy = definition.create(values, instrument);
      const { calendar } = config.sessions?.[instrument.id] ?? { calendar: alwaysOpen() };
      return {
        name: listed.name,
        instrument,
        strategy,
        stream: strategy.spansMs === undefined ? null : new BarStream(strategy.spansMs, calendar),
        enabledByFile: listed.enabled,
        size: listed.size ?? null,
        barsSeen: 0,
        lastOpenMs: Number.NEGATIVE_INFINITY,
        timerMs: Number.NEGATIVE_INFINITY,
        allowance: betweenBars(),
      };
    }),
  );
}
