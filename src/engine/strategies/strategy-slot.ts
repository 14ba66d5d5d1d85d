/**
 * One strategy on one instrument, as the desk file lists it; for one that trades several as one, one of its
 * legs.
 */
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import type { FinishedBar } from '../../domain/quote-columns.js';
import { alwaysOpen } from '../../domain/sessions/session-calendar.js';
import type { EngineConfig } from '../config.js';
import { BarStream } from './bar-stream.js';
import { STRATEGIES } from './registry.js';
import type { StrategySize } from './size-entry.js';
import { hasLegs, legsText, readParameters, type Strategy, type StrategyDefinition } from './strategy.js';

export interface StrategySlot {
  readonly name: string;
  readonly instrument: Instrument;
  readonly strategy: Strategy;
  /** As in the desk file; a recorded toggle overrides it. */
  readonly enabledByFile: boolean;
  /** Null: its entries are as large as the limits allow. */
  readonly size: StrategySize | null;
  /** Builds the bars of the spans that it asks for. Null: it is shown bars as they arrive. */
  readonly stream: BarStream | null;
  /**
   * Instruments other than its own: its other legs, in the order of `legs`, then those that it only watches.
   */
  readonly watched: readonly Watched[];
  /** Its other legs: each has the same strategy, which is shown everything through this one. */
  readonly legs: readonly StrategySlot[];
  /**
   * For such a leg: the slot of the strategy's own instrument, and this leg's place there. Null: this is that
   * slot.
   */
  readonly leg: { readonly lead: StrategySlot; readonly place: number } | null;
  /** Bars seen of the longest span, for whichever of its instruments has the fewest. */
  barsSeen: number;
  /** The same for the instrument that it trades. */
  ownBarsSeen: number;
  lastOpenMs: number;
  /** The newest finished bar of a strategy's own instrument, as it arrived. Null: none yet. */
  lastBar: FinishedBar | null;
  /** Market time of the newest timer that it was called for, or that passed before its first quote. */
  timerMs: number;
  /** What it may still ask for before its next bar. */
  allowance: Allowance;
  /** The newest refusal of a change of its exits, which is noted once. */
  exitsRefused: string;
  /** The same for a withdrawal or a change of its entries. */
  entriesRefused: string;
}

interface Watched {
  readonly instrument: Instrument;
  readonly stream: BarStream | null;
  barsSeen: number;
  lastBar: FinishedBar | null;
}

/** Bounds what a strategy may ask for between bars, so many quotes can't fill the journal. */
export interface Allowance {
  entries: number;
  notes: number;
  /** Changes of its exits. */
  changes: number;
}

export const betweenBars = (): Allowance => ({ entries: 1, notes: 20, changes: 5 });

/**
 * The bars that a strategy is shown for a bar of its instrument, in order. Each is counted before it is
 * shown.
 */
export function* shownOf(
  slot: StrategySlot,
  bar: FinishedBar,
): Generator<FinishedBar & { readonly late?: boolean }> {
  slot.lastOpenMs = bar.openMs;
  slot.lastBar = bar;
  const { stream } = slot;
  for (const shown of stream?.take(bar) ?? [bar]) {
    if (stream === null || shown.spanMs === stream.longestMs) slot.ownBarsSeen += 1;
    countFewest(slot);
    yield shown;
  }
}

/** The same for a bar of another instrument. */
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
  for (const leg of slot.legs) leg.barsSeen = slot.barsSeen;
}

/** Throws RangeError for a kind, symbol or parameter that validation of the desk file should have refused. */
export function buildSlots(config: EngineConfig): StrategySlot[] {
  return config.strategies.flatMap((listed) => {
    const definition = listed.own ?? STRATEGIES.get(listed.kind);
    if (definition === undefined) throw new RangeError(`${listed.name}: there is no strategy ${listed.kind}`);
    if (!hasLegs(definition, listed.symbols.length))
      throw new RangeError(`${listed.name}: ${listed.symbols.length} symbols, and ${legsText(definition)}`);
    const { symbols } = listed;
    if (definition.legs !== undefined) return legsOf(config, listed, definition);
    return symbols.map((symbol) => slotOf(config, listed, definition, { symbol, others: [] }));
  });
}

