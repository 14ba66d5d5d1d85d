/** Passkeys of people in tests that are enrolled for votes. */
import { passkeyCode, type VotePasskey, voteChallenge } from '../../src/domain/vote-passkey.js';
import {
  assertionText,
  type StatementToSign,
  signatureText,
  statementText,
} from '../../src/domain/vote-statement.js';
import type { Meddled, SoftwareAuthenticator, UsedAt } from './software-authenticator.js';

export function votePasskeyOf(device: SoftwareAuthenticator, rpId: string): VotePasskey {
  const { id: credentialId, algorithm, publicKey } = device;
  const identity = { credentialId, rpId, algorithm, publicKey };
  return { kind: 'passkey', keyId: passkeyCode(identity), name: 'Phone', ...identity, enrolledMs: 0 };
}

/** As the page has it signed. `nonce`: of the vote; `meddled`: what differs from an honest use. */
export function signByPasskey(
  device: SoftwareAuthenticator,
  at: UsedAt,
  statement: StatementToSign,
  person: string,
  { nonce = '0'.repeat(32), ...meddled }: Meddled & { readonly nonce?: string } = {},
): string {
  const { account, configHash, expiresWallMs } = statement;
  const challenge = voteChallenge(statementText({ ...statement, person, nonce }));
  const value = assertionText(device.use(challenge, at, meddled));
  const { keyId } = votePasskeyOf(device, at.rpId);
  return signatureText({ keyId, account, configHash, expiresWallMs, nonce, value });
}
