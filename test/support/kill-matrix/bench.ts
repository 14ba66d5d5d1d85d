/** A running desk with everything that a cell needs to ask of it, and to look at afterwards. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homePaths, type Runtime } from '../../../src/home/runtime.js';
import { readSecret } from '../../../src/home/secrets.js';
import type { Caller } from '../../../src/operations/operation.js';
import { type Operations, openOperations } from '../../../src/operations/operations.js';
import { openPool, type Pool } from '../../../src/store/pool.js';
import { openTemporal, type TemporalAccess } from '../../../src/temporal/open-temporal.js';
import { type DeskUnderTest, deskUnderTest } from '../desk-under-test.js';
import { deskForKills } from './desk-file.js';
import { openPage, type Page, type SignIn } from './page.js';
import { openTelegram } from './telegram.js';

export interface Bench {
  readonly desk: DeskUnderTest;
  readonly runtime: Runtime;
  /** What the command line uses. */
  readonly operations: Operations;
  /** The web server, for each person who is signed in there; the operator first. */
  readonly pages: readonly [Page, ...Page[]];
  readonly pool: Pool;
  readonly temporal: TemporalAccess;
  /** For what a procedure needs on the disk. */
  readonly folder: string;
  close(): Promise<void>;
}

export const OPERATOR: Caller = { person: 'operator', via: 'cli' };

/** Three minutes of market a second: there is soon something to close again. */
const SPEED = 180;

/** `options`: more of `fermata up`. */
export async function openPaperBench(...options: string[]): Promise<Bench> {
  const telegram = await openTelegram();
  const desk = deskUnderTest('crypto-bot', telegram.variables);
  const folder = mkdtempSync(join(tmpdir(), 'fermata-kills-'));
  const market = ['--market', 'simulated', '--speed', String(SPEED)];
  await desk.up('--desk', deskForKills(folder), ...market, ...options);
  return benchBeside(desk, folder, [telegram]);
}

/** Of a desk that is up, with its own operator alone; `servers` are closed after it. */
export async function benchBeside(
  desk: DeskUnderTest,
  folder: string,
  servers: readonly { close(): Promise<void> }[],
): Promise<Bench> {
  const password = readSecret(desk.home, 'operatorPassword');
  const bench = await benchOf(desk, folder, [{ username: 'operator', password }]);
  return {
    ...bench,
    close: async () => {
      await bench.close();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

/** Of a desk that is up. */
export async function benchOf(
  desk: DeskUnderTest,
  folder: string,
  [operator, ...others]: readonly [SignIn, ...SignIn[]],
): Promise<Bench> {
  const text = readFileSync(join(homePaths(desk.home).run, 'runtime.json'), 'utf8');
  const runtime = JSON.parse(text) as Runtime;
  const operations = await openOperations(runtime);
  const pool = openPool(runtime, 'kills');
  const temporal = openTemporal(runtime);
  return {
    desk,
    runtime,
    operations,
    pages: [openPage(runtime, operator), ...others.map((who) => openPage(runtime, who))],
    pool,
    temporal,
    folder,
    close: async () => {
      await Promise.allSettled([operations.close(), pool.end(), temporal.close()]);
      await desk.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Rows of this. */
export async function countOf(bench: Bench, from: string, values: readonly unknown[]): Promise<number> {
  const found = await bench.pool.query<{ count: string }>(`select count(*) as count from ${from}`, [
    ...values,
  ]);
  return Number(found.rows[0]?.count);
}
