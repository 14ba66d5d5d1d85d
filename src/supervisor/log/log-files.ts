/** Which logs an installation keeps: one of all processes, by their supervisor, or one of each role that runs alone. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { rolesInOrder } from '../roles.js';

/** Beside it lie the logs of the databases. */
export const DESK_LOG = 'fermata';

/** Of all processes, whoever starts them, by the desk's days. */
export const TRADING_LOG = 'trading.log';
export const ERROR_LOG = 'errors.log';

export interface LogsFound {
  /** Without their endings. */
  readonly names: readonly string[];
  /** Roles that run alone, as others here do, and have no log. */
  readonly missing: readonly string[];
}

/** `ending`: `log` for people, `jsonl` for programs. */
export function findLogs(folder: string, ending: 'log' | 'jsonl'): LogsFound {
  const isThere = (name: string): boolean => existsSync(join(folder, `${name}.${ending}`));
  const roles = rolesInOrder(true);
  const alone = roles.filter(isThere);
  const missing = alone.length === 0 ? [] : roles.filter((role) => !alone.includes(role));
  return { names: [DESK_LOG, ...alone].filter(isThere), missing };
}

/** Where one process writes now: its own log, or that of all. Null: no log is kept here. */
export function logOf(folder: string, role: string): string | null {
  const paths = [role, DESK_LOG]
    .map((name) => join(folder, `${name}.log`))
    .filter((path) => existsSync(path));
  const [newest] = paths.sort((left, right) => statSync(right).mtimeMs - statSync(left).mtimeMs);
  return newest ?? null;
}
