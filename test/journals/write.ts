/**
 * Keeps a journal of today's format, and what it comes to, for ever: `npx tsx test/journals/write.ts NAME`, once before
 * the format changes. What is there is never written again.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEngine } from '../../src/engine/engine.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { livePast, outcomeOf, PAST_KINDS, type PastKind, pastConfig } from './past-desk.js';

/** Small, so that the history spans several segments. */
const SEGMENT_BYTES = 2_000;
/** Records between two syncs: several groups a segment. */
const GROUP = 7;

const name = process.argv[2];
if (name === undefined || !/^v\d+$/.test(name)) throw new Error('name the format: v1, v2 …');
for (const kind of PAST_KINDS) await keep(kind, fileURLToPath(new URL(`./${name}-${kind}`, import.meta.url)));

async function keep(kind: PastKind, folder: string): Promise<void> {
  if (existsSync(folder)) throw new Error(`${folder} is there already and stays as it is`);
  const work = mkdtempSync(join(tmpdir(), 'fermata-past-'));
  const drawIncarnation = (): string => 'abc123';
  const { journal } = await openJournal({ directory: work, segmentBytesMax: SEGMENT_BYTES, drawIncarnation });
  const beganMs = Date.UTC(2026, 0, 5, 12);
  let wallMs = beganMs;
  for (const record of livePast(kind).records) {
    wallMs += 250;
    const sequence = journal.append(record, wallMs, wallMs - beganMs);
    if (sequence % GROUP === 0) await journal.whenDurable(sequence);
  }
  await journal.close();
  const engine = createEngine(pastConfig(kind));
  let records = 0;
  for (const { record } of readJournal(work)) {
    engine.apply(record);
    records += 1;
  }
  mkdirSync(folder);
  for (const file of readdirSync(work).filter((each) => each.endsWith('.journal'))) {
    renameSync(join(work, file), join(folder, file));
  }
  const outcome = outcomeOf(engine.view, records);
  writeFileSync(join(folder, 'outcome.json'), `${JSON.stringify(outcome, null, 2)}\n`);
  rmSync(work, { recursive: true });
}
