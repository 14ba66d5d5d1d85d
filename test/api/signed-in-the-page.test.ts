import { expect, it } from 'vitest';
import { signVote } from '../../dashboard/src/connection/sign-vote.js';
import type { Decision } from '../../src/domain/decision.js';
import { newPersonKey, realMoneyObjection } from '../../src/domain/signed-vote.js';

const PASSWORD = 'a signing password with ümlauts';
const account = 'j1';
const configHash = 'c'.repeat(64);

it('the page signs with the very key that was enrolled on the command line, and sends neither key nor password', async () => {
  const key = await newPersonKey(PASSWORD, 0);
  const said = { desk: 'd', subject: 's', choice: 'approve' } as const;
  const statement = {
    ...said,
    kind: 'go-live',
    account,
    configHash,
    sizePct: null,
    expiresWallMs: 9,
  } as const;
  const signature = await signVote({ statement, key, passkeys: [] }, 'anna', { password: PASSWORD });
  expect(signature).not.toContain(PASSWORD);
  const times = { atWallMs: 0, expiresWallMs: 9 };
  const decision: Decision = {
    ...said,
    ...times,
    decisionId: 'v',
    person: 'anna',
    via: 'web',
    signature,
    mac: '',
  };
  const rules = {
    kind: 'go-live',
    inForce: { account, configHash },
    keysOf: () => [key],
    pages: () => [],
    chatKey: () => '',
    chatVotesMax: 0,
  } as const;
  expect(realMoneyObjection(decision, rules, 1)).toBeNull();
  expect(realMoneyObjection({ ...decision, subject: 'other' }, rules, 1)).toBe('its signature is wrong');
  await expect(signVote({ statement, key, passkeys: [] }, 'anna', { password: 'wrong' })).rejects.toThrow(
    'The signing password is wrong',
  );
  await expect(
    signVote({ statement, key: null, passkeys: [] }, 'anna', { password: PASSWORD }),
  ).rejects.toMatchObject({
    doThis: 'On the command line: fermata person key anna',
  });
});
