/**
 * Cases of freqtrade (freqtrade/freqtrade, tests/optimize/test_backtest_detail.py) in our words: candles of an hour, what
 * is asked for, and what it publishes as the outcome. `number` is that of its test case.
 */

export interface Outcome {
  readonly why: 'stop' | 'target' | 'trailing' | 'strategy' | 'time';
  /** Candles in which the trade was opened and closed; the first is 0. */
  readonly opened: number;
  readonly closed: number;
}

export interface CandleCase {
  readonly number: number;
  readonly about: string;
  /** Open, high, low and close. */
  readonly candles: readonly (readonly [number, number, number, number])[];
  readonly side?: 'buy' | 'sell';
  /** After these candles it enters, at the market, or with a limit order at `limit`. */
  readonly enterAfter: readonly number[];
  readonly limit?: number;
  /** After this one it closes at the market. */
  readonly exitAfter?: number;
  readonly stopPct: number;
  readonly targetPct?: number;
  /** Points at which its percent follow the highest price that it reaches. */
  readonly trail?: number;
  readonly minutes?: number;
  readonly leverage?: number;
  readonly trades: readonly Outcome[];
  /** Sum of the trades' results, in parts of what they cost. */
  readonly profit: number;
}

const stop = (opened: number, closed: number): Outcome => ({ why: 'stop', opened, closed });
const target = (opened: number, closed: number): Outcome => ({ why: 'target', opened, closed });
const trailing = (opened: number, closed: number): Outcome => ({ why: 'trailing', opened, closed });
const left = (opened: number, closed: number): Outcome => ({ why: 'strategy', opened, closed });
const time = (opened: number, closed: number): Outcome => ({ why: 'time', opened, closed });

const QUIET = [5000, 5025, 4975, 4987] as const;
const WIDE = [5000, 5050, 4950, 5000] as const;
const DOWN = [4950, 4975, 4925, 4950] as const;
const SOFT = [4962, 4987, 4937, 4950] as const;
const FIRM = [4962, 4987, 4950, 4950] as const;
const SLIPS = [4975, 5000, 4950, 4962] as const;
const SINKS = [4750, 4950, 4350, 4750] as const;
const FALLS = [4850, 5050, 4650, 4750] as const;
const STILL = [4987, 5012, 4986, 4986] as const;
const ENDS = [4995, 4995, 4950, 4950] as const;
const LOW = [5100, 5100, 4650, 4750] as const;
const SWINGS = [4900, 5250, 4500, 5100] as const;
const LEAPS = [5000, 5500, 4951, 5000] as const;

