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
  /** Instruments that it only looks at. */
  readonly watched: readonly Watched[];
  /** Bars of the longest span that it has seen, of whichever of its instruments has the fewest. */
  barsSeen: number;
  /** The same of the instrument that it trades. */
  ownBarsSeen: number;
  lastOpenMs: number;
  /** Market time of the newest timer that it was called for, or that passed before its first quote. */
  timerMs: number;
  /** What it may still ask for before its next bar. */
  allowance: Allowance;
  /** The newest refusal of a change of its exits, which is noted once. */
  exitsRefused: string;
  /** The same of a withdrawal or a change of its entries. */
  entriesRefused: string;
}

interface Watched {
  readonly instrument: Instrument;
  readonly stream: BarStream | null;
  barsSeen: number;
  lastBar: FinishedBar | null;
}

/** Bounds what a strategy may ask for between bars, so that many quotes can't fill the journal. */
export interface Allowance {
  entries: number;
  notes: number;
  /** Changes of its exits. */
  changes: number;
}

export const betweenBars = (): Allowance => ({ entries: 1, notes: 20, changes: 5 });

/** What a strategy is shown of a bar of its instrument, in order. Each is counted just before it is shown. */
export function* shownOf(
  slot: StrategySlot,
  bar: FinishedBar,
): Generator<FinishedBar & { readonly late?: boolean }> {
  slot.lastOpenMs = bar.openMs;
  const { stream } = slot;
  for (const shown of stream?.take(bar) ?? [bar]) {
    if (stream === null || shown.spanMs === stream.longestMs) slot.ownBarsSeen += 1;
    countFewest(slot);
    yield shown;
  }
}

/** The same of a bar of an instrument that it watches. */
export function* shownOfWatched(
  slot: StrategySlot,
  watched: Watched,
  bar: FinishedBar,
): Generator<FinishedBar & { readonly late?: boolean }> {
  if (watched.lastBar !== null && bar.openMs <= watched.lastBar.openMs) return;
  watched.lastBar = bar;
  const { stream } = watched;
  for (const shown of stream?.take(bar) ?? [bar]) {
    if (stream === null || shown.spanMs === stream.longestMs) watched.barsSeen += 1;
    countFewest(slot);
    yield shown;
  }
}

/** It decides nothing before it knows each of its instruments. */
function countFewest(slot: StrategySlot): void {
  slot.barsSeen = slot.ownBarsSeen;
  for (const { barsSeen } of slot.watched) slot.barsSeen = Math.min(slot.barsSeen, barsSeen);
}

/** Throws RangeError for a kind, symbol or parameter that validation of the desk file should have refused. */
export function buildSlots(config: EngineConfig): StrategySlot[] {
  return config.strategies.flatMap((listed) =>
    listed.symbols.map((symbol) => {
      const definition = listed.own ?? STRATEGIES.get(listed.kind);
      const instrument = instrumentOf(config, listed.name, symbol);
      if (definition === undefined)
        throw new RangeError(`${listed.name}: there is no strategy ${listed.kind}`);
      const { values, problems } = readParameters(definition, listed.parameters);
      if (problems.length > 0) throw new RangeError(`${listed.name}: ${problems.join('; ')}`);
      const watched = (listed.watches ?? [])
        .filter((one) => one !== symbol)
        .map((one) => instrumentOf(config, listed.name, one));
      const strategy = definition.create(values, instrument, watched);
      const streamOf = ({ id }: Instrument): BarStream | null => {
        const { calendar } = config.sessions?.[id] ?? { calendar: alwaysOpen() };
        return strategy.spansMs === undefined ? null : new BarStream(strategy.spansMs, calendar);
      };
      return {
        name: listed.name,
        instrument,
        strategy,
        stream: streamOf(instrument),
        watched: watched.map((one) => ({
          ...{ instrument: one, stream: streamOf(one), barsSeen: 0, lastBar: null },
        })),
        enabledByFile: listed.enabled,
        size: listed.size ?? null,
        barsSeen: 0,
        ownBarsSeen: 0,
        lastOpenMs: Number.NEGATIVE_INFINITY,
        timerMs: Number.NEGATIVE_INFINITY,
        allowance: betweenBars(),
        exitsRefused: '',
        entriesRefused: '',
      };
    }),
  );
}

function instrumentOf({ instruments }: EngineConfig, strategy: string, symbol: string): Instrument {
  const found = instruments.find((candidate) => candidate.symbol === symbol);
  if (found === undefined) throw new RangeError(`${strategy}: ${symbol} is no instrument of this desk`);
  return found;
}
