/** A strategy trades this desk's instruments, with the parameters that its kind declares. */
import type { InstrumentKind } from '../domain/instrument.js';
import { hasTradeOfEach, type OrderCapabilities } from '../domain/order-bounds.js';
import { isOwned } from '../domain/value.js';
import { STRATEGIES } from '../engine/strategies/registry.js';
import type { BrokenRule } from './broken-rule.js';
import { closestName } from './closest-name.js';
import type { DeskVenue } from './desk-venue.js';
import { parameterProblems, watchRules } from './own-strategies.js';
import { OWN_STRATEGY } from './own-strategy.js';
import type { Desk, DeskStrategy } from './schema.js';

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
