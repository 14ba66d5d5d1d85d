import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { note, temporaryDirectory, writeGroups } from './records.js';

const SEGMENT = '0000000000000001.journal';

/** Offsets behind each record of a journal of `count` records written one by one. */
async function journalOf(count: number): Promise<{ bytes: Buffer; ends: readonly number[] }> {
  const directory = temporaryDirectory();
  const ends = [64];
  for (let index = 1; index <= count; index += 1) {
    await writeGroups({ directory }, [[`record ${index}`]]);
    ends.push(readFileSync(join(directory, SEGMENT)).length);
  }
  return { bytes: readFileSync(join(directory, SEGMENT)), ends };
}

async function reopen(bytes: Buffer): Promise<{ sequences: number[]; torn: boolean }> {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, SEGMENT), bytes);
  const { journal, torn } = await openJournal({ directory });
  const sequence = journal.append(note('after the repair'), 0);
  await journal.whenDurable(sequence);
  await journal.close();
  const sequences = [...readJournal(directory)].map((entry) => entry.sequence);
  expect(sequences.at(-1)).toBe(sequence);
  return { sequences: sequences.slice(0, -1), torn: torn !== null };
}

it('keeps exactly the whole records, cut at every byte of the last two', async () => {
  const { bytes, ends } = await journalOf(4);
  for (let cut = ends[2]!; cut <= bytes.length; cut += 1) {
    const whole = ends.filter((end) => end <= cut).length - 1;
    const { sequences, torn } = await reopen(bytes.subarray(0, cut));
    expect(sequences).toEqual([1, 2, 3, 4].slice(0, whole));
    expect(torn).toBe(!ends.includes(cut));
  }
});

it('cuts off a tail of zeros or rubbish behind the last whole record', async () => {
  const { bytes } = await journalOf(2);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (rubbish) => {
      const { sequences, torn } = await reopen(Buffer.concat([bytes, rubbish]));
      expect([sequences, torn]).toEqual([[1, 2], true]);
    }),
    { numRuns: 25 },
  );
  expect((await reopen(Buffer.concat([bytes, Buffer.alloc(4096)]))).sequences).toEqual([1, 2]);
});

it('refuses damage to any byte of a record that has a later group behind it, and changes nothing', async () => {
  const { bytes, ends } = await journalOf(3);
  for (let at = ends[0]!; at < ends[1]!; at += 1) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 0x5a;
    const directory = temporaryDirectory();
    writeFileSync(join(directory, SEGMENT), damaged);
    await expect(openJournal({ directory })).rejects.toThrow(
      /damaged: segment 0000000000000001\.journal, byte 64: .*Restore the journal folder/s,
    );
    expect(readFileSync(join(directory, SEGMENT)).equals(damaged)).toBe(true);
  }
});

it('refuses a damaged header', async () => {
  const { bytes } = await journalOf(1);
  for (const at of [0, 9, 13, 21, 30, 61]) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 1;
    await expect(reopen(damaged)).rejects.toThrow(/the journal is damaged: segment .*byte 0/);
  }
});

it('takes a group whose first record is torn as torn, although whole records of the same group follow', async () => {
  const directory = temporaryDirectory();
  await writeGroups({ directory }, [['one'], ['two', 'three']]);
  const bytes = readFileSync(join(directory, SEGMENT));
  const length = 8 + bytes.readUInt32LE(64);
  bytes[64 + length + 20]! ^= 1;
  expect(await reopen(bytes)).toEqual({ sequences: [1], torn: true });
});

it('refuses a journal with a segment missing, damaged or of another incarnation before the last', async () => {
  const build = async () => {
    const directory = temporaryDirectory();
    const groups = Array.from({ length: 9 }, (_, index) => [`record ${index + 1}`]);
    await writeGroups({ directory, segmentBytesMax: 300 }, groups);
    return directory;
  };
  const { readdirSync, rmSync, copyFileSync } = await import('node:fs');
  const segments = (directory: string) =>
    readdirSync(directory)
      .filter((name) => name.endsWith('.journal'))
      .sort();
  const missing = await build();
  rmSync(join(missing, segments(missing)[1]!));
  expect(() => [...readJournal(missing)]).toThrow(/records \d+ to \d+ are missing before it/);
  const damaged = await build();
  const path = join(damaged, segments(damaged)[0]!);
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
  expect(() => [...readJournal(damaged)]).toThrow(/checksum is wrong/);
  const mixed = await build();
  const other = await build();
  copyFileSync(join(other, segments(other)[1]!), join(mixed, segments(mixed)[1]!));
  expect(() => [...readJournal(mixed)]).toThrow(/it belongs to incarnation/);
});
