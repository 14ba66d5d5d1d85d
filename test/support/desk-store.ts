/** What a desk has on record. Who waits for it asks often, and a command takes a second of the processor each time. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { homePaths, type Runtime } from '../../src/home/runtime.js';
import { openPool, type Pool } from '../../src/store/pool.js';
import type { DeskUnderTest } from './desk-under-test.js';

export const runtimeOf = ({ home }: DeskUnderTest): Runtime =>
  JSON.parse(readFileSync(join(homePaths(home).run, 'runtime.json'), 'utf8')) as Runtime;

export async function withStore<T>(desk: DeskUnderTest, use: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = openPool(runtimeOf(desk), 'test');
  try {
    return await use(pool);
  } finally {
    await pool.end();
  }
}
