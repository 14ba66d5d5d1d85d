/** How ready the newest pre-flight found the desk: computed, never declared. In a file, so that it is read while everything else is away. */
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

/** Never throws: what was found is said all the same where a desk has no folder yet, or none that can be written. */
export function keepReadiness(home: string, desk: string, readiness: Readiness): void {
  try {
    const file = fileOf(home, desk);
    const next = `${file}.${process.pid}`;
    writeFileSync(next, JSON.stringify(readiness), { mode: 0o600 });
    renameSync(next, file);
  } catch {
    // The older one says when it was found.
  }
}

/** Null where nobody has looked yet. */
export function readReadiness(home: string, desk: string): Readiness | null {
  try {
    return schema.parse(JSON.parse(readFileSync(fileOf(home, desk), 'utf8')));
  } catch {
    return null;
  }
}

/** Whole percent of what was looked at. */
export const readyPct = ({ passed, looked }: Readiness): number =>
  looked === 0 ? 0 : Math.floor((100 * passed) / looked);
