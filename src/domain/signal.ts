/**
 * A signal: what somebody outside the desk (a channel, a program, a person) says to trade, under their own
 * id.
 */
import type { InstrumentId } from './instrument.js';

/** `close`: closes the position that the strategy holds; has no prices. */
export const SIGNAL_ACTIONS = ['buy', 'sell', 'close'] as const;
export type SignalAction = (typeof SIGNAL_ACTIONS)[number];

/**
 * The standing of a signal. `resting`: an entry on it is at the venue. `filled`: an entry was filled, at
 * least in part. `refused`: nothing was entered on it. `taken`: a strategy was shown it and has sent its
 * entry, or closed its position.
 */
export const SIGNAL_STANDINGS = ['taken', 'resting', 'filled', 'refused', 'withdrawn', 'expired'] as const;
export type SignalStanding = (typeof SIGNAL_STANDINGS)[number];

/** Longest time from the signal's original time to its expiry. */
export const SIGNAL_LIFE_MS_MAX = 7 * 86_400_000;
export const SIGNAL_TEXT_MAX = 280;

/** Identifies a signal: sent again with the same three members, it is the same signal. */
export interface SignalName {
  readonly source: string;
  readonly id: string;
  /** 1 for the first version; each edit raises it by at least one. */
  readonly revision: number;
}

/** A signal as people and programs write it. Times are text, and what may be left out has a default. */
export interface SignalBody {
  readonly source: string;
  readonly id: string;
  readonly revision?: number | undefined;
  readonly symbol: string;
  readonly action: SignalAction;
  readonly entry?: string | undefined;
  readonly stop?: string | undefined;
  readonly targets?: readonly string[] | undefined;
  readonly issuedAt?: string | undefined;
  readonly expiresAt?: string | undefined;
  readonly validSeconds?: number | undefined;
  readonly text?: string | undefined;
}

/** A signal as received. Prices are decimal text; times are market milliseconds since 1970. */
export interface SignalRequest extends SignalName {
  readonly symbol: string;
  readonly action: SignalAction;
  readonly entry: string | null;
  readonly stop: string | null;
  /** Nearest first. */
  readonly targets: readonly string[];
  /** Its original time. Null: when it arrives. */
  readonly issuedMs: number | null;
  /** One of these two is set: when it expires, or how long after its original time. */
  readonly expiresMs: number | null;
  readonly validMs: number | null;
  /** As its author wrote it. Empty: no text. */
  readonly text: string;
}

/** A signal as the engine holds it, in ticks of its instrument. */
export interface Signal extends SignalName {
  readonly instrument: InstrumentId;
  readonly action: SignalAction;
  /** Worst price of the entry. Null: at the market. */
  readonly entryTicks: number | null;
  readonly stopTicks: number | null;
  /** Nearest first. */
  readonly targetTicks: readonly number[];
  /** Market time. So is `expiresMs`, from which on the signal is no longer entered. */
  readonly issuedMs: number;
  readonly expiresMs: number;
  readonly text: string;
}

/** One key for all revisions of a signal. */
export const signalKey = ({ source, id }: Pick<SignalName, 'source' | 'id'>): string => `${source}/${id}`;

/** The first price on the wrong side of another, as `field: expected …`. Null: the prices fit. */
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

/** The first member that an edit would loosen, as `field: expected …`. Null: the edit only tightens. */
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

/** Whether both mean the same. Text and times are not compared: they may have been derived on arrival. */
export function saysTheSame(one: Signal, other: Signal): boolean {
  return (
    one.instrument === other.instrument &&
    one.action === other.action &&
    one.entryTicks === other.entryTicks &&
    one.stopTicks === other.stopTicks &&
    one.targetTicks.join() === other.targetTicks.join()
  );
}
