/** The strategies' decisions at one bar of one instrument: read from the journal, or made again. */
import { formatDecimal } from '../../domain/decimal.js';
import { isByPlan } from '../../domain/exits.js';
import type { Instrument } from '../../domain/instrument.js';
import type { EntryType, OrderIntent, Side } from '../../domain/order.js';
import { exitBecause, partBecause } from '../../engine/core.js';
import type { EngineRecord } from '../../engine/record.js';
import type { Asked } from '../../engine/strategies/hindsight.js';
import { isWaiting, type OrderedWish } from '../../engine/strategies/strategy.js';

interface ChosenEntry {
  readonly strategy: string;
  readonly side: Side;
  readonly type: EntryType;
  /** Null for a market order: its worst price depends on the quote. */
  readonly limitTicks: number | null;
  readonly stopTicks: number | null;
  readonly protectTicks: number | null;
  /** Null: not an order of the journal. */
  readonly clientId: string | null;
}

export interface Choice {
  readonly entries: readonly ChosenEntry[];
  /** Strategies that close their position, or a part of it. */
  readonly leaves: readonly string[];
}

export const isNothing = ({ entries, leaves }: Choice): boolean => entries.length + leaves.length === 0;

type EntryRecord = Extract<EngineRecord, { readonly type: 'order.intended' | 'order.denied' }>;

/** Excludes entries that waited in the core: quotes decide when those are sent. */
export const isEntry = (record: EngineRecord): record is EntryRecord =>
  (record.type === 'order.intended' || record.type === 'order.denied') &&
  record.order.purpose === 'entry' &&
  record.order.waited === undefined;

/** `hasExits`: the open trade has an exit plan. */
export function leavesBy(record: EngineRecord, hasExits: boolean): boolean {
  if (record.type !== 'note' || record.strategy === null) return false;
  const because = exitBecause(record.text) ?? partBecause(record.text);
  return because !== null && !(hasExits && isByPlan(because));
}

export function entryOf({ order }: EntryRecord): ChosenEntry {
  const { strategy, side, type, limitTicks, stopTicks, protectTicks = null, clientId }: OrderIntent = order;
  return {
    ...{ strategy, side, type: type as EntryType, stopTicks, protectTicks, clientId },
    limitTicks: type === 'market' ? null : limitTicks,
  };
}

export function choiceOf(strategy: string, { entries, exit }: Asked): Choice {
  return {
    entries: entries.flatMap((wish) => (isWaiting(wish) ? [] : [wishedEntry(strategy, wish)])),
    leaves: exit === null ? [] : [strategy],
  };
}

function wishedEntry(strategy: string, wish: OrderedWish): ChosenEntry {
  const { side, protectTicks } = wish;
  const wished = { strategy, side, protectTicks, clientId: null };
  if (wish.type === 'market') return { ...wished, type: 'market', limitTicks: null, stopTicks: null };
  if (wish.type !== 'stop') return { ...wished, type: 'limit', limitTicks: wish.limitTicks, stopTicks: null };
  const { stopTicks, slippageTicks } = wish;
  const limitTicks = side === 'buy' ? stopTicks + slippageTicks : Math.max(1, stopTicks - slippageTicks);
  return { ...wished, type: 'stop', limitTicks, stopTicks };
}

export const together = (choices: readonly Choice[]): Choice => ({
  entries: choices.flatMap(({ entries }) => entries),
  leaves: choices.flatMap(({ leaves }) => leaves),
});

/** What the strategies for which `which` holds decided. */
export const chosenBy = ({ entries, leaves }: Choice, which: (strategy: string) => boolean): Choice => ({
  entries: entries.filter(({ strategy }) => which(strategy)),
  leaves: leaves.filter(which),
});

/** Whether both enter and exit alike, at any prices. `named`: also by the same strategies. */
export function actAlike(one: Choice, other: Choice, named: boolean): boolean {
  const acts = ({ entries, leaves }: Choice): string =>
    JSON.stringify([
      entries.map(({ strategy, side, type }) => [named ? strategy : '', side, type]),
      leaves.map((strategy) => (named ? strategy : '')).sort(),
    ]);
  return acts(one) === acts(other);
}

/** Whether two choices that act alike also have the same prices. */
export const priceAlike = (one: Choice, other: Choice): boolean =>
  one.entries.every(({ limitTicks, stopTicks, protectTicks }, at) => {
    const same = other.entries[at];
    return (
      same?.limitTicks === limitTicks && same.stopTicks === stopTicks && same.protectTicks === protectTicks
    );
  });

/** `buys by limit at 100.00, its stop at 95.00 (ema-cross)`. */
export function inWords(choice: Choice, { tickSize }: Pick<Instrument, 'tickSize'>): string {
  if (isNothing(choice)) return 'nothing';
  const price = (ticks: number | null): string => (ticks === null ? '' : formatDecimal(ticks, tickSize));
  const entries = choice.entries.map(({ strategy, side, type, limitTicks, stopTicks, protectTicks }) => {
    const at = type === 'market' ? 'at the market' : `by ${type} at ${price(stopTicks ?? limitTicks)}`;
    const stop = protectTicks === null ? '' : `, its stop at ${price(protectTicks)}`;
    return `${side}s ${at}${stop} (${strategy})`;
  });
  return [...entries, ...choice.leaves.map((strategy) => `leaves its position (${strategy})`)].join('; ');
}
