/**
 * The logs of an installation: one for all processes, written by their supervisor, or one per role without a
 * supervisor.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { everySeparateRole, rolesInOrder } from '../roles.js';

/** The databases' logs are in the same folder. */
export const DESK_LOG = 'fermata';

/** Shared by all processes, however they are started; one file per day of the desk. */
export const TRADING_LOG = 'trading.log';
export const ERROR_LOG = 'errors.log';

interface LogsFound {
  /** Without extensions. */
  readonly names: readonly string[];
  /** If roles run here without a supervisor: those that have no log. */
  readonly missing: readonly string[];
}

/** `ending`: `log` for people, `jsonl` for programs. */
export function findLogs(folder: string, ending: 'log' | 'jsonl'): LogsFound {
  const isThere = (name: string): boolean => existsSync(join(folder, `${name}.${ending}`));
  const separate = everySeparateRole().filter(isThere);
  const missing = separate.length === 0 ? [] : rolesInOrder(true).filter((role) => !separate.includes(role));
  return { names: [DESK_LOG, ...separate].filter(isThere), missing };
}

/** The log that a process writes to now: its own, or the shared one. Null: there is no log here. */
export function logOf(folder: string, role: string): string | null {
  const paths = [role, DESK_LOG]
    .map((name) => join(folder, `${name}.log`))
    .filter((path) => existsSync(path));
  const [newest] = paths.sort((left, right) => statSync(right).mtimeMs - statSync(left).mtimeMs);
  return newest ?? null;
}
