/** A database of its own for a test file, on the server that the whole run shares. */
import { randomUUID } from 'node:crypto';
import { Client, Pool } from 'pg';
import { inject } from 'vitest';
import { keptThroughLosses } from '../../src/store/pool.js';

export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  /** Superuser and owner of the schema. */
  readonly user: string;
  readonly password: string;
  /** The role that the product connects as. */
  readonly appUser: string;
  readonly appPassword: string;
}

export interface TestDatabase extends PostgresAddress {
  readonly database: string;
  /** Connected as the product's role, with the product's rights. */
  readonly pool: Pool;
  /** Connected as the owner: to look and to damage, as no part of the product can. */
  readonly ownerPool: Pool;
  drop(): Promise<void>;
}

/** The shared server, started when first asked for. */
async function sharedPostgres(): Promise<PostgresAddress> {
  const answer = await fetch(`${inject('supportAddress')}/postgres`);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as PostgresAddress;
}

/** `migrated` (default): the newest schema; false: an empty database. Call `drop` in afterAll. */
export async function createTestDatabase(options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const server = await sharedPostgres();
  const database = `test_${randomUUID().replaceAll('-', '')}`;
  const template = options.migrated === false ? 'template1' : 'fermata_template';
  // Its files are copied: through the log, as usual, it takes twice the time.
  await asOwner(server, `create database ${database} template ${template} strategy file_copy`);
  const common = { host: server.host, port: server.port, database, max: 8 };
  const app = { user: server.appUser, password: server.appPassword };
  const pool = keptThroughLosses(new Pool({ ...common, ...app }));
  const ownerPool = keptThroughLosses(new Pool({ ...common, user: server.user, password: server.password }));
  return {
    ...server,
    database,
    pool,
    ownerPool,
    drop: async () => {
      await Promise.all([pool.end(), ownerPool.end()]);
      await asOwner(server, `drop database if exists ${database} with (force)`);
    },
  };
}

async function asOwner(server: PostgresAddress, statement: string): Promise<void> {
  const client = new Client({
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    database: 'postgres',
  });
  await client.connect();
  try {
    // One at a time: a template can't be copied while another copy of it is being made.
    await client.query('select pg_advisory_lock(7301)');
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A step of a query's plan, as it went; rows are those of all its turns. */
interface PlanStep {
  /** The table that it reads. */
  readonly table: string | null;
  /** Rows that it passed on, and those that it only looked at. */
  readonly rows: number;
}

interface PlanNode {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

function stepsOf(node: PlanNode): PlanStep[] {
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0);
  const rows = (node['Actual Rows'] + removed) * node['Actual Loops'];
  return [{ table: node['Relation Name'] ?? null, rows }, ...(node.Plans ?? []).flatMap(stepsOf)];
}

/** Carries the query out, and says what that took: it can grow too fast with what is stored long before it is slow. */
export async function stepsOfQuery(
  pool: Pick<Pool, 'query'>,
  text: string,
  values: readonly unknown[],
): Promise<readonly PlanStep[]> {
  const explained = await pool.query(`explain (analyze, format json) ${text}`, [...values]);
  return stepsOf(explained.rows[0]['QUERY PLAN'][0].Plan);
}
