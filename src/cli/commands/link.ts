import type { Command } from 'commander';
import { messageOf } from '../../domain/message-of.js';
import { ANY_ROLE, BUILT_IN_OPERATOR } from '../../domain/roles.js';
import { namedOnCli } from '../../home/cli-session.js';
import type { Runtime } from '../../home/runtime.js';
import { createSignInLink } from '../../supervisor/sign-in-link.js';
import { signedInPerson } from '../desk-person.js';
import { requireRunning } from '../ended-desk.js';
import { CliFailure } from '../failure.js';
import { printJson, printLines } from '../output.js';

export function linkCommand(command: Command): void {
  command
    .option('--as <person>', 'who signs in with it: whoever is signed in here')
    .option('--json', 'for scripts')
    .action(async (options: { as?: string; json?: boolean }) => {
      const runtime = await requireRunning();
      const person = whose(runtime, options.as);
      const link = await newSignInLink(runtime, person);
      if (options.json === true) printJson({ link });
      else printLines([link, `(signs ${person} in once, within 15 minutes)`]);
    });
}

/** The built-in operator's, as on the screen after a start; another person's only where that person is signed in here. */
function whose(runtime: Runtime, named: string | undefined): string {
  const person = named ?? namedOnCli(runtime.home, Date.now()) ?? BUILT_IN_OPERATOR;
  return person === BUILT_IN_OPERATOR ? person : signedInPerson(runtime, ANY_ROLE, named);
}

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
