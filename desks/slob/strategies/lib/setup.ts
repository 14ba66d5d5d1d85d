/** A setup, from the European high that was taken to its end. */

export interface Candle {
  /** Milliseconds since 1970, UTC. */
  readonly openMs: number;
  /** Whole ticks, as all prices here. */
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** Bars between the first liquidity and the second. */
export interface Box {
  bars: number;
  high: number;
  low: number;
  /** The newest of its candles without an upper wick. */
  trigger: Candle | null;
}

export interface Levels {
  readonly entry: number;
  readonly stop: number;
  readonly target: number;
  /** The spike rule put the stop above the body. */
  readonly spike: boolean;
}

export interface Setup {
  /** Eight characters: the same for the same symbol and minute, also after a restart. */
  readonly id: string;
  state: SetupState;
  box: Box;
  /** The candle whose high is the highest of the second liquidity; null: not swept yet. */
  sweep: Candle | null;
  /** Since the first bar of the second liquidity. */
  barsSinceSweep: number;
  /** Since the bar at whose close the order left. */
  barsSinceOrder: number;
  levels: Levels | null;
  /** What ended it, in words. */
  ended: string;
}

export const TRANSITIONS = {
  FIRST_LIQUIDITY: { consolidated: 'CONSOLIDATION', expired: 'EXPIRED' },
  CONSOLIDATION: { swept: 'SECOND_LIQUIDITY', broken: 'INVALIDATED', expired: 'EXPIRED' },
  SECOND_LIQUIDITY: { ordered: 'ORDER_PLACED', broken: 'INVALIDATED', expired: 'EXPIRED' },
  ORDER_PLACED: { filled: 'POSITION_OPEN', closed: 'SETUP_COMPLETE', expired: 'EXPIRED' },
  POSITION_OPEN: { closed: 'SETUP_COMPLETE' },
  SETUP_COMPLETE: {},
  INVALIDATED: {},
  EXPIRED: {},
} as const satisfies Record<string, Readonly<Partial<Record<SetupEvent, string>>>>;

export type SetupState = keyof typeof TRANSITIONS;
export type SetupEvent = 'consolidated' | 'swept' | 'ordered' | 'filled' | 'closed' | 'broken' | 'expired';

/** Throws for an event that its state does not know: that is a mistake of the strategy, which is then switched off. */
export function nextState(state: SetupState, event: SetupEvent): SetupState {
  const next = (TRANSITIONS[state] as Partial<Record<SetupEvent, SetupState>>)[event];
  if (next === undefined) throw new TypeError(`a setup that is ${state} can't be ${event}`);
  return next;
}

export const isOver = (state: SetupState): boolean => Object.keys(TRANSITIONS[state]).length === 0;

export const newSetup = (symbol: string, openMs: number): Setup => ({
  id: setupId(`${symbol} ${openMs}`),
  state: 'FIRST_LIQUIDITY',
  box: { bars: 0, high: 0, low: 0, trigger: null },
  sweep: null,
  barsSinceSweep: 0,
  barsSinceOrder: 0,
  levels: null,
  ended: '',
});

/** FNV-1a of 32 bits. */
function setupId(of: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < of.length; at += 1) hash = Math.imul(hash ^ of.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