/** Where we come to what is published. */
export const SAME: readonly CandleCase[] = [
  {
    ...{ number: 0, about: 'a close that the strategy asks for is made at the next open', enterAfter: [0] },
    candles: [QUIET, QUIET, STILL, [5010, 5010, 4980, 5010], [5010, 5011, 4977, 4995], ENDS],
    ...{ exitAfter: 3, stopPct: 1, trades: [left(1, 4)], profit: 0.002 },
  },
  {
    ...{ number: 1, about: 'a stop is filled at its price, far above the low', enterAfter: [0] },
    candles: [
      QUIET,
      QUIET,
      [4987, 5012, 4600, 4600],
      [4975, 5000, 4975, 4977],
      [4977, 4995, 4977, 4995],
      ENDS,
    ],
    ...{ stopPct: 1, trades: [stop(1, 2)], profit: -0.01 },
  },
  {
    ...{ number: 2, about: 'a stop that one candle does not reach is reached by the next', enterAfter: [0] },
    candles: [QUIET, QUIET, [4987, 5012, 4962, 4975], [4975, 5000, 4800, 4962], SOFT, DOWN],
    ...{ stopPct: 3, trades: [stop(1, 3)], profit: -0.03 },
  },
  {
    ...{ number: 3, about: 'two trades, each with its own stop', enterAfter: [0, 3] },
    candles: [
      ...[QUIET, QUIET, [4987, 5012, 4800, 4975], SLIPS, SLIPS, [4962, 4987, 4000, 4000]],
      [4950, 4975, 4950, 4950],
    ] as CandleCase['candles'],
    ...{ stopPct: 2, trades: [stop(1, 2), stop(4, 5)], profit: -0.04 },
  },
  {
    ...{ number: 4, about: 'stop and target in one candle: the stop, whose side is nearer', enterAfter: [0] },
    candles: [QUIET, QUIET, [4987, 5750, 4850, 5750], SLIPS, SOFT, DOWN],
    ...{ stopPct: 2, targetPct: 6, trades: [stop(1, 2)], profit: -0.02 },
  },
  {
    ...{ number: 5, about: 'a target is filled at its price, far below the high', enterAfter: [0] },
    candles: [
      ...[
        [5000, 5025, 4980, 4987],
        [5000, 5025, 4980, 4987],
        [4987, 5025, 4975, 4987],
      ],
      ...[[4975, 6000, 4975, 6000], [4962, 4987, 4962, 4972], DOWN],
    ] as CandleCase['candles'],
    ...{ stopPct: 1, targetPct: 3, trades: [target(1, 3)], profit: 0.03 },
  },
  {
    ...{ number: 6, about: 'stop and target in one candle that closes higher: the stop', enterAfter: [0] },
    candles: [QUIET, QUIET, [4987, 5300, 4850, 5050], SLIPS, FIRM, DOWN],
    ...{ stopPct: 2, targetPct: 5, trades: [stop(1, 2)], profit: -0.02 },
  },
  {
    ...{ number: 7, about: 'a target in a candle whose low is above the stop', enterAfter: [0] },
    candles: [QUIET, QUIET, [4987, 5300, 4950, 5050], SLIPS, FIRM, DOWN],
    ...{ stopPct: 2, targetPct: 3, trades: [target(1, 2)], profit: 0.03 },
  },
  {
    ...{ number: 10, about: 'a stop that would trail only from a profit never made stays', enterAfter: [0] },
    candles: [WIDE, [5000, 5100, 4950, 5100], [5100, 5251, 5100, 5100], FALLS, SINKS],
    ...{ stopPct: 10, trades: [stop(1, 4)], profit: -0.1 },
  },
  {
    ...{ number: 13, about: 'a target in the candle of the entry', enterAfter: [0] },
    candles: [
      ...[WIDE, [5000, 5100, 4950, 5100], [5100, 5251, 4850, 5100], [4850, 5050, 4750, 4750]],
      [4750, 4950, 4750, 4750],
    ] as CandleCase['candles'],
    ...{ stopPct: 10, targetPct: 1, trades: [target(1, 1)], profit: 0.01 },
  },
  {
    ...{ number: 14, about: 'a stop in the candle of the entry', enterAfter: [0] },
    candles: [WIDE, [5000, 5100, 4600, 5100], [5100, 5251, 4850, 5100], [4850, 5050, 4750, 4750], SINKS],
    ...{ stopPct: 5, targetPct: 10, trades: [stop(1, 1)], profit: -0.05 },
  },
  {
    ...{
      number: 17,
      about: 'a trade that is closed after two hours, at the open of the third',
      enterAfter: [0],
    },
    candles: [QUIET, QUIET, [4987, 5300, 4950, 5050], [4980, 5000, 4940, 4962], FIRM, DOWN],
    ...{ stopPct: 10, targetPct: 10, minutes: 120, trades: [time(1, 3)], profit: -0.004 },
  },
  {
    ...{
      number: 25,
      about: 'a stop before the close that was asked for in the same candle',
      enterAfter: [0],
    },
    candles: [QUIET, QUIET, STILL, [5010, 5010, 4855, 5010], [5010, 5010, 4977, 4995], ENDS],
    ...{ exitAfter: 3, stopPct: 1, trades: [stop(1, 3)], profit: -0.01 },
  },
  {
    ...{ number: 26, about: 'a close at the open, before the stop in that candle', enterAfter: [0] },
    candles: [QUIET, QUIET, STILL, [5010, 5010, 4986, 5010], [5010, 5010, 4855, 4995], ENDS],
    ...{ exitAfter: 3, stopPct: 1, trades: [left(1, 4)], profit: 0.002 },
  },
  {
    ...{ number: 27, about: 'the same with five times the money', enterAfter: [0], leverage: 5 },
    candles: [QUIET, QUIET, STILL, [5010, 5010, 4986, 5010], [5010, 5010, 4855, 4995], ENDS],
    ...{ exitAfter: 3, stopPct: 1, trades: [left(1, 4)], profit: 0.01 },
  },
  {
    ...{ number: 28, about: 'the same as a short sale', enterAfter: [0], leverage: 5, side: 'sell' },
    candles: [QUIET, QUIET, STILL, [5010, 5010, 4986, 5010], [4990, 5010, 4855, 4995], ENDS],
    ...{ exitAfter: 3, stopPct: 1, trades: [left(1, 4)], profit: 0.01 },
  },
  {
    ...{
      number: 29,
      about: 'a target before the close that was asked for in the same candle',
      enterAfter: [0],
    },
    candles: [QUIET, QUIET, STILL, [5010, 5251, 4986, 5010], [5010, 5010, 4855, 4995], ENDS],
    ...{ exitAfter: 3, stopPct: 10, targetPct: 5, trades: [target(1, 3)], profit: 0.05 },
  },
  {
    ...{ number: 30, about: 'a close at the open, before the target in that candle', enterAfter: [0] },
    candles: [QUIET, QUIET, STILL, [5010, 5012, 4986, 5010], [5010, 5251, 4855, 4995], ENDS],
    ...{ exitAfter: 3, stopPct: 10, targetPct: 5, trades: [left(1, 4)], profit: 0.002 },
  },
  {
    ...{ number: 34, about: 'a stop that trails in the candle of the entry', enterAfter: [0] },
    candles: [WIDE, [5000, 5500, 4900, 4900], SWINGS, LOW, SINKS],
    ...{ stopPct: 10, targetPct: 10, trail: 50, trades: [trailing(1, 1)], profit: -0.01 },
  },
  {
    ...{ number: 39, about: 'a limit below all prices is never filled', enterAfter: [0], limit: 4200 },
    candles: [WIDE, LEAPS, SWINGS, LOW, SINKS],
    ...{ stopPct: 1, targetPct: 10, trades: [], profit: 0 },
  },
  {
    ...{ number: 43, about: 'a limit near the low, and its target before that candle ends', limit: 4952 },
    candles: [WIDE, [5400, 5500, 4951, 5100], SWINGS, LOW, SINKS],
    ...{ enterAfter: [0], stopPct: 10, targetPct: 1, trades: [target(1, 1)], profit: 0.01 },
  },
];

