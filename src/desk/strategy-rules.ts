/**
 * What the rules ask of strategies: their kinds, sizes and parameters, and a start that is small enough at
 * its stops.
 */
import { counted } from '../domain/figure-text.js';
import type { InstrumentKind } from '../domain/instrument.js';
import { hasTradeOfEach, type OrderCapabilities } from '../domain/order-bounds.js';
import { isOwned } from '../domain/value.js';
import { STRATEGIES } from '../engine/strategies/registry.js';
import type { DeskVenue } from './desk-venue.js';
import { OWN_STRATEGY } from './own-code.js';
import { parameterProblems, watchRules } from './own-strategies.js';
import type { BrokenRule } from './problem.js';
import type { Desk, DeskStrategy } from './schema.js';
import { closestName } from './typed-names.js';

/** A strategy trades this desk's instruments, with the parameters that its kind declares. */
export function strategyRules(desk: Desk): BrokenRule[] {
  const known = desk.instruments.map((instrument) => instrument.symbol);
  return desk.strategies.flatMap((strategy, index) => [
    ...symbolRules(strategy, index, known, 'symbols'),
    ...symbolRules(strategy, index, known, 'watches'),
    ...watchRules(strategy, index, STRATEGIES.get(strategy.kind)),
    ...kindRules(strategy, index),
    ...artefactRules(strategy, index),
    ...parameterRules(strategy, index),
    ...sizeRules(strategy, index, desk.instruments),
  ]);
}

function symbolRules(
  strategy: DeskStrategy,
  index: number,
  known: readonly string[],
  list: 'symbols' | 'watches',
): BrokenRule[] {
  const symbols = strategy[list] ?? [];
  return symbols.flatMap((symbol, at) => {
    const path = ['strategies', index, list, at];
    if (!known.includes(symbol)) {
      return [
        {
          path,
          expected: `one of the desk’s instruments (${known.join(', ')})`,
          found: symbol,
          doThis: 'add it to instruments, or take it out here',
        },
      ];
    }
    return symbols.indexOf(symbol) === at
      ? []
      : [{ path, expected: 'each symbol only once', found: symbol, doThis: 'remove it' }];
  });
}

function kindRules({ kind }: DeskStrategy, index: number): BrokenRule[] {
  if (STRATEGIES.has(kind) || OWN_STRATEGY.test(kind)) return [];
  const kinds = [...STRATEGIES.keys()];
  const near = closestName(kind, kinds);
  return [
    {
      path: ['strategies', index, 'kind'],
      expected: `one of ${kinds.join(', ')}, or ./strategies/NAME.ts for a file beside the desk file`,
      found: `"${kind}"`,
      doThis: near === null ? 'write one of these' : `write ${near} instead of ${kind}`,
    },
  ];
}

/** Artefacts of the desk's own strategies are checked when their files are read. */
function artefactRules({ kind, artefacts }: DeskStrategy, index: number): BrokenRule[] {
  if (artefacts === undefined || OWN_STRATEGY.test(kind)) return [];
  return [
    {
      path: ['strategies', index, 'artefacts'],
      expected: 'artefacts only for a strategy of the desk’s own (kind: ./strategies/NAME.ts)',
      found: `them for ${kind}`,
      doThis: 'take artefacts out here',
    },
  ];
}

function sizeRules(
  { size, symbols }: DeskStrategy,
  index: number,
  instruments: Desk['instruments'],
): BrokenRule[] {
  if (size === undefined) return [];
  const given = (['riskPct', 'lots', 'equityPct', 'volatilityPct'] as const).filter(
    (key) => size[key] !== undefined,
  );
  if (given.length === 1) {
    const forCash = instruments.find((one) => isOwned(one) && symbols.includes(one.symbol));
    return forCash === undefined || (size.equityPct ?? 0) <= 100
      ? []
      : [
          {
            path: ['strategies', index, 'size', 'equityPct'],
            expected: `100 or less: ${forCash.symbol} is bought for cash`,
            found: String(size.equityPct),
            doThis: 'write 100 or less; more is for contracts on margin',
          },
        ];
  }
  return [
    {
      path: ['strategies', index, 'size'],
      expected: 'one of riskPct, lots, equityPct and volatilityPct',
      found: given.length === 0 ? 'none of them' : given.join(' and '),
      doThis: given.length === 0 ? 'say how large its entries are, or take size out' : 'keep one of them',
    },
  ];
}

/** Strategies from the desk's own files are checked when the files are read. */
function parameterRules(strategy: DeskStrategy, index: number): BrokenRule[] {
  const declared = STRATEGIES.get(strategy.kind)?.parameters;
  return declared === undefined ? [] : parameterProblems(strategy, index, declared);
}

