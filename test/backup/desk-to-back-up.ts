/** A desk with an account in use and one that rests, a ledger that followed both, and evidence, on a database of its own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackupRequest } from '../../src/backup/take-backup.js';
import type { FollowedEntry } from '../../src/contracts/control.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { applyBatch } from '../../src/ledger/apply-batch.js';
import { recordEvidenceBatch } from '../../src/store/evidence-rows.js';
import { readTold } from '../../src/trader/journal/followed-group.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { BookFile } from '../../src/venue/paper/book-file.js';
import { recordsOfTrades } from '../ledger/support/journal-of-trades.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

export const DESK = 'crypto-bot';
const ENTRIES = 600;
/** The account set aside. */
export const RESTING = 'simulated-303-seed-8';
export const RESTING_ENTRIES = 300;
const GROUP = 50;
/** The ledger is one commit group behind its journal, as it may be at any moment. */
export const BEHIND = GROUP;

export interface DeskToBackUp {
  readonly home: string;
  readonly database: TestDatabase;
  readonly request: (id: string) => BackupRequest;
  dispose(): Promise<void>;
}

export async function deskToBackUp(): Promise<DeskToBackUp> {
  const home = mkdtempSync(join(tmpdir(), 'fermata-backup-'));
  const database = await createTestDatabase();
  const paths = deskPaths(homePaths(home), DESK);
  await writeJournal(paths.journal, recordsOfTrades(11, ENTRIES));
  const resting = await writeAccountSetAside(paths.restingAccounts, RESTING);
  for (const directory of [resting, paths.journal]) await follow(database, directory);
  await recordEvidenceBatch(database.pool, [0, 1, 2, 3, 4].map(evidence));
  await writePaperBook(paths.paperBook);
  const { host, port, user, password } = database;
  return {
    home,
    database,
    request: (id) => ({
      id,
      runtime: { home, desk: DESK, configHash: 'c0ffee' },
      deskText: 'desk: crypto-bot\n',
      connection: { host, port, user, password, database: database.database },
      nowMs: Date.now,
    }),
    dispose: async () => {
      await database.drop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function followedEntries(directory: string): readonly FollowedEntry[] {
  return [...readTold(directory, 1)].map(({ entry, group }) =>
    group === undefined ? entry : { ...entry, groupBytes: group.toString('base64') },
  );
}

async function follow({ pool }: TestDatabase, directory: string): Promise<void> {
  const entries = followedEntries(directory).slice(0, -BEHIND);
  for (let at = 0; at < entries.length; at += 200)
    await applyBatch(pool, { desk: DESK, simulated: true }, entries.slice(at, at + 200));
}

/** Gives its journal. */
export async function writeAccountSetAside(restingAccounts: string, name: string): Promise<string> {
  const journal = join(restingAccounts, name, 'journal');
  await writeJournal(journal, restingRecords(name));
  await writePaperBook(join(restingAccounts, name, 'paper-book'));
  return journal;
}

/** With ids of their own: no order belongs to two accounts. */
export function restingRecords(name: string): readonly EngineRecord[] {
  const text = JSON.stringify(recordsOfTrades(12, RESTING_ENTRIES, `paper/${name}`));
  return JSON.parse(text.replaceAll('"fabc123', '"frest1').replaceAll('"tradeId":"', '"tradeId":"r-'));
}

async function writeJournal(directory: string, records: readonly EngineRecord[]): Promise<void> {
  // Small segments: a copy has to get the change from one to the next right too.
  const { journal } = await openJournal({ directory, segmentBytesMax: 8 * 1024 });
  for (let at = 0; at < records.length; at += GROUP) {
    let last = 0;
    for (const record of records.slice(at, at + GROUP))
      last = journal.append(record, Date.UTC(2026, 0, 5) + at);
    await journal.whenDurable(last);
  }
  await journal.close();
}

async function writePaperBook(directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const state = {
    bookId: 'abc123',
    currency: 'USDT',
    prices: 'simulated-303-seed-7',
    cash: 1_000_000_000_000,
    idsGiven: 0,
    seenMs: 0,
    positions: [],
    orders: [],
    fills: [],
  };
  const file = new BookFile(
    directory,
    0,
    () => ({ type: 'state', state }),
    () => undefined,
  );
  await file.close();
}

function evidence(step: number) {
  return {
    desk: DESK,
    workflowId: 'routine:crypto-bot:pre-market',
    firstRunId: 'run-1',
    runId: 'run-1',
    routine: 'pre-market',
    stepKey: `step-${step}`,
    name: `Step ${step}`,
    kind: 'check',
    verdict: 'pass',
    observed: 'fine',
    expected: 'fine',
    startedMs: 1_000 * step,
    finishedMs: 1_000 * step + 5,
    marketMs: null,
    person: null,
    reference: null,
    simulated: true,
  } as const;
}

/** A PATH with the one program that every start needs: locks are taken with it. */
export function withFlockAlone(folder: string): string {
  const programs = join(folder, 'flock-alone');
  mkdirSync(programs, { recursive: true });
  symlinkSync(
    execFileSync('sh', ['-c', 'command -v flock'], { encoding: 'utf8' }).trim(),
    join(programs, 'flock'),
  );
  return programs;
}
