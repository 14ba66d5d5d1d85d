/**
 * Checks a whole database as `pg_amcheck` does: each table's pages with their checksums, each index against
 * the rows that it must find.
 */
import type { Client } from 'pg';
import { messageOf } from '../domain/message-of.js';

/** Postgres error codes for a corrupt page or index. */
const DAMAGED = ['XX000', 'XX001', 'XX002'];
/** Postgres error codes if amcheck is not installed, or not allowed. */
const NOT_THERE = ['0A000', '42501', '58P01'];

interface Examined {
  /** Each with its table or index, and the page if known. */
  readonly damage: readonly string[];
  /** Number of tables and indexes checked. */
  readonly looked: number;
}

interface Relation {
  readonly oid: string;
  readonly name: string;
  readonly isIndex: boolean;
}

/**
 * Needs an owner's connection. Runs in a transaction that is rolled back, so Postgres' extension amcheck
 * exists only during the check. Pages in the server's memory are read from there: they are good, and will be
 * written again. Rejects if the database can't be checked.
 */
export async function examineDatabase(client: Client): Promise<Examined> {
  await client.query('begin');
  try {
    await client.query('create extension if not exists amcheck').catch((error: unknown) => {
      if (!hasCode(error, NOT_THERE)) throw error;
      throw new Error(`amcheck is not there for this role (${messageOf(error)}): install postgresql-contrib`);
    });
    const { rows } = await client.query<Relation>(RELATIONS);
    const damage: string[] = [];
    for (const relation of rows) damage.push(...(await damageOf(client, relation)));
    return { damage, looked: rows.length };
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
}

/** True if a database is so damaged that it can't even be opened. */
export const isDamage = (error: unknown): boolean => hasCode(error, DAMAGED);

/** Tables, their TOAST tables, and B-tree indexes; not temporary ones, nor indexes that are being built. */
const RELATIONS = `
  select c.oid::text, c.oid::regclass::text as name, c.relkind = 'i' as "isIndex"
    from pg_class c left join pg_am a on a.oid = c.relam left join pg_index i on i.indexrelid = c.oid
   where c.relpersistence <> 't'
     and (c.relkind in ('r', 't', 'm') or c.relkind = 'i' and a.amname = 'btree' and i.indisready and i.indisvalid)
   order by c.relkind = 'i', c.oid`;

async function damageOf(client: Client, { oid, name, isIndex }: Relation): Promise<readonly string[]> {
  await client.query('savepoint one');
  try {
    if (isIndex) await client.query('select bt_index_check($1::oid::regclass, true)', [oid]);
    else {
      const { rows } = await client.query<{ blkno: string; msg: string }>(
        'select blkno, msg from verify_heapam($1::oid::regclass)',
        [oid],
      );
      return rows.map(({ blkno, msg }) => `${name}, page ${blkno}: ${msg}`);
    }
    return [];
  } catch (error) {
    if (!isDamage(error)) throw error;
    await client.query('rollback to savepoint one');
    return [`${name}: ${messageOf(error)}`];
  } finally {
    await client.query('release savepoint one').catch(() => undefined);
  }
}

const hasCode = (error: unknown, codes: readonly string[]): boolean =>
  codes.includes((error as { readonly code?: string }).code ?? '');
