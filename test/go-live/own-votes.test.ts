/** Votes about real money are the people's own: what the process that they sign in to keeps is not enough to make one. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { type Decision, signDecision } from '../../src/domain/decision.js';
import type { GoLiveProposal } from '../../src/domain/go-live-terms.js';
import { sizeSubject } from '../../src/domain/settings-change.js';
import { chatCodeOf, signStatement } from '../../src/domain/signed-vote.js';
import { enrolPersonKey, removePersonKeys } from '../../src/home/person-keys.js';
import { enrol, ownKeyOf } from '../support/own-keys.js';
import { type Meddled, SoftwareAuthenticator, type UsedAt } from '../support/software-authenticator.js';
import { signByPasskey, votePasskeyOf } from '../support/vote-passkeys.js';
import {
  CHAT_KEY,
  DECISION_KEY,
  type LiveDesk,
  liveDesk,
  ownSignature,
  PAGE_PORT,
  vote,
} from './support/live-desk.js';

const ends: (() => Promise<void>)[] = [];
let desk: LiveDesk;
let now: TraderStatus;
let proposal: GoLiveProposal;
let asked = 0;

beforeAll(async () => {
  desk = await liveDesk({}, (end) => ends.unshift(end));
  await desk.start();
  now = await desk.until('reconciled', ({ reconciliation }) => reconciliation.state === 'clean');
  proposal = await desk.proposal();
});
afterAll(async () => {
  for (const end of ends) await end();
});

const why = () => ({ commandId: `own-${asked++}`, by: 'operator', reason: 'test' });
const goLive = (...decisions: Decision[]) =>
  desk.client.call('goLive', { ...why(), proposal, decisions }, { timeoutMs: 30_000 });

/** As the bot makes it, or as somebody who has another key would. */
function byChat(person: string, chatKey: string): Decision {
  const { mac: _mac, ...fields } = {
    ...vote(proposal, person, { signature: null }),
    via: 'telegram' as const,
  };
  return signDecision(DECISION_KEY, { ...fields, chatCode: chatCodeOf(chatKey, fields) });
}

it('the web role’s secrets alone can’t make a vote that the trader takes', async () => {
  const forged = (options: Parameters<typeof vote>[2]) => vote(proposal, 'second', options);
  const mine = vote(proposal, 'operator');
  const unsigned = /second does not count: .*not signed with the key of the person/;
  await expect(goLive(mine, forged({ signature: null }))).rejects.toThrow(unsigned);
  // It may call itself a chat: the bot's key is none of its secrets.
  await expect(goLive(mine, byChat('second', DECISION_KEY))).rejects.toThrow(/its code is not the bot’s/);
  await expect(goLive(mine, forged({ signature: 'no signature' }))).rejects.toThrow(/can’t be read/);
});

it.each([
  [
    'another person’s key',
    () => ownSignature(proposal, 'second', {}, 'operator'),
    /another key than the one enrolled/,
  ],
  [
    'what another person signed',
    () => ownSignature(proposal, 'operator'),
    /another key than the one enrolled/,
  ],
  [
    'another journal',
    () => ownSignature(proposal, 'second', { account: 'other' }),
    /another journal or account/,
  ],
  [
    'another configuration',
    () => ownSignature(proposal, 'second', { configHash: 'x' }),
    /another configuration/,
  ],
  [
    'another question',
    () => ownSignature(proposal, 'second', { subject: 'other' }),
    /its signature is wrong/,
  ],
  [
    'another kind of decision',
    () => ownSignature(proposal, 'second', { kind: 'settings' }),
    /its signature is wrong/,
  ],
  ['another desk', () => ownSignature(proposal, 'second', { desk: 'other' }), /its signature is wrong/],
  [
    'a time that is over',
    () => ownSignature(proposal, 'second', { expiresWallMs: 1 }),
    /its signature has expired/,
  ],
])('a signature for %s counts for nothing', async (_of, signature, why) => {
  await expect(
    goLive(vote(proposal, 'operator'), vote(proposal, 'second', { signature: signature() })),
  ).rejects.toThrow(why);
});

it('a person without a key of their own decides nothing, and the refusal says how to enrol one', async () => {
  removePersonKeys(desk.home, 'second');
  const both = [vote(proposal, 'operator'), vote(proposal, 'second')] as const;
  await expect(goLive(...both)).rejects.toThrow(/enrolled no key: fermata person key second/);
  enrol(desk.home, 'second');
});

it('of two votes at most one comes through Telegram', async () => {
  const chats = [byChat('operator', CHAT_KEY), byChat('second', CHAT_KEY)] as const;
  await expect(goLive(...chats)).rejects.toThrow(
    /2 votes came through Telegram \(operator, second\), and at most 1 may \(goLive.telegramVotes\)/,
  );
  expect((await desk.status()).mode).toBe('HALTED');
});

