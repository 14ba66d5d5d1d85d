/** Replaces a file that belongs to people, whoever runs the command. */
import { chmodSync, chownSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';

/**
 * Writes all of it or nothing. Keeps the file's mode, and its owner where this account may set it, so that the same
 * accounts can read it. A link stays, and the file that it leads to is replaced. Returns the file as it was named.
 */
export function replaceFile(named: string, text: string): string {
  const file = realpathSync(named);
  const { mode, uid, gid } = statSync(file);
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  try {
    chownSync(`${file}.new`, uid, gid);
  } catch {
    // Only root gives files away. Everybody else replaced the file with one of their own before, too.
  }
  chmodSync(`${file}.new`, mode & 0o777);
  renameSync(`${file}.new`, file);
  return named;
}