/** Instruments that strategies trade one at a time, a sentence each: known before the second is refused. */
export function tradedByTurns(
  desk: Pick<Desk, 'instruments' | 'strategies'>,
  canIn: (kind: InstrumentKind) => OrderCapabilities | undefined,
): readonly string[] {
  return desk.instruments.flatMap(({ symbol, kind, sideBySide }) => {
    const names = desk.strategies.filter(({ symbols }) => symbols.includes(symbol)).map(({ name }) => name);
    const can = canIn(kind);
    const hasEach = can !== undefined && hasTradeOfEach(can, { kind });
    if (names.length < 2 || hasEach || sideBySide === true) return [];
    return [
      `${symbol}: one of ${names.join(', ')} trades it at a time, because a position has one trade on this account` +
        (isOwned({ kind }) ? '' : ' unless the instrument says sideBySide'),
    ];
  });
}

/** Instruments with as many strategies as the desk's venue takes stop orders, or more, a sentence each: paper has its bound too. */
export function stopsShared(
  desk: Pick<Desk, 'venue' | 'instruments' | 'strategies'>,
  venues: readonly Pick<DeskVenue, 'name' | 'takes'>[],
): readonly string[] {
  const takes = venues.find(({ name }) => name === desk.venue.name)?.takes;
  return desk.instruments.flatMap(({ symbol, kind }) => {
    const most = takes?.[kind]?.stopsMax ?? Number.POSITIVE_INFINITY;
    const traders = desk.strategies.filter(({ symbols }) => symbols.includes(symbol)).length;
    if (traders < most) return [];
    return [
      `${symbol}: ${traders} strategies trade it, and ${desk.venue.name} takes ${most} stop orders in it at a time: ` +
        `while trades and entries need them all, nothing more is entered, and a stop that moves is cancelled before it is sent anew`,
    ];
  });
}

/** The first live period is small, whatever the desk file would allow later. */
const START_POSITION_PCT_MAX = 3;
const START_POSITIONS_MAX = 3;
/**
 * The value of contracts on margin says little about the risk. Their loss at the farthest stop does, and this
 * bounds it, in percent of equity.
 */
const START_LOSS_PCT_MAX = 1;

export type JudgedDesk = Pick<Desk, 'goLive' | 'risk' | 'strategies' | 'instruments'>;

interface JudgedStart {
  readonly isSmall: boolean;
  readonly observed: string;
  readonly expected: string;
}

/** Whether `goLive.start` is as small as a go-live requires. */
export function judgedStart({ goLive, risk, strategies, instruments }: JudgedDesk): JudgedStart {
  const { maxPositionSizePct, maxConcurrentPositions } = goLive.start;
  const isOnMargin = !instruments.some(isOwned);
  const lossPct = Math.max(
    ...strategies.map(({ size }) => lossAtStopPct({ ...risk, maxPositionSizePct }, size, instruments)),
  );
  const [had, most] = isOnMargin
    ? [`${Number(lossPct.toFixed(2))} % lost at the stop of a position`, `${START_LOSS_PCT_MAX} %`]
    : [`${maxPositionSizePct} % a position`, `${START_POSITION_PCT_MAX} % a position`];
  const isSmall = isOnMargin ? lossPct <= START_LOSS_PCT_MAX : maxPositionSizePct <= START_POSITION_PCT_MAX;
  return {
    isSmall: isSmall && maxConcurrentPositions <= START_POSITIONS_MAX,
    observed: `${had}, ${counted(maxConcurrentPositions, 'position')}`,
    expected: `at most ${most}, ${START_POSITIONS_MAX} positions`,
  };
}

/** Told before people are asked: the start itself goes by it as well. */
export function largeStart(desk: Desk): readonly string[] {
  if (desk.mode !== 'live') return [];
  const { isSmall, observed, expected } = judgedStart(desk);
  return isSmall ? [] : [`goLive.start: ${observed}; a go-live requires ${expected}`];
}

/** Percent of equity that a strategy's largest entry loses at the farthest stop, without slippage and fees. */
export function lossAtStopPct(
  { maxPositionSizePct, stopLossPct }: Pick<Desk['risk'], 'maxPositionSizePct' | 'stopLossPct'>,
  size: DeskStrategy['size'],
  instruments: readonly Pick<Desk['instruments'][number], 'kind'>[],
): number {
  const { riskPct = Number.POSITIVE_INFINITY, equityPct = Number.POSITIVE_INFINITY } = size ?? {};
  const lossPct = (Math.min(equityPct, maxPositionSizePct) * stopLossPct) / 100;
  // At a price 5 % lower, the same sum is 5.26 % more coins: that is what a long inverse contract loses.
  const grows = instruments.some(({ kind }) => kind === 'inverse') ? 1 - stopLossPct / 100 : 1;
  return Math.min(riskPct, lossPct / grows);
}
