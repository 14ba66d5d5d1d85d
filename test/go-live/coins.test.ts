/** Whose coins are that were in a live account before: said by an approver, with real money by a vote of one's own. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { type CoinOwner, coinsSubject } from '../../src/domain/cash-and-coins.js';
import { type Decision, signDecision } from '../../src/domain/decision.js';
import { chatCodeOf, signStatement } from '../../src/domain/signed-vote.js';
import type { StatementToSign } from '../../src/domain/vote-statement.js';
import { enrol, ownKeyOf } from '../support/own-keys.js';
import { CHAT_KEY, DECISION_KEY, type LiveDesk, liveDesk } from './support/live-desk.js';

const ends: (() => Promise<void>)[] = [];
let desk: LiveDesk;
let now: TraderStatus;
let asked = 0;

beforeAll(async () => {
  desk = await liveDesk({}, (end) => ends.unshift(end));
  const { balances } = desk.simulator.simulation.exchange.account('desk');
  balances.set('BTC', { free: 5_000_000n, locked: 0n });
  balances.set('ETH', { free: 300_000_000n, locked: 0n });
  await desk.start();
  now = await desk.until('coins found', ({ coins }) => coins.length === 2);
});
afterAll(async () => {
  for (const end of ends) await end();
});

interface Said {
  readonly symbol?: string;
  readonly owner?: CoinOwner;
  readonly cost?: string | null;
  readonly nobodys?: string;
}

/** What is decided on, as the command line and the page put it together. */
function subjectOf({ symbol = 'BTC/USDT', owner = 'desk', cost = '61250.00', nobodys }: Said): string {
  const found = now.coins.find((coins) => coins.symbol === symbol)?.nobodys ?? '';
  return coinsSubject({ symbol, owner, cost, nobodys: nobodys ?? found });
}

function decision(person: string, said: Said, own: Partial<StatementToSign> | null, key = person): Decision {
  const subject = subjectOf(said);
  const expiresWallMs = Date.now() + 60_000;
  const { configHash, incarnation: account } = now;
  const statement = {
    ...{ kind: 'coins', desk: 'crypto-live', account, configHash, subject, choice: 'approve' },
    ...{ sizePct: null, expiresWallMs, ...own },
  } as StatementToSign;
  asked += 1;
  return signDecision(DECISION_KEY, {
    decisionId: `coins-${asked}`,
    desk: 'crypto-live',
    person,
    via: 'web',
    choice: 'approve',
    subject,
    atWallMs: Date.now(),
    expiresWallMs,
    ...(own === null ? {} : { signature: signStatement(ownKeyOf(key), statement, person) }),
  });
}

const claim = (said: Said, ...decisions: Decision[]) => {
  const { symbol = 'BTC/USDT', owner = 'desk', cost = '61250.00' } = said;
  asked += 1;
  const command = { commandId: `claim-${asked}`, by: 'second', reason: 'test' };
  return desk.client.call(
    'claimCoins',
    { ...command, symbol, owner, cost, decisions },
    { timeoutMs: 30_000 },
  );
};

it('nobody says it without a decision, and the word of the web role is none', async () => {
  await expect(claim({})).rejects.toThrow(/is said by a person who approves/);
  await expect(claim({}, decision('second', {}, null))).rejects.toThrow(/not signed with the key/);
  await expect(claim({}, decision('reader', {}, {}))).rejects.toThrow(
    /does not name this person as approver/,
  );
  const foreign = { owner: 'foreign', cost: null } as const;
  await expect(claim(foreign, decision('second', foreign, null))).rejects.toThrow(/not signed with the key/);
});

it('none comes through Telegram', async () => {
  const { mac: _mac, ...fields } = { ...decision('second', {}, null), via: 'telegram' as const };
  const byBot = signDecision(DECISION_KEY, { ...fields, chatCode: chatCodeOf(CHAT_KEY, fields) });
  await expect(claim({}, byBot)).rejects.toThrow(/came through Telegram \(second\), and none may/);
});

it.each([
  ['another owner', { owner: 'foreign', cost: null }],
  ['another cost', { cost: '1.00' }],
  ['other coins', { symbol: 'ETH/USDT' }],
  ['fewer of them', { nobodys: '0.01000' }],
] as const)('a vote that was signed for %s counts for nothing', async (_of, other) => {
  await expect(claim({}, decision('second', other, {}))).rejects.toThrow(
    /it is about other coins than the 0.05000 of BTC\/USDT/,
  );
});

it.each([
  ['another person’s key', decisionBy('second', {}, 'operator'), /another key than the one enrolled/],
  ['another journal', decisionBy('second', { account: 'other' }), /another journal or account/],
  ['another configuration', decisionBy('second', { configHash: 'x' }), /another configuration/],
  ['another kind of decision', decisionBy('second', { kind: 'size' }), /its signature is wrong/],
  ['a time that is over', decisionBy('second', { expiresWallMs: 1 }), /its signature has expired/],
])('a signature for %s counts for nothing', async (_of, made, why) => {
  await expect(claim({}, made())).rejects.toThrow(why);
  expect((await desk.status()).coins).toEqual(now.coins);
});

function decisionBy(person: string, own: Partial<StatementToSign>, key?: string): () => Decision {
  return () => decision(person, {}, own, key);
}

it('an approver’s own vote makes them the desk’s, protected at the exchange; other ones stay in the account', async () => {
  enrol(desk.home, 'second');
  await expect(claim({}, decision('second', {}, {}))).resolves.toMatchObject({ ok: true });
  const foreign = { symbol: 'ETH/USDT', owner: 'foreign', cost: null } as const;
  await expect(claim(foreign, decision('second', foreign, {}))).resolves.toMatchObject({ ok: true });
  const after = await desk.until('protected', ({ positions }) =>
    positions.some(({ protection }) => protection === 'confirmed'),
  );
  expect(after.positions).toMatchObject([
    { symbol: 'BTC/USDT', quantity: '0.05000', averagePrice: '61250.00' },
  ]);
  expect(after.coins).toMatchObject([{ symbol: 'ETH/USDT', nobodys: '0.0000', foreign: '3.0000' }]);
});

it('a vote that was used makes nothing more the desk’s', async () => {
  await expect(claim({}, decision('second', {}, {}))).rejects.toThrow(/no coins of BTC\/USDT are nobody/);
});
