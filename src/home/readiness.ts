/**
 * How ready the newest pre-flight found the desk: computed, never declared. Stored in a file that can be read
 * while everything else is down.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { homePaths } from './runtime.js';

const schema = z.strictObject({
  verdict: z.enum(['pass', 'warn', 'fail']),
  passed: z.number().int(),
  looked: z.number().int(),
  configHash: z.string(),
  atMs: z.number(),
});

export type Readiness = Readonly<z.infer<typeof schema>>;

const fileOf = (home: string, desk: string): string => join(homePaths(home).home, `readiness-${desk}.json`);

/**
 * Never throws: the findings are reported even if the desk has no folder yet, or none that can be written.
 */
export function keepReadiness(home: string, desk: string, readiness: Readiness): void {
  try {
    const file = fileOf(home, desk);
    const next = `${file}.${process.pid}`;
    writeFileSync(next, JSON.stringify(readiness), { mode: 0o600 });
    renameSync(next, file);
  } catch {
    // The older file stays, with its time.
  }
}

/** Null if no pre-flight has run yet. */
export function readReadiness(home: string, desk: string): Readiness | null {
  try {
    return schema.parse(JSON.parse(readFileSync(fileOf(home, desk), 'utf8')));
  } catch {
    return null;
  }
}

/** Whole percent of the checks that ran. */
export const readyPct = ({ passed, looked }: Readiness): number =>
  looked === 0 ? 0 : Math.floor((100 * passed) / looked);
