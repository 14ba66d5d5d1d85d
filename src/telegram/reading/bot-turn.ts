/** Telegram gives each update to one reader only: of the desks of an installation that share a bot, one reads. */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type FileLock, tryLockFile, waitForLock } from '../../home/file-lock.js';
import { homePaths } from '../../home/runtime.js';

const SHARED_BOT =
  'another desk of this installation reads the updates of this bot: commands and buttons go there. ' +
  'Alerts are still sent. Give this desk a bot of its own (notify.telegram.tokenEnv)';

/**
 * Resolves when no other desk here reads with this token, which is at once where none does; null where `stopping` came
 * first. `say` is told why it waits.
 */
export async function turnOfBot(
  home: string,
  token: string,
  say: (why: string) => void,
  stopping: AbortSignal,
): Promise<FileLock | null> {
  const { run } = homePaths(home).servers;
  mkdirSync(run, { recursive: true, mode: 0o700 });
  const name = createHash('sha256').update(token).digest('hex').slice(0, 16);
  const file = join(run, `bot-${name}.lock`);
  const lock = tryLockFile(file);
  if (lock !== null) return lock;
  say(SHARED_BOT);
  return waitForLock(file, stopping);
}
