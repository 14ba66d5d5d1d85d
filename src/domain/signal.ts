/** A signal: what somebody outside the desk (a channel, a program, a person) says is to be traded, under a name of its own. */
import type { InstrumentId } from './instrument.js';

/** `close`: the position that the strategy holds; it brings no prices. */
export const SIGNAL_ACTIONS = ['buy', 'sell', 'close'] as const;
export type SignalAction = (typeof SIGNAL_ACTIONS)[number];

/**
 * How a signal stands. `resting`: an entry of it is at the venue. `filled`: one was filled, if only in part. `refused`: nothing
 * was entered on it. `taken`: a strategy was shown it and has entered, or closed, what there was.
 */
export const SIGNAL_STANDINGS = ['taken', 'resting', 'filled', 'refused', 'withdrawn', 'expired'] as const;
export type SignalStanding = (typeof SIGNAL_STANDINGS)[number];

/** From its original time to its expiry, at most. */
export const SIGNAL_LIFE_MS_MAX = 7 * 86_400_000;
export const SIGNAL_TEXT_MAX = 280;

/** What a signal is told from others by: sent again under the same three, it is the same one. */
export interface SignalName {
  readonly source: string;
  readonly id: string;
  /** 1 as it comes first; each edit counts one up at least. */
  readonly revision: number;
}

/** As it comes in: prices are decimal text, times those of the market in milliseconds since 1970. */
export interface SignalRequest extends SignalName {
  readonly symbol: string;
  readonly action: SignalAction;
  readonly entry: string | null;
  readonly stop: string | null;
  /** The nearest first. */
  readonly targets: readonly string[];
  /** Its original time; null: the moment at which it arrives. */
  readonly issuedMs: number | null;
  /** One of these two: when it expires, or how long after its original time. */
  readonly expiresMs: number | null;
  readonly validMs: number | null;
  /** As its author wrote it; empty: nothing. */
  readonly text: string;
}

/** As the engine keeps it, in ticks of its instrument. */
export interface Signal extends SignalName {
  readonly instrument: InstrumentId;
  readonly action: SignalAction;
  /** Worst price of the entry; null: at the market. */
  readonly entryTicks: number | null;
  readonly stopTicks: number | null;
  /** The nearest first. */
  readonly targetTicks: readonly number[];
  /** Market time, as `expiresMs`: from then on nothing is entered on it. */
  readonly issuedMs: number;
  readonly expiresMs: number;
  readonly text: string;
}

/** Of all revisions of one. */
export const signalKey = ({ source, id }: Pick<SignalName, 'source' | 'id'>): string => `${source}/${id}`;

/** The first price that lies on the wrong side of another, as `field: expected …`; null: they fit. */
export function wrongPrices({ action, entryTicks, stopTicks, targetTicks }: Signal): string | null {
  if (action === 'close') {
    const given = entryTicks !== null ? 'entry' : stopTicks !== null ? 'stop' : 'targets';
    const isBare = entryTicks === null && stopTicks === null && targetTicks.length === 0;
    return isBare ? null : `${given}: expected none where action is close`;
  }
  const beyond = (ticks: number, from: number): boolean => (action === 'buy' ? ticks > from : ticks < from);
  const [above, below] = action === 'buy' ? ['above', 'below'] : ['below', 'above'];
  if (entryTicks !== null && stopTicks !== null && !beyond(entryTicks, stopTicks))
    return `stop: expected a price ${below} the entry where action is ${action}`;
  let before = entryTicks ?? stopTicks;
  for (const [place, ticks] of targetTicks.entries()) {
    if (before !== null && !beyond(ticks, before))
      return `targets[${place}]: expected a price ${above} ${place > 0 ? 'the target before it' : entryTicks === null ? 'the stop' : 'the entry'} where action is ${action}`;
    before = ticks;
  }
  return null;
}

/** The first thing that an edit would loosen, as `field: expected …`; null: it only tightens. */
export function looserThan(before: Signal, edit: Signal): string | null {
  if (edit.instrument !== before.instrument) return 'symbol: expected the same as before';
  if (edit.action !== before.action) return `action: expected ${before.action}, as before`;
  if (edit.expiresMs > before.expiresMs) return 'expiresAt: expected no later expiry than before';
  const isAbove = (ticks: number, than: number): boolean =>
    before.action === 'buy' ? ticks > than : ticks < than;
  if (before.entryTicks !== null && (edit.entryTicks === null || isAbove(edit.entryTicks, before.entryTicks)))
    return 'entry: expected no worse price than before';
  if (before.stopTicks !== null && (edit.stopTicks === null || isAbove(before.stopTicks, edit.stopTicks)))
    return 'stop: expected no farther away than before';
  if (edit.targetTicks.length < before.targetTicks.length)
    return 'targets: expected as many as before at least';
  const farther = before.targetTicks.findIndex((ticks, place) =>
    isAbove(edit.targetTicks[place] as number, ticks),
  );
  return farther === -1 ? null : `targets[${farther}]: expected no farther away than before`;
}

/** Whether both say the same; text and times may have been worked out as they came. */
export function saysTheSame(one: Signal, other: Signal): boolean {
  return (
    one.instrument === other.instrument &&
    one.action === other.action &&
    one.entryTicks === other.entryTicks &&
    one.stopTicks === other.stopTicks &&
    one.targetTicks.join() === other.targetTicks.join()
  );
}
