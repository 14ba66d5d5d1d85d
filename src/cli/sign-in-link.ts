import { messageOf } from '../domain/message-of.js';
import type { Runtime } from '../home/runtime.js';
import { createSignInLink } from '../supervisor/sign-in-link.js';
import { CliFailure } from './failure.js';

/** Rejects with `CliFailure`. */
export async function newSignInLink(runtime: Runtime, person: string): Promise<string> {
  try {
    return await createSignInLink(runtime, person);
  } catch (error) {
    const why = messageOf(error);
    throw new CliFailure(
      `no link could be made: the database does not answer (${why})`,
      'sign-in by password works without it',
      'fermata up where the desk is not running; otherwise sign in with user and password',
    );
  }
}
