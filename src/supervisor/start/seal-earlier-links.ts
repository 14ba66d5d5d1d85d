/**
 * Telegram links from before rows carried a code of their maker get one, once an installation: the first start that knows
 * codes takes what it finds. That it was done is kept outside of Postgres, so that nobody who writes there has it done again.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peopleFolder } from '../../home/people-folder.js';
import { telegramMaker } from '../../home/row-makers.js';
import { sealEarlierLinks } from '../../store/people.js';
import type { Pool } from '../../store/pool.js';

const DONE = 'telegram-links-sealed';

/** How many it found; 0 at every later start. */
export async function sealEarlierLinksOnce(pool: Pool, home: string): Promise<number> {
  const done = join(peopleFolder(home), DONE);
  if (existsSync(done)) return 0;
  const sealed = await sealEarlierLinks(pool, telegramMaker(home));
  mkdirSync(peopleFolder(home), { recursive: true, mode: 0o700 });
  writeFileSync(done, `${new Date().toISOString()}\n`, { mode: 0o600 });
  return sealed;
}
