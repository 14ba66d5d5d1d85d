import type { Runtime } from '../home/runtime.js';
import { readSecret } from '../home/secrets.js';
import type { PgConnection } from './pg-programs.js';

/** Owner of the tables: the product's own role may not read all of them. */
const OWNER = 'fermata';

export function ownerConnection({ home, postgres }: Pick<Runtime, 'home' | 'postgres'>): PgConnection {
  const { host, port, database } = postgres;
  return { host, port, database, user: OWNER, password: readSecret(home, 'postgresPassword') };
}