type Listed = EngineConfig['strategies'][number];

/** By instrument, in the order of all slots: with a hundred instruments, a bar concerns one slot of a hundred. */
export interface SlotsAt {
  /** That trade it. */
  readonly trading: readonly (readonly StrategySlot[])[];
  /** Whose strategies are shown its bars. The other legs of a strategy are shown everything through the first. */
  readonly shown: readonly (readonly StrategySlot[])[];
}

export function slotsAt(slots: readonly StrategySlot[], instruments: readonly Instrument[]): SlotsAt {
  return {
    trading: instruments.map(({ id }) => slots.filter(({ instrument }) => instrument.id === id)),
    shown: instruments.map(({ id }) => slots.filter((slot) => slot.leg === null && sees(slot, id))),
  };
}

/** Whether its strategy is shown the instrument, as its own, as a leg or to watch. All legs are alike. */
export function sees({ leg, instrument, watched }: StrategySlot, at: InstrumentId): boolean {
  if (leg !== null) return sees(leg.lead, at);
  return instrument.id === at || watched.some((one) => one.instrument.id === at);
}

/** In the order of their symbols; the first one is the strategy's own. */
function legsOf(config: EngineConfig, listed: Listed, definition: StrategyDefinition): StrategySlot[] {
  const [symbol = '', ...others] = listed.symbols;
  const legs: StrategySlot[] = [];
  const lead = { ...slotOf(config, listed, definition, { symbol, others }), legs };
  for (const [place, other] of others.entries()) {
    const instrument = instrumentOf(config, listed.name, other);
    legs.push({
      ...lead,
      instrument,
      watched: [],
      legs: [],
      leg: { lead, place },
      ...UNSEEN(),
      stream: null,
    });
  }
  return [lead, ...legs];
}

/** The initial state of a slot. */
const UNSEEN = () => ({
  ...{ barsSeen: 0, ownBarsSeen: 0, lastOpenMs: Number.NEGATIVE_INFINITY, lastBar: null },
  ...{ timerMs: Number.NEGATIVE_INFINITY, allowance: betweenBars(), exitsRefused: '', entriesRefused: '' },
});

/** `others`: symbols of its other legs. */
function slotOf(
  config: EngineConfig,
  listed: Listed,
  definition: StrategyDefinition,
  { symbol, others }: { readonly symbol: string; readonly others: readonly string[] },
): StrategySlot {
  const instrument = instrumentOf(config, listed.name, symbol);
  const { values, problems } = readParameters(definition, listed.parameters);
  if (problems.length > 0) throw new RangeError(`${listed.name}: ${problems.join('; ')}`);
  const legs = others.map((one) => instrumentOf(config, listed.name, one));
  const watched = (listed.watches ?? [])
    .filter((one) => one !== symbol && !others.includes(one))
    .map((one) => instrumentOf(config, listed.name, one));
  const strategy = definition.create(values, instrument, { legs, watched });
  const streamOf = ({ id }: Instrument): BarStream | null => {
    const { calendar } = config.sessions?.[id] ?? { calendar: alwaysOpen() };
    return strategy.spansMs === undefined ? null : new BarStream(strategy.spansMs, calendar);
  };
  return {
    name: listed.name,
    instrument,
    strategy,
    stream: streamOf(instrument),
    watched: [...legs, ...watched].map((one) => ({
      ...{ instrument: one, stream: streamOf(one), barsSeen: 0, lastBar: null },
    })),
    legs: [],
    leg: null,
    enabledByFile: listed.enabled,
    size: listed.size ?? null,
    ...UNSEEN(),
  };
}

function instrumentOf({ instruments }: EngineConfig, strategy: string, symbol: string): Instrument {
  const found = instruments.find((candidate) => candidate.symbol === symbol);
  if (found === undefined) throw new RangeError(`${strategy}: ${symbol} is no instrument of this desk`);
  return found;
}
