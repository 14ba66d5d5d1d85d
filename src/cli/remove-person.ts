/** A person leaves: first what needs no database, then links of every kind. */

import { messageOf } from '../domain/message-of.js';
import { endCliSession, namedOnCli } from '../home/cli-session.js';
import { endPasskeys, endSignIns, endTelegramLinks } from '../home/ended-sign-ins.js';
import { removePassword } from '../home/people-passwords.js';
import { removePersonKeys } from '../home/person-keys.js';
import type { Runtime } from '../home/runtime.js';
import { appendAudit } from '../store/audit.js';
import { unlinkPerson } from '../store/people.js';
import { openPool } from '../store/pool.js';
import { withdrawSignInTokens } from '../store/sign-in-tokens.js';
import { loadDesk } from '../venue/load-desk.js';
import { CliFailure } from './failure.js';

export interface PersonRemoved {
  readonly name: string;
  readonly hadPassword: boolean;
  readonly wasLinked: boolean;
  /** Roles that the desk file still gives this person. */
  readonly roles: readonly string[];
}

/** Rejects with `CliFailure` if the database is down: by then the password is gone and sign-ins have ended. */
export async function removePerson(runtime: Runtime, name: string): Promise<PersonRemoved> {
  const { people } = loadDesk(runtime.deskFile).desk;
  const hadPassword = removePassword(runtime.home, name);
  removePersonKeys(runtime.home, name);
  // Before the sign-ins: a sign-in in progress checks its passkey last.
  endPasskeys(runtime.home, name);
  endSignIns(runtime.home, name);
  endTelegramLinks(runtime.home, name);
  if (namedOnCli(runtime.home, Date.now()) === name) endCliSession(runtime.home);
  const wasLinked = await removeLinks(runtime, name);
  return { name, hadPassword, wasLinked, roles: people.find((person) => person.name === name)?.roles ?? [] };
}

async function removeLinks(runtime: Runtime, name: string): Promise<boolean> {
  const pool = openPool(runtime, 'remove-person');
  const { desk } = runtime;
  try {
    await withdrawSignInTokens(pool, name);
    const wasLinked = await unlinkPerson(pool, desk, name);
    const entry = { desk, person: 'operator', via: 'cli', action: 'person.remove', outcome: 'signed out' };
    await appendAudit(pool, { ...entry, parameters: { person: name, wasLinked } });
    return wasLinked;
  } catch (error) {
    const why = messageOf(error);
    throw new CliFailure(
      `the Telegram link and unused sign-in links of ${name} stay: the database does not answer (${why})`,
      `${name} has no password any more, and every sign-in has ended`,
      'fermata status shows what is down; run this again when the database is back',
    );
  } finally {
    await pool.end();
  }
}
