/**
 * Adds authentication codes to Telegram links from before rows had one, once per installation: the first start that
 * knows codes seals what it finds. That this was done is recorded outside Postgres, so that nobody who can write there
 * can have it repeated.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peopleFolder } from '../../home/people-folder.js';
import { telegramMaker } from '../../home/row-makers.js';
import { sealEarlierLinks } from '../../store/people.js';
import type { Pool } from '../../store/pool.js';

const DONE = 'telegram-links-sealed';

/** Returns how many links it found; 0 at every later start. */
export async function sealEarlierLinksOnce(pool: Pool, home: string): Promise<number> {
  const done = join(peopleFolder(home), DONE);
  if (existsSync(done)) return 0;
  const sealed = await sealEarlierLinks(pool, telegramMaker(home));
  mkdirSync(peopleFolder(home), { recursive: true, mode: 0o700 });
  writeFileSync(done, `${new Date().toISOString()}\n`, { mode: 0o600 });
  return sealed;
}
