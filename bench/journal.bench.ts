/**
 * A million records of a desk that trades: their bytes, and what a restart costs, replayed by the trader's own replay into
 * its own engine; format v2 as it is written, v1 beside it. Each replay is a process of its own, for its peak memory.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OpenJournalFile, openJournalFile } from '../src/trader/journal/journal.js';
import { openJournal } from '../src/trader/journal/open-journal.js';
import { listSegments } from '../src/trader/journal/segments.js';
import { writeFirstFormat } from '../test/support/first-format-journal.js';
import { tradingRecords, tradingWallMs } from '../test/support/trading-records.js';
import { atLength, median, print } from './print.js';

const RECORDS = Number(process.env.FERMATA_BENCH_RECORDS ?? atLength(1_000_000, 5_000));
const RUNS = atLength(3, 1);
/** Commits of a desk whose disk keeps up, and of one that writes as fast as it goes. */
const GROUPS = [4, 100] as const;
const REPLAY = fileURLToPath(new URL('replay-journal.mjs', import.meta.url));

interface Replayed {
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly peakMebibytes: number;
  readonly stateHash: string;
}

/** What a sync costs is no part of the figures. */
const unsynced: OpenJournalFile = async (path) => ({
  ...(await openJournalFile(path)),
  datasync: () => Promise.resolve(),
});

async function writeSecondFormat(directory: string, groupRecords: number): Promise<void> {
  const { journal } = await openJournal({ directory, openFile: unsynced });
  const beganMs = performance.now();
  for (const record of tradingRecords(RECORDS)) {
    const sequence = journal.append(record, tradingWallMs(journal.lastSequence + 1), journal.lastSequence);
    if (sequence % groupRecords === 0) await journal.whenDurable(sequence);
  }
  await journal.whenDurable(journal.lastSequence);
  print(
    `v2, groups of ${groupRecords}: writing, without the disk`,
    (performance.now() - beganMs) / 1000,
    's',
  );
  await journal.close();
}

function replay(directory: string): Replayed {
  const told = execFileSync(process.execPath, [REPLAY, directory, String(RECORDS)], { encoding: 'utf8' });
  return JSON.parse(told) as Replayed;
}

/** Gives the hash of the state that it comes to. */
function measure(name: string, directory: string): string {
  const bytes = listSegments(directory).reduce((sum, { path }) => sum + statSync(path).size, 0);
  const runs = Array.from({ length: RUNS }, () => replay(directory));
  print(`${name}: size of ${RECORDS} records`, bytes / 2 ** 20, 'MiB');
  print(`${name}: replay`, median(runs.map(({ seconds }) => seconds)), 's');
  print(`${name}: replay, processor time`, median(runs.map((run) => run.processorSeconds)), 's');
  print(`${name}: peak memory`, Math.max(...runs.map(({ peakMebibytes }) => peakMebibytes)), 'MiB');
  return runs[0]!.stateHash;
}

const folder = mkdtempSync(join(tmpdir(), 'fermata-bench-'));
try {
  const first = join(folder, 'v1');
  const options = { directory: first, incarnation: 'abc123', groupRecords: 4, wallMsOf: tradingWallMs };
  writeFirstFormat(options, tradingRecords(RECORDS));
  const expected = measure('v1', first);
  rmSync(first, { recursive: true });
  for (const groupRecords of GROUPS) {
    const directory = join(folder, `v2-${groupRecords}`);
    await writeSecondFormat(directory, groupRecords);
    const hash = measure(`v2, groups of ${groupRecords}`, directory);
    if (hash !== expected) throw new Error('v2 comes to another state than v1');
    rmSync(directory, { recursive: true });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
