import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CHAIN_START } from '../../src/trader/journal/format.js';
import { type JournalFile, openJournalFile } from '../../src/trader/journal/journal.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { note, temporaryDirectory, writeGroups } from './records.js';

it('gives back what was appended, in order, with a chain that anyone can recompute', async () => {
  const directory = temporaryDirectory();
  await writeGroups({ directory }, [['one', 'two'], ['three – äöü €']]);
  const entries = [...readJournal(directory)];
  expect(entries.map((entry) => entry.sequence)).toEqual([1, 2, 3]);
  expect(entries.map((entry) => entry.record)).toEqual([note('one'), note('two'), note('three – äöü €')]);
  expect(entries[0]!.wallMs).toBe(1_700_000_000_000);
  const bytes = readFileSync(`${directory}/0000000000000001.journal`);
  let chain = CHAIN_START;
  let at = 64;
  for (const { first, last } of [
    { first: 1, last: 2 },
    { first: 3, last: 3 },
  ]) {
    const length = bytes.readUInt32LE(at);
    const afterChain = bytes.subarray(at + 8 + 32, at + 8 + length);
    chain = createHash('sha256').update(chain, 'hex').update(afterChain).digest('hex');
    for (const entry of entries.slice(first - 1, last)) {
      expect([entry.chain, entry.group]).toEqual([chain, { first, last }]);
    }
    at += 8 + length;
  }
  expect(at).toBe(bytes.length);
});

it('keeps its incarnation over restarts and draws a new one at creation', async () => {
  const directory = temporaryDirectory();
  const first = await openJournal({ directory });
  expect(first.created).toBe(true);
  expect(first.journal.incarnation).toMatch(/^[0-9a-z]{6}$/);
  await first.journal.close();
  const second = await openJournal({ directory });
  expect(second.created).toBe(false);
  expect(second.journal.incarnation).toBe(first.journal.incarnation);
  await second.journal.close();
  const other = await openJournal({ directory: temporaryDirectory() });
  expect(other.journal.incarnation).not.toBe(first.journal.incarnation);
  await other.journal.close();
});

it('continues the sequence and the chain after a restart', async () => {
  const directory = temporaryDirectory();
  await writeGroups({ directory }, [['one']]);
  await writeGroups({ directory }, [['two']]);
  const whole = temporaryDirectory();
  await writeGroups({ directory: whole }, [['one'], ['two']]);
  const chains = (from: string) => [...readJournal(from)].map((entry) => entry.chain);
  expect(chains(directory)).toEqual(chains(whole));
  expect(new Set(chains(whole)).size).toBe(2);
});

it('commits many records with one sync', async () => {
  let syncs = 0;
  const openFile = async (path: string): Promise<JournalFile> => {
    const file = await openJournalFile(path);
    return { ...file, datasync: () => file.datasync().finally(() => (syncs += 1)) };
  };
  const { journal } = await openJournal({ directory: temporaryDirectory(), openFile });
  for (let index = 0; index < 1000; index += 1) journal.append(note(`${index}`), 0);
  await journal.whenDurable(1000);
  expect(syncs).toBe(1);
  await journal.close();
});

it('begins a new segment once one is full and reads across them from any sequence', async () => {
  const directory = temporaryDirectory();
  const groups = Array.from({ length: 50 }, (_, index) => [`record ${index + 1}`]);
  await writeGroups({ directory, segmentBytesMax: 500 }, groups);
  expect(readdirSync(directory).filter((name) => name.endsWith('.journal')).length).toBeGreaterThan(5);
  for (const from of [1, 2, 17, 49, 50, 51]) {
    const texts = [...readJournal(directory, { from })].map((entry) => entry.sequence);
    expect(texts).toEqual(Array.from({ length: 51 - from }, (_, index) => from + index));
  }
});

it('does not acknowledge a record before the sync has ended', async () => {
  let finishSync: () => void = () => undefined;
  let markSyncing = (): void => undefined;
  const syncing = new Promise<void>((resolve) => {
    markSyncing = resolve;
  });
  const openFile = async (path: string): Promise<JournalFile> => {
    const file = await openJournalFile(path);
    const datasync = () =>
      new Promise<void>((resolve) => {
        finishSync = resolve;
        markSyncing();
      });
    return { ...file, datasync };
  };
  const { journal } = await openJournal({ directory: temporaryDirectory(), openFile });
  const published: number[] = [];
  journal.onDurable((entries) => published.push(...entries.map((entry) => entry.sequence)));
  let durable = false;
  const wait = journal.whenDurable(journal.append(note('slow'), 0)).then(() => (durable = true));
  await syncing;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect([durable, journal.durableSequence, published]).toEqual([false, 0, []]);
  finishSync();
  await wait;
  expect([journal.durableSequence, published]).toEqual([1, [1]]);
  const closed = journal.close();
  await closed;
});

it('stops writing for good when the disk is full, says so, and opens again with all that was acknowledged', async () => {
  const directory = temporaryDirectory();
  let room = 400;
  const openFile = async (path: string): Promise<JournalFile> => {
    const file = await openJournalFile(path);
    return {
      ...file,
      write: async (bytes, position) => {
        const part = bytes.subarray(0, Math.max(0, room));
        room -= bytes.length;
        await file.write(part, position);
        if (part.length < bytes.length) throw new Error('ENOSPC: no space left on device, write');
      },
    };
  };
  const { journal } = await openJournal({ directory, openFile });
  const faults: string[] = [];
  journal.onFault((fault) => faults.push(fault.message));
  let acknowledged = 0;
  for (let index = 1; index <= 10; index += 1) {
    const sequence = journal.append(note(`record ${index}`), 0);
    await journal.whenDurable(sequence).then(
      () => (acknowledged = sequence),
      () => undefined,
    );
  }
  expect(acknowledged).toBeGreaterThan(0);
  expect(acknowledged).toBeLessThan(10);
  expect(faults).toEqual([expect.stringMatching(/no space left.*cancels still go out.*Free disk space/s)]);
  await journal.close();
  const again = await openJournal({ directory });
  expect(again.journal.lastSequence).toBe(acknowledged);
  await again.journal.close();
});

it('refuses a second opener while the first has it, and lets it in afterwards', async () => {
  const directory = temporaryDirectory();
  const { journal } = await openJournal({ directory });
  await expect(openJournal({ directory })).rejects.toThrow(/in use by another trader.*fermata down/s);
  await journal.close();
  const next = await openJournal({ directory });
  await next.journal.close();
});

it('removes a segment that was never finished', async () => {
  const directory = temporaryDirectory();
  await writeGroups({ directory }, [['one']]);
  const { writeFileSync } = await import('node:fs');
  writeFileSync(`${directory}/0000000000000002.journal.new`, 'FERM');
  const { journal } = await openJournal({ directory });
  expect(readdirSync(directory).sort()).toEqual(['0000000000000001.journal', 'lock']);
  await journal.close();
});
