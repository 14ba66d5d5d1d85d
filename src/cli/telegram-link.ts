import { loadDesk } from '../desk/load.js';
import { messageOf } from '../domain/message-of.js';
import { endTelegramLinks } from '../home/ended-sign-ins.js';
import { telegramMaker } from '../home/row-makers.js';
import type { Runtime } from '../home/runtime.js';
import { appendAudit } from '../store/audit.js';
import { createLinkCode, unlinkPerson } from '../store/people.js';
import { openPool, type Pool } from '../store/pool.js';
import { newToken } from '../store/token-hash.js';
import { CliFailure, usageFailure } from './failure.js';

const CODE_MINUTES = 15;

export interface TelegramLink {
  readonly person: string;
  readonly code: string;
  readonly minutes: number;
}

/** Rejects with `CliFailure`. The code is shown once; only its hash is kept. */
export async function newTelegramLink(runtime: Runtime, person: string): Promise<TelegramLink> {
  const { people } = loadDesk(runtime.deskFile).desk;
  if (!people.some(({ name }) => name === person)) {
    const names = people.map(({ name }) => name).join(', ');
    throw usageFailure(`the desk file has no person ${person}`, `use one of: ${names}`);
  }
  const code = newToken();
  await withPool(runtime, async (pool) => {
    await createLinkCode(pool, telegramMaker(runtime.home), runtime.desk, person, code, CODE_MINUTES);
    await record(pool, runtime, person, 'telegram.link-code', 'a code was made');
  });
  return { person, code, minutes: CODE_MINUTES };
}

export function removeTelegramLink(runtime: Runtime, person: string): Promise<boolean> {
  // What stands in Postgres, or is put back there, counts no more from here on.
  endTelegramLinks(runtime.home, person);
  return withPool(runtime, async (pool) => {
    const removed = await unlinkPerson(pool, runtime.desk, person);
    await record(pool, runtime, person, 'telegram.unlink', removed ? 'removed' : 'there was none');
    return removed;
  });
}

function record(
  pool: Pool,
  { desk }: Runtime,
  person: string,
  action: string,
  outcome: string,
): Promise<void> {
  return appendAudit(pool, { desk, person: 'operator', via: 'cli', action, parameters: { person }, outcome });
}

async function withPool<T>(runtime: Runtime, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = openPool(runtime, 'telegram-link');
  try {
    return await work(pool);
  } catch (error) {
    const why = messageOf(error);
    throw new CliFailure(
      `links can't be changed: the database does not answer (${why})`,
      'who was linked before stays linked',
      'fermata status shows what is down; try again when the database is back',
    );
  } finally {
    await pool.end();
  }
}