export interface OtherCase extends CandleCase {
  readonly why: string;
  readonly ours: Pick<CandleCase, 'trades' | 'profit'>;
  /** Ours with `--path low-first`. Left out: the path makes no difference. */
  readonly lowFirst?: Pick<CandleCase, 'trades' | 'profit'>;
}

/** Where we come to something else on purpose. */
export const OTHER: readonly OtherCase[] = [
  {
    ...{ number: 8, about: 'a stop that trails by 10 % of the highest price', enterAfter: [0], trail: 525 },
    candles: [WIDE, WIDE, [5000, 5250, 4750, 4850], FALLS, SINKS],
    ...{ stopPct: 10, targetPct: 10, trades: [trailing(1, 3)], profit: -0.055 },
    why: 'a trailing stop is moved by a tenth of its distance or more, which spares a venue an order for each tick',
    ours: { trades: [trailing(1, 3)], profit: -0.0576 },
  },
  {
    ...{
      number: 9,
      about: 'a stop that trails up and is reached in one candle',
      enterAfter: [0],
      trail: 520,
    },
    candles: [WIDE, WIDE, WIDE, [5000, 5200, 4550, 4850], SINKS],
    ...{ stopPct: 10, targetPct: 10, trades: [trailing(1, 3)], profit: -0.064 },
    why: 'as before',
    ours: { trades: [trailing(1, 3)], profit: -0.0692 },
  },
  {
    ...{
      number: 33,
      about: 'a stop that trails by 3 % over the gap of an open',
      enterAfter: [0],
      trail: 151,
    },
    candles: [WIDE, [5000, 5050, 5000, 5000], SWINGS, LOW, SINKS],
    ...{ stopPct: 10, targetPct: 10, trades: [trailing(1, 2)], profit: -0.02 },
    why: 'its rule is the low first; ours is the extreme nearer to the open, here the high, which the stop follows',
    ours: { trades: [trailing(1, 2)], profit: 0.0192 },
    lowFirst: { trades: [trailing(1, 2)], profit: -0.0212 },
  },
  {
    ...{ number: 15, about: 'stop and target in the candle of the second entry', enterAfter: [0, 1] },
    candles: [WIDE, [5000, 5100, 4900, 5100], [5100, 5251, 4650, 5100], [4850, 5050, 4750, 4750], SINKS],
    ...{ stopPct: 5, targetPct: 1, trades: [target(1, 1), stop(2, 2)], profit: -0.04 },
    why: 'its rule is the stop, wherever both lie in one candle; ours is the extreme nearer to the open, here the high',
    ours: { trades: [target(1, 1), target(2, 2)], profit: 0.02 },
    lowFirst: { trades: [target(1, 1), stop(2, 2)], profit: -0.04 },
  },
  {
    ...{ number: 16, about: 'a trade that is closed after 65 minutes', enterAfter: [0], minutes: 65 },
    candles: [QUIET, QUIET, [4987, 5300, 4950, 5050], [4975, 5000, 4940, 4962], FIRM, DOWN],
    ...{ stopPct: 10, targetPct: 10, trades: [time(1, 3)], profit: -0.012 },
    why: 'it looks once a candle and takes the low of the candle after; we close at that minute, at its price',
    ours: { trades: [time(1, 2)], profit: -0.005 },
  },
  {
    ...{ number: 40, about: 'a limit to buy above all prices', enterAfter: [0], limit: 7200 },
    candles: [WIDE, LEAPS, SWINGS, LOW, SINKS],
    ...{ stopPct: 1, trades: [stop(1, 1)], profit: -0.01 },
    why: 'it takes the high of the candle; as at an exchange, we get what is there, the open, and never worse',
    ours: { trades: [stop(1, 2)], profit: -0.02 },
  },
  {
    ...{ number: 41, about: 'a limit to sell below all prices', enterAfter: [0], limit: 4000, side: 'sell' },
    candles: [WIDE, LEAPS, SWINGS, LOW, SINKS],
    ...{ stopPct: 1, trades: [stop(1, 1)], profit: -0.01 },
    why: 'it takes the low of the candle, we the open; the stop is reached in both',
    ours: { trades: [stop(1, 1)], profit: -0.01 },
  },
  {
    ...{ number: 42, about: 'a limit near the low, and its target in the same candle', limit: 4952 },
    candles: [WIDE, [5000, 5500, 4951, 4999], SWINGS, LOW, SINKS],
    ...{ enterAfter: [0], stopPct: 10, targetPct: 1, trades: [target(1, 2)], profit: 0.01 },
    why: 'it waits a candle, since it does not know which came first; we say that the low did',
    ours: { trades: [target(1, 1)], profit: 0.01 },
  },
];