it('a larger size takes a vote of one’s own, and none through Telegram', async () => {
  const resize = (sizePct: number, decisions: Decision[]) =>
    desk.client.call('resize', { ...why(), sizePct, decisions }, { timeoutMs: 30_000 });
  await resize(50, []);
  const { configHash, incarnation: account } = now;
  const expiresWallMs = Date.now() + 60_000;
  const subject = sizeSubject(50, 100);
  const fields = {
    decisionId: 'larger',
    desk: 'crypto-live',
    person: 'second',
    via: 'web',
    choice: 'approve',
    subject,
    atWallMs: Date.now(),
    expiresWallMs,
  } as const;
  await expect(resize(100, [signDecision(DECISION_KEY, fields)])).rejects.toThrow(/not signed with the key/);
  const chat = { ...fields, via: 'telegram' as const };
  const byBot = signDecision(DECISION_KEY, { ...chat, chatCode: chatCodeOf(CHAT_KEY, chat) });
  await expect(resize(100, [byBot])).rejects.toThrow(/came through Telegram \(second\), and none may/);
  const statement = {
    kind: 'size',
    desk: 'crypto-live',
    account,
    configHash,
    subject,
    choice: 'approve',
  } as const;
  const signature = signStatement(
    ownKeyOf('second'),
    { ...statement, sizePct: null, expiresWallMs },
    'second',
  );
  await expect(resize(100, [signDecision(DECISION_KEY, { ...fields, signature })])).resolves.toMatchObject({
    ok: true,
  });
});

it('a passkey signs as the key from a password does: its own vote, once, and not after its removal', async () => {
  const resize = (sizePct: number, decisions: Decision[]) =>
    desk.client.call('resize', { ...why(), sizePct, decisions }, { timeoutMs: 30_000 });
  const device = new SoftwareAuthenticator();
  const here = { origin: `http://localhost:${PAGE_PORT}`, rpId: 'localhost' };
  enrolPersonKey(desk.home, 'second', votePasskeyOf(device, here.rpId));
  const { configHash, incarnation: account } = now;
  const signed = (meddled: Meddled & { readonly nonce?: string } = {}, at: UsedAt = here): Decision => {
    const said = { desk: 'crypto-live', subject: sizeSubject(50, 100), choice: 'approve' } as const;
    const expiresWallMs = Date.now() + 60_000;
    const statement = { ...said, kind: 'size', account, configHash, sizePct: null, expiresWallMs } as const;
    const signature = signByPasskey(device, at, statement, 'second', meddled);
    const by = { decisionId: 'by-passkey', person: 'second', via: 'web', atWallMs: Date.now() } as const;
    return signDecision(DECISION_KEY, { ...said, ...by, expiresWallMs, signature });
  };
  await resize(50, []);
  await expect(resize(100, [signed({}, { ...here, origin: 'http://localhost:1' })])).rejects.toThrow(
    /second does not count: its passkey did not sign this vote: it was made on another page/,
  );
  await expect(resize(100, [signed({ flags: 1 })])).rejects.toThrow(/did not ask who it is/);
  const vote = signed();
  await expect(resize(100, [vote])).resolves.toMatchObject({ ok: true });
  await resize(50, []);
  await expect(resize(100, [vote])).rejects.toThrow(/it was counted before, for another request/);
  // Its number is that of the vote which counted: a copy of the device signed it.
  const copied = signed({ nonce: 'another', counter: device.counter });
  await expect(resize(100, [copied])).rejects.toThrow(/counter \(3\) did not go on/);
  removePersonKeys(desk.home, 'second', ({ kind }) => kind === 'passkey');
  await expect(resize(100, [signed({ nonce: 'removed' })])).rejects.toThrow(
    /another key than the one enrolled/,
  );
  enrolPersonKey(desk.home, 'second', votePasskeyOf(device, here.rpId));
  await expect(resize(100, [signed({ nonce: 'again' })])).resolves.toMatchObject({ ok: true });
});

it('one through Telegram and one signed go live; a kill is then released by votes of one’s own', async () => {
  proposal = await desk.proposal();
  await expect(goLive(vote(proposal, 'operator'), byChat('second', CHAT_KEY))).resolves.toMatchObject({
    ok: true,
  });
  await desk.client.call('kill', why(), { timeoutMs: 30_000 });
  const {
    haltId,
    configHash,
    incarnation: account,
  } = await desk.until(
    'flat and clean',
    ({ closeAll, reconciliation }) => closeAll !== 'running' && reconciliation.state === 'clean',
  );
  const release = (own: boolean) =>
    ['operator', 'second'].map((person) => {
      const expiresWallMs = Date.now() + 60_000;
      const statement = {
        kind: 'resume',
        desk: 'crypto-live',
        account,
        configHash,
        subject: haltId!,
        choice: 'resume',
      } as const;
      return signDecision(DECISION_KEY, {
        decisionId: person,
        desk: 'crypto-live',
        person,
        via: 'web',
        choice: 'resume',
        subject: haltId!,
        atWallMs: Date.now(),
        expiresWallMs,
        ...(own
          ? {
              signature: signStatement(
                ownKeyOf(person),
                { ...statement, sizePct: null, expiresWallMs },
                person,
              ),
            }
          : {}),
      });
    });
  const arm = (own: boolean) =>
    desk.client.call(
      'arm',
      { ...why(), haltId: haltId!, configHash, decisions: release(own) },
      { timeoutMs: 30_000 },
    );
  await expect(arm(false)).rejects.toThrow(/not signed with the key of the person/);
  await expect(arm(true)).resolves.toMatchObject({ mode: 'ACTIVE' });
});
