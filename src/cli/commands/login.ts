/** Signing in and out on the command line: `fermata login NAME`, `fermata logout`. Needs no running desk. */
import type { Command } from 'commander';
import { HOUR_MS } from '../../domain/civil-date.js';
import { rolesOf } from '../../domain/roles.js';
import {
  beginCliSession,
  endCliSession,
  namedOnCli,
  SESSION_LASTS_MS,
  SESSION_REST_MS,
} from '../../home/cli-session.js';
import { verifyPassword } from '../../home/people-passwords.js';
import { signInPasswordHash, standingOf } from '../../home/sign-in-standing.js';
import { loadDesk } from '../../venue/load-desk.js';
import { CliFailure } from '../failure.js';
import { printJson, printLines } from '../output.js';
import { readPassword } from '../read-password.js';
import { fermataHome, requireRuntime } from '../running-desk.js';

/** Nobody's hash: checking an unknown name takes as long as checking a wrong password. */
const NO_HASH = 'scrypt$32768$8$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

interface LoginOptions {
  readonly passwordFile?: string;
  readonly json?: boolean;
}

export function loginCommand(command: Command): void {
  command
    .argument('<name>', 'person of the desk file')
    .option(
      '--password-file <file>',
      'its first line is the password; else it is asked for, or read from a pipe',
    )
    .option('--json', 'for scripts')
    .action(async (name: string, { passwordFile, json }: LoginOptions) => {
      const { home, deskFile } = requireRuntime();
      const roles = rolesOf(loadDesk(deskFile).desk.people, name);
      const password = await readPassword({ prompt: `Password of ${name}: `, file: passwordFile });
      const known = signInPasswordHash(home, name);
      const right = await verifyPassword(password, known ?? NO_HASH);
      const standing = standingOf(home, name, roles);
      if (!right || known === null || standing === null) throw refused(name);
      const nowMs = Date.now();
      const before = namedOnCli(home, nowMs);
      beginCliSession(home, name, standing, nowMs);
      const endsMs = nowMs + SESSION_LASTS_MS;
      if (json === true) printJson({ person: name, roles, endsMs });
      else
        printLines([
          `✓ ${name} (${roles.join(', ')}) is signed in here, ${SESSION_LASTS_MS / HOUR_MS} hours at most; ${SESSION_REST_MS / HOUR_MS} hour without a command ends it.`,
          ...(before === null || before === name
            ? []
            : [
                `  ${before} is signed out here: from now on a decision takes --as ${name}, in each terminal.`,
              ]),
          '  fermata logout ends it now.',
        ]);
    });
}

export function logoutCommand(command: Command): void {
  command.option('--json', 'for scripts').action(({ json }: { json?: boolean }) => {
    const home = fermataHome();
    const person = namedOnCli(home, Date.now());
    const wasSignedIn = endCliSession(home);
    if (json === true) printJson({ person, wasSignedIn });
    else
      printLines([
        wasSignedIn ? `✓ ${person ?? 'whoever was signed in'} is signed out here` : 'nobody was signed in',
      ]);
  });
}

const refused = (name: string): CliFailure =>
  new CliFailure(
    `${name} was not signed in: name or password is wrong`,
    'nothing was changed',
    'fermata person list shows who has a password; the operator’s generated one is in secrets/operator-password below FERMATA_HOME',
  );
