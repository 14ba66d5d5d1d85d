/** Whatever reaches the trader's socket: real money needs votes of this installation about exactly this. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import type { Decision } from '../../src/domain/decision.js';
import type { GoLiveProposal } from '../../src/domain/go-live-terms.js';
import { eventually } from '../support/eventually.js';
import { type LiveDesk, liveDesk, vote } from './support/live-desk.js';

const ends: (() => Promise<void>)[] = [];
let desk: LiveDesk;
let asked = 0;

beforeAll(async () => {
  desk = await liveDesk(
    {
      edit: (text) =>
        text
          .replace('maxConcurrentPositions: 3', 'maxConcurrentPositions: 5')
          .replace('maxPositionSizePct: 3.0', 'maxPositionSizePct: 6.0'),
    },
    (end) => ends.push(end),
  );
  await desk.start();
  await desk.until('ready', ready);
});

afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

const ready = (now: TraderStatus): boolean =>
  now.reconciliation.state === 'clean' && now.marketData.state === 'up' && now.mode === 'HALTED';

function goLive(proposal: GoLiveProposal, decisions: readonly Decision[]) {
  asked += 1;
  return desk.client.call(
    'goLive',
    { commandId: `c${asked}`, by: 'operator', reason: 'a test', proposal, decisions },
    { timeoutMs: 30_000 },
  );
}

const both = (proposal: GoLiveProposal): readonly Decision[] => [
  vote(proposal, 'operator'),
  vote(proposal, 'second'),
];

type Attempt = (proposal: GoLiveProposal) => readonly [GoLiveProposal, readonly Decision[]];

const TABLE: readonly [string, Attempt, RegExp][] = [
  ['nobody has approved', (p) => [p, []], /2 different people must approve this, 0 did/],
  ['one person alone has approved', (p) => [p, [vote(p, 'operator')]], /2 different people.*1 did/],
  [
    'one person has voted twice',
    (p) => [p, [vote(p, 'second'), vote(p, 'second', { atMs: 1 })]],
    /2 different people.*1 did/,
  ],
  [
    'somebody voted whom the desk file does not name',
    (p) => [p, [vote(p, 'operator'), vote(p, 'mallory')]],
    /does not name this person/,
  ],
  [
    'somebody voted who may only read',
    (p) => [p, [vote(p, 'operator'), vote(p, 'reader')]],
    /does not name this person/,
  ],
  [
    'a vote was made without the key',
    (p) => [p, [vote(p, 'operator'), vote(p, 'second', { key: 'cd'.repeat(32) })]],
    /authentication code is wrong/,
  ],
  [
    'a vote was changed on the way',
    (p) => [p, [vote(p, 'operator'), { ...vote(p, 'reader'), person: 'second' }]],
    /authentication code is wrong/,
  ],
  [
    'one of them refused',
    (p) => [p, [vote(p, 'operator'), vote(p, 'second', { choice: 'reject' })]],
    /the choice was reject/,
  ],
  [
    'a vote to resume is taken for one to go live',
    (p) => [p, [vote(p, 'operator'), vote(p, 'second', { choice: 'resume' })]],
    /the choice was resume/,
  ],
  [
    'a vote has expired',
    (p) => [p, [vote(p, 'operator'), vote(p, 'second', { expiresMs: Date.now() - 1 })]],
    /has expired/,
  ],
  [
    'a vote comes from the future',
    (p) => [p, [vote(p, 'operator'), vote(p, 'second', { atMs: Date.now() + 600_000 })]],
    /in the future/,
  ],
  [
    'a vote is about another desk',
    (p) => [p, [vote(p, 'operator'), vote(p, 'second', { desk: 'crypto-bot' })]],
    /about the desk crypto-bot/,
  ],
  [
    'they approved a smaller size',
    (p) => [{ ...p, size: { ...p.size, maxConcurrentPositions: 4 } }, both(p)],
    /another configuration, journal, halt or size/,
  ],
  [
    'they approved another attempt',
    (p) => [{ ...p, attempt: 2 }, both(p)],
    /another configuration, journal, halt or size/,
  ],
  [
    'the desk was halted again since',
    (p) => [p, both({ ...p, haltId: '0'.repeat(32) })],
    /another configuration, journal, halt or size/,
  ],
  ['the halt is not the newest', (p) => signed({ ...p, haltId: '0'.repeat(32) }), /another halt/],
  [
    'the desk file was changed since',
    (p) => signed({ ...p, configHash: 'f'.repeat(64) }),
    /another configuration/,
  ],
  ['the journal was restored', (p) => signed({ ...p, incarnation: 'zzzzzz' }), /another journal/],
  [
    'the size is above the desk’s limits',
    (p) => signed({ ...p, size: { maxPositionSizePct: 50, maxConcurrentPositions: 3 } }),
    /above the limits of the desk file/,
  ],
  [
    'there are more positions than the desk’s limits allow',
    (p) => signed({ ...p, size: { maxPositionSizePct: 3, maxConcurrentPositions: 50 } }),
    /above the limits of the desk file/,
  ],
  ['a larger size is asked for before the first', (p) => signed({ ...p, step: 1, haltId: null }), /not live/],
];

function signed(proposal: GoLiveProposal): readonly [GoLiveProposal, readonly Decision[]] {
  return [proposal, both(proposal)];
}

it.each(TABLE)('does not trade real money where %s', async (_what, attempt, words) => {
  const [proposal, decisions] = attempt(await desk.proposal());
  await expect(goLive(proposal, decisions)).rejects.toThrow(words);
  expect(await desk.status()).toMatchObject({ mode: 'HALTED', goLive: { granted: null } });
});

it('waits until the exchange and the books are clean', async () => {
  desk.simulator.simulation.maintenance = true;
  desk.simulator.sockets.drop();
  await desk.until(
    'down',
    (now) => now.notTrading.some(({ reason }) => /the venue is down/.test(reason)),
    40_000,
  );
  await expect(goLive(...signed(await desk.proposal()))).rejects.toThrow(/venue|reconciled|price/);
  desk.simulator.simulation.maintenance = false;
  await desk.until('ready again', ready, 60_000);
});

const sizesOf = ({ risk }: TraderStatus) =>
  ['position-size', 'open-positions'].map((name) => risk.find(({ limit }) => limit === name)?.value);

it('trades in the size that two people approved, and larger only step by step', async () => {
  const proposal = await desk.proposal();
  // The account's own stream may still be connecting: until then the trader takes the venue for down.
  await eventually(() => goLive(...signed(proposal)));
  const live = await desk.status();
  expect(live).toMatchObject({ mode: 'ACTIVE', goLive: { granted: { approvedBy: ['operator', 'second'] } } });
  expect(sizesOf(live)).toEqual(['3 % of equity', '3']);
  const next = { ...proposal, haltId: null, size: { maxPositionSizePct: 6, maxConcurrentPositions: 5 } };
  await expect(goLive(...signed({ ...next, step: 2 }))).rejects.toThrow(
    /step 0 is in force, 2 was asked for/,
  );
  await goLive(...signed({ ...next, step: 1 }));
  expect(sizesOf(await desk.status())).toEqual(['6 % of equity', '5']);
});

it('is HALTED at once where anybody takes the permission back, and stays so without a new one', async () => {
  const why = { commandId: 'r', by: 'reader', reason: 'something is wrong' };
  await desk.client.call('revokeGoLive', why, { timeoutMs: 30_000 });
  const now = await desk.status();
  expect(now).toMatchObject({ mode: 'HALTED', goLive: { granted: null } });
  const { haltId, configHash } = now;
  const arm = desk.client.call(
    'arm',
    { ...why, commandId: 'a', haltId: haltId!, configHash, decisions: [] },
    { timeoutMs: 30_000 },
  );
  await expect(arm).rejects.toMatchObject({ code: 'go-live-required' });
});
