/** Somebody's passkeys, seen and taken away by the operator: a lost phone must not sign in. */
import { messageOf } from '../domain/message-of.js';
import { BUILT_IN_OPERATOR } from '../domain/roles.js';
import { namedOnCli } from '../home/cli-session.js';
import { endPasskey, endSignIns, isEndedPasskey } from '../home/ended-sign-ins.js';
import { passkeyMaker } from '../home/row-makers.js';
import type { Runtime } from '../home/runtime.js';
import { type Passkey, PasskeyTable } from '../store/passkeys.js';
import { openPool } from '../store/pool.js';
import { CliFailure } from './failure.js';

/** Shorter beginnings of an id are taken for a slip. */
const ID_CHARS_MIN = 6;

/** Rejects with `CliFailure` where the database is down. */
export const passkeysOf = (runtime: Runtime, person: string): Promise<readonly Passkey[]> =>
  withPasskeys(runtime, (table) => table.of(person));

/**
 * It ends outside of Postgres first, so that neither a row that is put back nor a restored backup brings it back.
 * Rejects with `CliFailure` where not exactly one id begins like this, or the database is down.
 */
export function removePasskey(runtime: Runtime, person: string, begins: string): Promise<Passkey> {
  return withPasskeys(runtime, async (table) => {
    const all = await table.of(person);
    const found = begins.length < ID_CHARS_MIN ? [] : all.filter(({ id }) => id.startsWith(begins));
    const [passkey] = found;
    if (passkey === undefined || found.length > 1)
      throw new CliFailure(
        `${found.length === 0 ? 'no' : 'more than one'} passkey of ${person} has an id that begins with ${begins}`,
        'nothing was removed',
        `fermata person passkeys ${person} lists them; give ${ID_CHARS_MIN} or more characters of the id`,
      );
    endPasskey(runtime.home, passkey.id);
    endSignIns(runtime.home, person);
    const by = namedOnCli(runtime.home, Date.now()) ?? BUILT_IN_OPERATOR;
    await table.remove(passkey.id, person, { person: by, via: 'cli' });
    return passkey;
  });
}

async function withPasskeys<T>(runtime: Runtime, work: (table: PasskeyTable) => Promise<T>): Promise<T> {
  const pool = openPool(runtime, 'passkeys');
  // What was forged is told by the web role, where it would be used.
  const table = new PasskeyTable(
    pool,
    runtime.desk,
    passkeyMaker(runtime.home),
    (id) => isEndedPasskey(runtime.home, id),
    () => undefined,
  );
  try {
    return await work(table);
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    throw new CliFailure(
      `the passkeys can't be read: the database does not answer (${messageOf(error)})`,
      'whoever is signed in stays so; passkeys sign nobody in while the database is down',
      'fermata status shows what is down; fermata person remove NAME ends everything of a person without it',
    );
  } finally {
    await pool.end();
  }
}
