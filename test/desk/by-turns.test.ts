/** Several strategies on one instrument: a trade each, or one at a time, and then it is said before the second is refused. */
import { expect, it } from 'vitest';
import type { Desk } from '../../src/desk/schema.js';
import { stopsShared, tradedByTurns } from '../../src/desk/strategy-rules.js';
import { capabilitiesOf, TRADED_VENUES } from '../../src/venue/registry.js';

const VENUES = TRADED_VENUES.map(({ name, live: { takes, mixesKinds, keepsPaper, account } }) => ({
  ...{ name, takes, mixesKinds, keepsPaper, account },
}));
const strategies = [
  { name: 'a', symbols: ['X/USD', 'Y/USD'] },
  { name: 'b', symbols: ['X/USD'] },
];

function said(mode: 'paper' | 'live', venue: object, kind: string, more: object = {}): readonly string[] {
  const instruments = ['X/USD', 'Y/USD'].map((symbol) => ({ symbol, kind, ...more }));
  const desk = { mode, venue, instruments, strategies } as unknown as Desk;
  return tradedByTurns(desk, capabilitiesOf(desk));
}

it.each([
  ['a coin, on paper', 'paper', { name: 'binance' }, 'spot', {}],
  ['a coin, at Binance', 'live', { name: 'binance' }, 'spot', {}],
  ['a share, on our own paper', 'paper', { name: 'ibkr' }, 'stock', {}],
  ['a future that has them side by side', 'live', { name: 'ibkr' }, 'future', { sideBySide: true }],
] as const)('each has its own in %s', (_what, mode, venue, kind, more) => {
  expect(said(mode, venue, kind, more)).toEqual([]);
});

it.each([
  ['a share at Interactive Brokers', 'live', { name: 'ibkr' }, 'stock', ''],
  ['the same on its paper account', 'paper', { name: 'ibkr', account: 'broker-paper' }, 'stock', ''],
  ['a future', 'live', { name: 'ibkr' }, 'future', ' unless the instrument says sideBySide'],
  ['a contract on paper', 'paper', { name: 'binance' }, 'linear', ' unless the instrument says sideBySide'],
] as const)('one trades %s at a time, and that is said', (_what, mode, venue, kind, more) => {
  expect(said(mode, venue, kind)).toEqual([
    `X/USD: one of a, b trades it at a time, because a position has one trade on this account${more}`,
  ]);
});

it.each([
  [4, 'binance', 'spot', []],
  [
    5,
    'binance',
    'spot',
    [
      expect.stringMatching(
        /^X\/USD: 5 strategies trade it, and binance takes 5 stop orders in it at a time: /,
      ),
    ],
  ],
  [7, 'binance', 'spot', [expect.stringMatching(/^X\/USD: 7 strategies trade it, and binance takes 5 /)]],
  [7, 'binance', 'linear', []],
  [7, 'kraken', 'spot', []],
  [7, 'ibkr', 'future', []],
])(
  '%i strategies on one instrument at %s (%s): it is said where its stops are as few',
  (count, name, kind, words) => {
    const [instruments, venue] = [[{ symbol: 'X/USD', kind }], { name }];
    const listed = Array.from({ length: count }, (_, at) => ({ name: `s${at}`, symbols: ['X/USD'] }));
    expect(stopsShared({ venue, instruments, strategies: listed } as unknown as Desk, VENUES)).toEqual(words);
  },
);
