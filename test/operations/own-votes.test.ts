/** Before a vote about real money is counted, the activity looks whether it is the person's own. */
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createApprovalActivities } from '../../src/activities/operations/create-approval-activities.js';
import { chatVotesMax } from '../../src/desk/live-rules.js';
import { type Decision, signDecision } from '../../src/domain/decision.js';
import { chatCodeOf, publicHalf, realMoneyKindOf, signStatement } from '../../src/domain/signed-vote.js';
import { ownKeyOf } from '../support/own-keys.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { ScriptedTrader } from '../workflows/support/scripted-trader.js';
import { cryptoDesk } from './support/crypto-desk.js';

const KEY = 'ab'.repeat(32);
const CHAT_KEY = 'cd'.repeat(32);
const DESK = 'own-votes';
const { goLive } = cryptoDesk();
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/** `goLive` of the desk file: what it says beyond the shipped one. */
const removed = new Set<string>();
function activities(said: { readonly telegramVotes?: number } = {}) {
  return createApprovalActivities({
    pool: database.pool,
    decisionKey: () => KEY,
    nowMs: Date.now,
    tell: async () => undefined,
    trader: new ScriptedTrader('none').client,
    isEnded: ({ person }) => removed.has(person),
    realMoney: {
      keysOf: (person) => (person === 'carl' ? [] : [publicHalf(ownKeyOf(person), '', 0)]),
      pages: () => [],
      chatKey: () => CHAT_KEY,
      kindOf: (kind) => realMoneyKindOf('live', kind),
      chatVotesMax: (needed) => chatVotesMax({ goLive: { ...goLive, ...said } }, needed),
    },
  });
}

/** A question that this many people decide, and how they vote on it. */
async function asked(
  id: string,
  kind: string,
  needed: number,
  goLiveSaid: { readonly telegramVotes?: number } = {},
) {
  const expiresMs = Date.now() + 60_000;
  const said = { id, desk: DESK, kind, subject: 's', title: 't', parameters: {}, roles: ['approver'] };
  const { decisionSubject: subject } = await activities(goLiveSaid).requestApproval(
    { ...said, needed, requestedBy: 'anna', expiresMs, remindEveryMs: null, escalateAfterMs: null },
    { workflowId: id, runId: id },
  );
  const cast = (person: string, how: 'own' | 'web' | 'chat'): Promise<unknown> => {
    const via = how === 'chat' ? ('telegram' as const) : ('web' as const);
    const fields = {
      decisionId: `${id}:${person}`,
      desk: DESK,
      person,
      via,
      choice: 'approve',
      subject,
      atWallMs: Date.now(),
      expiresWallMs: expiresMs,
    } as const;
    const statement = { kind: 'go-live', desk: DESK, account: 'a', configHash: 'c', subject } as const;
    const signed = { ...statement, choice: 'approve', sizePct: null, expiresWallMs: expiresMs } as const;
    const more: Pick<Decision, 'signature' | 'chatCode'> =
      how === 'own'
        ? { signature: signStatement(ownKeyOf(person), signed, person) }
        : how === 'chat'
          ? { chatCode: chatCodeOf(CHAT_KEY, fields) }
          : {};
    const decision = signDecision(KEY, { ...fields, ...more });
    return activities(goLiveSaid).recordApprovalVote({ approvalId: id, decision, reason: 'r' });
  };
  return cast;
}

it('counts a signed vote and one through Telegram, and not a second one through Telegram', async () => {
  const cast = await asked('golive:1', 'go-live', 3);
  await expect(cast('anna', 'web')).rejects.toThrow(/not signed with the key of the person/);
  await expect(cast('carl', 'own')).rejects.toThrow(/carl has enrolled no key: fermata person key carl/);
  await cast('anna', 'own');
  await cast('bert', 'chat');
  await expect(cast('dora', 'chat')).rejects.toThrow(
    /2 votes came through Telegram \(bert, dora\), and at most 1 may/,
  );
  await cast('dora', 'own');
});

it('counts none through Telegram where one person decides alone', async () => {
  const cast = await asked('golive:2', 'go-live', 1);
  await expect(cast('anna', 'chat')).rejects.toThrow(/came through Telegram \(anna\), and none may/);
  await cast('anna', 'own');
});

it('counts as many through Telegram as the desk file allows, and no more', async () => {
  const two = await asked('golive:3', 'go-live', 3, { telegramVotes: 2 });
  await two('anna', 'chat');
  await two('bert', 'chat');
  await expect(two('dora', 'chat')).rejects.toThrow(/3 votes came through Telegram .*, and at most 2 may/);
  const alone = await asked('golive:4', 'go-live', 1, { telegramVotes: 1 });
  await alone('anna', 'chat');
  const none = await asked('golive:5', 'go-live', 2, { telegramVotes: 0 });
  await expect(none('anna', 'chat')).rejects.toThrow(/and none may/);
});

it('leaves everything else approvable on Telegram as it was', async () => {
  const cast = await asked('offer:1', 'incident', 1);
  await cast('anna', 'chat');
});

it('does not let a vote through Telegram stand in the way whose person was removed since', async () => {
  const cast = await asked('golive:6', 'go-live', 2);
  expect(await cast('anna', 'chat')).toEqual([]);
  removed.add('anna');
  onTestFinished(() => removed.clear());
  expect(await cast('ben', 'chat')).toEqual(['anna']);
});
