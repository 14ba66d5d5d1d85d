/** A vote about real money by passkey: what exactly it counts for, and what makes it count for nothing. */
import { describe, expect, it } from 'vitest';
import type { Decision } from '../../src/domain/decision.js';
import {
  type PersonKey,
  publicHalf,
  type RealMoneyRules,
  realMoneyObjection,
} from '../../src/domain/signed-vote.js';
import { namedPages } from '../../src/domain/vote-passkey.js';
import { readSignature, type StatementToSign, signatureText } from '../../src/domain/vote-statement.js';
import { ownKeyOf } from '../support/own-keys.js';
import { type Meddled, SoftwareAuthenticator, type UsedAt } from '../support/software-authenticator.js';
import { signByPasskey, votePasskeyOf } from '../support/vote-passkeys.js';

const HERE: UsedAt = { origin: 'http://localhost:8080', rpId: 'localhost' };
const ABROAD: UsedAt = { origin: 'https://desk.example', rpId: 'desk.example' };
const PAGES = namedPages(8080, 'https://desk.example');
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const STATEMENT: StatementToSign = {
  ...{ kind: 'go-live', desk: 'd', account: 'j1', configHash: 'c', subject: 's', choice: 'approve' },
  ...{ sizePct: null, expiresWallMs: 1_000 },
};

const device = new SoftwareAuthenticator();
const passwordKey = publicHalf(ownKeyOf('anna'), '', 0);

/** How a vote of anna with this signature stands, where these are her keys. */
function objection(
  signature: string,
  keys: readonly PersonKey[] = [passwordKey, votePasskeyOf(device, 'localhost')],
  more: Partial<RealMoneyRules> = {},
): string | null {
  const { desk, subject, choice } = STATEMENT;
  const times = { atWallMs: 0, expiresWallMs: 1_000 };
  const decision: Decision = {
    ...{ desk, subject, choice, ...times, decisionId: 'v', person: 'anna', via: 'web', mac: '', signature },
  };
  const { account, configHash } = STATEMENT;
  const rules = {
    kind: 'go-live',
    inForce: { account, configHash },
    chatVotesMax: 0,
    chatKey: () => '',
  } as const;
  return realMoneyObjection(decision, { ...rules, keysOf: () => keys, pages: () => PAGES, ...more }, 1);
}

const signed = (
  changed: Partial<StatementToSign> = {},
  meddled: Meddled = {},
  at: UsedAt = HERE,
  person = 'anna',
): string => signByPasskey(device, at, { ...STATEMENT, ...changed }, person, meddled);

it('counts on each page of the desk that has a name, beside a key made from a password', () => {
  expect(objection(signed())).toBeNull();
  expect(objection(signed({}, {}, ABROAD), [votePasskeyOf(device, 'desk.example')])).toBeNull();
  const windows = new SoftwareAuthenticator(-257);
  const byRsa = signByPasskey(windows, HERE, STATEMENT, 'anna');
  expect(objection(byRsa, [votePasskeyOf(windows, 'localhost')])).toBeNull();
});

describe('counts for nothing', () => {
  const another = 'its passkey did not sign this vote: it answers another challenge';
  it.each<[string, () => string, string]>([
    ['for another question', () => signed({ subject: 'other' }), another],
    ['for another kind of decision', () => signed({ kind: 'settings' }), another],
    ['for another desk', () => signed({ desk: 'other' }), another],
    ['for another size', () => signed({ sizePct: 50 }), another],
    ['as somebody else’s vote', () => signed({}, {}, HERE, 'bert'), another],
    ['for another journal', () => signed({ account: 'j2' }), 'another journal or account'],
    ['for another configuration', () => signed({ configHash: 'x' }), 'another configuration'],
    ['once it is over', () => signed({ expiresWallMs: 1 }), 'its signature has expired'],
    [
      'on another page of this machine',
      () => signed({}, {}, { ...HERE, origin: 'http://localhost:8081' }),
      'it was made on another page: http://localhost:8081',
    ],
    ['inside of another page', () => signed({}, { crossOrigin: true }), 'made inside of another page'],
    ['without asking who it is', () => signed({}, { flags: USER_PRESENT }), 'did not ask who it is'],
    ['without anybody there', () => signed({}, { flags: USER_VERIFIED }), 'nobody touched the authenticator'],
    ['as a new passkey', () => signed({}, { type: 'webauthn.create' }), 'it was made for webauthn.create'],
  ])('%s', (_, signature, why) => {
    expect(objection(signature())).toContain(why);
  });

  it('with another device’s key, whoever’s name it carries', () => {
    const foreign = new SoftwareAuthenticator();
    const theirs = signByPasskey(foreign, HERE, STATEMENT, 'anna');
    expect(objection(theirs)).toContain('another key than the one enrolled');
    const { keyId } = votePasskeyOf(device, 'localhost');
    const read = readSignature(theirs);
    expect(objection(signatureText({ ...read!, keyId }))).toContain('its signature is wrong');
  });

  it('on the desk’s page of another name than the passkey was enrolled for', () => {
    const { keyId } = votePasskeyOf(device, 'localhost');
    const abroad = signatureText({ ...readSignature(signed({}, {}, ABROAD))!, keyId });
    expect(objection(abroad)).toContain('it was made on another page: https://desk.example');
  });

  it('once the passkey is removed, or where the desk has no page of its name', () => {
    expect(objection(signed(), [passwordKey])).toContain('another key than the one enrolled now');
    expect(objection(signed(), [])).toBe('anna has enrolled no key: fermata person key anna');
    const numbersOnly = { pages: () => [] };
    expect(objection(signed(), [votePasskeyOf(device, 'localhost')], numbersOnly)).toBe(
      'its passkey belongs to localhost, where this desk has no page',
    );
  });

  it('where no answer of a passkey stands in its place', () => {
    const read = readSignature(signed())!;
    for (const value of ['', 'AA.AA', 'AA.AA.AA.AA', 'A A.AA.AA'])
      expect(objection(signatureText({ ...read, value }))).toBe('what its passkey answered can’t be read');
    expect(objection(signatureText({ ...read, value: 'AA.AA.AA' }))).toContain('can’t be read');
  });
});
