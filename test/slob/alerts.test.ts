/** What people of desks/slob are told on Telegram, in the words of its runbook. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { homePaths } from '../../src/home/runtime.js';
import { withAddresses } from '../../src/notify/notify.js';
import { noticeOf } from '../../src/telegram/reading/journal-notices.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { approved } from '../support/approved-order.js';
import { AtTheStrategy } from './support/at-the-strategy.js';
import { dayUntil } from './support/day.js';

const { desk } = loadDesk(resolveDesk('slob'));
const told = (record: EngineRecord, of = desk) =>
  noticeOf(of, { incarnation: 'abc', sequence: 1, wallMs: 0, chain: '', record });

const note = (text: string, strategy: string | null = 'slob'): EngineRecord => ({
  ...{ type: 'note', level: 'info', symbol: 'NQ/USD', marketMs: 0 },
  ...{ text, strategy },
});
const entry = approved({
  side: 'sell',
  type: 'limit',
  limitTicks: 15_234 * 4,
  quantityLots: 2,
  strategy: 'slob',
});
const halted = (cause: 'startup' | 'shutdown'): EngineRecord => ({
  type: 'halt',
  halt: {
    ...{ haltId: 'a'.repeat(32), mode: 'HALTED', scope: { kind: 'desk' }, cause, by: 'fermata' },
    ...{ reason: 'as it has to be', resume: 'auto', atWallMs: 0, atMarketMs: 0 },
  },
});

it('a setup is told when it is detected, with its id and its plan; the steps before it are not', () => {
  const { notes } = new AtTheStrategy().see(dayUntil('09:39'));
  const notices = notes.flatMap((text) => told(note(text)) ?? []);
  expect(notices).toMatchObject([
    {
      event: 'setup',
      title: expect.stringMatching(/^Setup Detected - [0-9a-f]{8}$/),
      text: 'SHORT NQ @ 15010.75, stop 15028.00, target 14976.25, reward to risk 2.00',
    },
  ]);
});

it('a setup’s alert leads to its page', () => {
  const home = mkdtempSync(join(tmpdir(), 'fermata-alerts-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const alert = told(note('Setup Detected - 1a2b3c4d: SHORT NQ @ 15011.00'))!;
  expect(withAddresses(alert, home)).toEqual(alert);
  mkdirSync(homePaths(home).run, { recursive: true });
  const web = { host: desk.api.host, port: desk.api.port };
  writeFileSync(join(homePaths(home).run, 'runtime.json'), JSON.stringify({ web }));
  expect(withAddresses(alert, home).text).toBe(
    'SHORT NQ @ 15011.00\n\nIts details: http://127.0.0.1:5000/#/setups/1a2b3c4d',
  );
});

it('an entry is told when it is placed, and an order when it is rejected', () => {
  expect(told({ type: 'order.intended', order: entry, marketMs: 0 })).toMatchObject({
    event: 'order',
    title: 'slob: Order Placed - sell 2 NQ/USD at 15\u202f234.00',
    text: 'By slob.',
  });
  const atMarket = { ...entry, type: 'market', timeInForce: 'IOC' } as const;
  expect(told({ type: 'order.intended', order: atMarket, marketMs: 0 })).toMatchObject({
    title: 'slob: Order Placed - sell 2 NQ/USD at the market, 15\u202f234.00 at worst',
  });
  const byStop = { ...entry, type: 'stop', stopTicks: entry.limitTicks! + 4 } as const;
  expect(told({ type: 'order.intended', order: byStop, marketMs: 0 })).toMatchObject({
    title: 'slob: Order Placed - sell 2 NQ/USD, triggers at 15\u202f235.00, 15\u202f234.00 at worst',
  });
  const protective = approved({ purpose: 'protective', type: 'stop', stopTicks: 1, quantityLots: 2 });
  expect(told({ type: 'order.intended', order: protective, marketMs: 0 })).toBeNull();
  const state = {
    type: 'order.state',
    clientId: 'f1',
    venueId: null,
    reason: '201 no margin',
    marketMs: 0,
  } as const;
  expect(told({ ...state, state: 'rejected' })).toMatchObject({
    ...{ event: 'order', severity: 'warning', title: 'slob: Order Rejected - f1', text: '201 no margin' },
  });
  expect(told({ ...state, state: 'working' })).toBeNull();
  const known = (reason: string) =>
    noticeOf(
      desk,
      {
        ...{ incarnation: 'abc', sequence: 1, wallMs: 0, chain: '' },
        record: { ...state, reason, state: 'rejected' },
      },
      ...([undefined, undefined, 'sell 2 NQ/USD (entry)'] as const),
    );
  expect(known('201 no margin')).toMatchObject({
    ...{ title: 'slob: Order Rejected - sell 2 NQ/USD (entry)', text: '201 no margin\nOrder f1.' },
  });
  expect(known('NOT_SENT: Not sent: 2 NQZ6 would take too much.')?.text).toMatch(/^It was not sent: /);
});

it('its start and its end are told', () => {
  const text = 'as it has to be';
  expect(told(halted('startup'))).toMatchObject({ event: 'system', title: 'slob: System started', text });
  expect(told(halted('shutdown'))).toMatchObject({ event: 'system', title: 'slob: System stopped', text });
});

it('a desk whose file does not ask for them is told none of it', () => {
  const other = cryptoDesk();
  const records = [note('Setup Detected - 1a2b3c4d: SHORT'), halted('startup')];
  expect(
    [...records, { type: 'order.intended', order: entry, marketMs: 0 } as const].map((one) =>
      told(one, other),
    ),
  ).toEqual([null, null, null]);
});
