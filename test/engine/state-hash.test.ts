/** What the state hash covers: a replay that differs in anything that a decision reads is noticed. */
import { expect, it } from 'vitest';
import { applyRecord } from '../../src/engine/apply-record.js';
import type { Difference } from '../../src/engine/record.js';
import { createState, type EngineState, type OrderEntry } from '../../src/engine/state.js';
import { stateHash } from '../../src/engine/state-hash.js';
import { DeskUnderTest } from './support/desk.js';
import { oneEntry } from './support/one-entry.js';

/** With an entry that rests. */
function someState(): EngineState {
  const desk = new DeskUnderTest({ strategies: [oneEntry()] }, 1).active();
  desk.bar(0, 10_000);
  const state = createState();
  for (const record of desk.records) applyRecord(state, record);
  return state;
}

const entryOf = ({ live }: EngineState): OrderEntry => live[0]![0]!;

function restingFor(changes: Partial<OrderEntry['intent']>): (state: EngineState) => void {
  return (state) => {
    const entry = entryOf(state);
    entry.intent = { ...entry.intent, ...changes };
  };
}

it.each<[string, (state: EngineState) => void]>([
  ['losses in a row', (state) => Object.assign(state, { lossesInARow: 1 })],
  ['since when cash differs', (state) => Object.assign(state, { cashDiffersSinceMs: 1 })],
  [
    'cash that people explained',
    (state) => Object.assign(state, { cashExplained: [{ units: 1n, marketMs: 1 }] }),
  ],
  ['trades that the venue has corrected', (state) => Object.assign(state, { corrections: ['t7'] })],
  [
    'fees that were booked as expected',
    ({ feesExpected }) =>
      feesExpected.set('fee of BTC/USDT t1', {
        ...{ symbol: 'BTC/USDT', fee: 1, corrected: 0n, over: false, marketMs: 1 },
      }),
  ],
  ['instruments of a restored journal', ({ putBack }) => putBack.add(0)],
  ['positions that may be closed', ({ mayBeClosed }) => mayBeClosed.add(0)],
  [
    'differences from the account',
    ({ lastDifferences }) =>
      void (lastDifferences as Difference[]).push({
        what: 'order',
        symbol: 'BTC/USDT',
        ours: '1',
        venues: '2',
        rule: 'flag',
      }),
  ],
  ['the purpose of an order', restingFor({ purpose: 'protective' })],
  ['the strategy of an order', restingFor({ strategy: 'another' })],
  ['the side of an order', restingFor({ side: 'sell' })],
  ['where its stop goes', restingFor({ protectTicks: 9_799 })],
  ['the exits that it brings', restingFor({ exits: { maxBars: 3 } })],
  ['the signal that it follows', restingFor({ signal: { source: 'a', id: 'b', revision: 1 } })],
  ['what an order replaces', (state) => Object.assign(entryOf(state), { replaces: 'fabc1231' })],
  ['when an order was sent', (state) => Object.assign(entryOf(state), { intendedMarketMs: 1 })],
])('%s', (_, change) => {
  const [one, other] = [someState(), someState()];
  expect(stateHash(one)).toBe(stateHash(other));
  change(other);
  expect(stateHash(one)).not.toBe(stateHash(other));
});

it('an order has the hash of its members in whatever order they stand', () => {
  const [one, other] = [someState(), someState()];
  const entry = entryOf(other);
  entry.intent = Object.fromEntries(
    Object.entries(entry.intent).reverse(),
  ) as unknown as OrderEntry['intent'];
  expect(stateHash(other)).toBe(stateHash(one));
});
