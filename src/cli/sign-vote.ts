/**
 * A vote about real money on the command line: signed here with the person's own key, which never leaves this
 * process.
 */
import { deriveSigningKey, signStatement } from '../domain/signed-vote.js';
import { passwordKeyOf } from '../home/person-keys.js';
import type { Runtime } from '../home/runtime.js';
import type { Operations } from '../operations/operations.js';
import type { ToDecide } from '../operations/sign-as.js';
import { CliFailure } from './failure.js';
import { readPassword } from './read-password.js';

/** For commander. */
export const SIGNING_OPTION = [
  '--signing-password-file <file>',
  'with real money: its first line is the signing password; else it is asked for. A passkey signs on the page',
] as const;

/** Empty if the vote needs no signature; otherwise asks for the signing password. */
export async function signedVote(
  { home }: Pick<Runtime, 'home'>,
  operations: Pick<Operations, 'statementToSign'>,
  person: string,
  decided: ToDecide,
  file: string | undefined,
): Promise<{ readonly signature?: string }> {
  const statement = await operations.statementToSign(decided);
  if (statement === null) return {};
  const enrolled = passwordKeyOf(home, person);
  if (enrolled === null) {
    throw new CliFailure(
      `this is about real money, and ${person} has enrolled no key to sign with on the command line`,
      'nothing was decided',
      `fermata person key ${person}; or decide it on the page, where a passkey signs: fermata link`,
    );
  }
  const password = await readPassword({ prompt: `Signing password of ${person}: `, file });
  const key = await deriveSigningKey(password, enrolled.salt);
  if (key.publicKey !== enrolled.publicKey)
    throw new CliFailure(
      'the signing password is wrong',
      'nothing was decided',
      'try again; a lost one: fermata person key',
    );
  return { signature: signStatement(key, statement, person) };
}
