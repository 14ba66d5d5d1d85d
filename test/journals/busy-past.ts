/** Reads a kept journal of a whole run: with the configuration that wrote it, and what it comes to on the way. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineConfig } from '../../src/engine/config.js';
import { createEngine } from '../../src/engine/engine.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { engineConfigWith } from '../support/engine-config.js';
import { outcomeOf, type PastOutcome } from './past-desk.js';

/** Records between two looks. */
const LOOK_EVERY = 25;

export interface BusyOutcome extends PastOutcome {
  /** What it had come to after so many records, by its hash. */
  readonly along: readonly (readonly [records: number, hash: string])[];
}

/** Where journals of before had what is now a limit among limits. */
interface Before {
  readonly staleMs?: number;
}

/** As it was kept; what a later version asks for beside it has the defaults of the tests. */
export function busyConfig(folder: string): EngineConfig {
  const written = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as EngineConfig & Before;
  const { staleMs } = written;
  const risk = staleMs === undefined ? written.risk : { ...written.risk, staleDataSeconds: staleMs / 1000 };
  return engineConfigWith({ ...written, risk });
}

export function busyOutcome(journal: string, config: EngineConfig): BusyOutcome {
  const engine = createEngine(config);
  const along: [number, string][] = [];
  let records = 0;
  for (const { record } of readJournal(journal)) {
    engine.apply(record);
    records += 1;
    if (records % LOOK_EVERY === 0) along.push([records, outcomeOf(engine.view, records).hash]);
  }
  return { ...outcomeOf(engine.view, records), along };
}
