/** What the trader logs of its journal, and the fields that say what a line is about. */
import { expect, it } from 'vitest';
import type { EngineRecord } from '../../src/engine/record.js';
import type { Log } from '../../src/trader/log.js';
import { RecordLog } from '../../src/trader/status/record-log.js';
import { approved } from '../support/approved-order.js';

const NQ = { symbol: 'NQ/USD', tickSize: '0.25', lotSize: '1' } as never;
const AT = { marketMs: 0 } as const;

function opened() {
  const lines: { readonly level: string; readonly text: string; readonly more: object }[] = [];
  const log: Log = (level, text, more = {}) => lines.push({ level, text, more });
  return { lines, records: new RecordLog(log, [NQ]) };
}

const note = (
  text: string,
  level: 'info' | 'warn' = 'info',
  strategy: string | null = 'slob',
): EngineRecord => ({
  ...{ type: 'note', level, text, strategy, symbol: 'NQ/USD', ...AT },
});
const order = approved({
  purpose: 'entry',
  side: 'sell',
  type: 'limit',
  limitTicks: 60_044,
  quantityLots: 2,
});
const intended: EngineRecord = { type: 'order.intended', order, ...AT };
const rejected: EngineRecord = {
  ...{
    type: 'order.state',
    clientId: order.clientId,
    venueId: null,
    state: 'rejected',
    reason: 'no margin',
    ...AT,
  },
};
const halt = (cause: 'venue' | 'person'): EngineRecord => ({
  type: 'halt',
  halt: {
    ...{ haltId: 'a'.repeat(32), mode: 'HALTED', scope: { kind: 'desk' }, cause, by: 'fermata' },
    ...{ reason: 'no answer', resume: 'auto', atWallMs: 0, atMarketMs: 0 },
  },
});
const DETECTED = 'Setup Detected - 1a2b3c4d: SHORT NQ @ 15011.00';

it('says of each line what it is about, and which setup', () => {
  const { lines, records } = opened();
  for (const record of [
    note('Setup 1a2b3c4d: first liquidity'),
    note(DETECTED),
    intended,
    rejected,
    note('Setup 1a2b3c4d: EXPIRED, no position came of its order'),
    intended,
    halt('venue'),
    halt('person'),
    note("the venue's API breaker is closed again: it answers", 'info', null),
  ])
    records.write(record);
  expect(lines.map(({ more }) => more)).toEqual([
    { setup: '1a2b3c4d' },
    { kind: 'setup', setup: '1a2b3c4d' },
    { kind: 'order', setup: '1a2b3c4d' },
    { kind: 'order', setup: '1a2b3c4d' },
    { setup: '1a2b3c4d' },
    { kind: 'order' },
    { kind: 'venue' },
    {},
    { kind: 'venue' },
  ]);
  expect(lines.map(({ level }) => level)).toEqual('info info info warn info info warn warn info'.split(' '));
});

it('knows the setup of an order again after a restart, and logs nothing twice', () => {
  const { lines, records } = opened();
  records.follow(note(DETECTED));
  records.follow(intended);
  expect(lines).toEqual([]);
  records.write(rejected);
  expect(lines).toMatchObject([{ more: { kind: 'order', setup: '1a2b3c4d' } }]);
});

it('says that the venue is down and back, and that the desk trades again after its halt', () => {
  const { lines, records } = opened();
  const armed: EngineRecord = {
    ...{ type: 'armed', haltId: 'a'.repeat(32), by: 'fermata', reason: 'every check was clean', ...AT },
    authority: 'rule',
  };
  records.venueIs('up', 'connected');
  records.venueIs('down', 'no connection to IB Gateway');
  records.venueIs('down', 'no connection to IB Gateway');
  records.write(halt('venue'));
  records.venueIs('up', 'connected');
  for (const record of [armed, halt('person'), armed]) records.write(record);
  expect(lines.map(({ level, more }) => [level, more])).toEqual([
    ['warn', { kind: 'venue' }],
    ['warn', { kind: 'venue' }],
    ['info', { kind: 'venue' }],
    ['info', { kind: 'venue' }],
    ['warn', {}],
    ['info', {}],
  ]);
  expect([lines[0]?.text, lines[2]?.text]).toEqual([
    'the venue is down: no connection to IB Gateway',
    'the venue is back: connected',
  ]);
});

it('leaves out what strategies say of every bar, and takes nobody else’s words for a setup', () => {
  const { lines, records } = opened();
  records.write(note('fast average crossed above slow'));
  records.write(note(DETECTED, 'info', null));
  expect(lines).toEqual([]);
});
