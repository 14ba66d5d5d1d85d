import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { beginAnew } from '../../src/trader/journal/begin-anew.js';
import { CHAIN_START, crc32c } from '../../src/trader/journal/format.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { writeFirstFormat } from '../support/first-format-journal.js';
import { tradingRecords } from '../support/trading-records.js';
import { note, temporaryDirectory, writeGroups } from './records.js';

const HEADER_BYTES = 64;
const WALL_MS = 1_700_000_000_000;
const FIRST_SEGMENT = '0000000000000001.journal';

const segmentsOf = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.journal'))
    .sort();
const versionsOf = (directory: string): number[] =>
  segmentsOf(directory).map((name) => readFileSync(join(directory, name)).readUInt32LE(8));
const sequencesOf = (directory: string, from = 1): number[] =>
  [...readJournal(directory, { from })].map(({ sequence }) => sequence);
const upTo = (last: number, from = 1): number[] =>
  Array.from({ length: last - from + 1 }, (_, at) => from + at);

/** A journal of v1 with 20 records in several segments. */
function firstFormat(segmentBytesMax = 1_500): string {
  const directory = temporaryDirectory();
  const options = { directory, incarnation: 'abc123', segmentBytesMax, groupRecords: 3 };
  writeFirstFormat({ ...options, wallMsOf: (sequence) => WALL_MS + sequence }, tradingRecords(20));
  return directory;
}

describe('a journal of v1', () => {
  it('goes on in v2 with its next record, in a segment of its own, and is read as one', async () => {
    const directory = firstFormat();
    const before = segmentsOf(directory).map((name) => readFileSync(join(directory, name)));
    const { journal } = await openJournal({ directory });
    expect(new Set(versionsOf(directory))).toEqual(new Set([1]));
    await journal.close();
    await writeGroups({ directory }, [['21', '22'], ['23']]);
    await writeGroups({ directory, segmentBytesMax: 100 }, [['24'], ['25', '26']]);
    expect(versionsOf(directory)).toEqual([...before.map(() => 1), 2, 2, 2]);
    expect(segmentsOf(directory)[before.length]).toBe('0000000000000021.journal');
    before.forEach((bytes, at) => {
      expect(readFileSync(join(directory, segmentsOf(directory)[at]!)).equals(bytes)).toBe(true);
    });
    const entries = [...readJournal(directory)];
    expect(entries.map(({ sequence }) => sequence)).toEqual(upTo(26));
    expect(entries.slice(0, 20).map(({ record }) => record)).toEqual([...tradingRecords(20)]);
    expect(entries.slice(20).map(({ record }) => record)).toEqual(
      upTo(26, 21).map((text) => note(`${text}`)),
    );
    expect(new Set(entries.slice(0, 20).map(({ chain }) => chain)).size).toBe(20);
    expect(entries[20]?.chain).toBe(entries[21]?.chain);
    for (const from of upTo(27)) expect(sequencesOf(directory, from)).toEqual(upTo(26, from));
  });

  it('keeps everything but the torn group, whatever byte of what v2 wrote is the last', async () => {
    const directory = firstFormat();
    await writeGroups({ directory }, [['21', '22'], ['23']]);
    const path = join(directory, segmentsOf(directory).at(-1)!);
    const bytes = readFileSync(path);
    const firstGroup = HEADER_BYTES + 8 + bytes.readUInt32LE(HEADER_BYTES);
    for (let cut = HEADER_BYTES; cut <= bytes.length; cut += 1) {
      writeFileSync(path, bytes.subarray(0, cut));
      const kept = cut < firstGroup ? 20 : cut < bytes.length ? 22 : 23;
      const { journal, torn } = await openJournal({ directory });
      expect([journal.lastSequence, torn === null]).toEqual([
        kept,
        [HEADER_BYTES, firstGroup, bytes.length].includes(cut),
      ]);
      await journal.close();
      expect(sequencesOf(directory)).toEqual(upTo(kept));
    }
  });

  it('whose last write was torn loses that alone, and one that is empty begins in v2', async () => {
    const directory = firstFormat(1_000_000);
    const path = join(directory, FIRST_SEGMENT);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length - 5));
    await writeGroups({ directory }, [['20']]);
    expect(versionsOf(directory)).toEqual([1, 2]);
    expect(sequencesOf(directory)).toEqual(upTo(20));
    writeFileSync(path, bytes.subarray(0, HEADER_BYTES));
    rmSync(join(directory, segmentsOf(directory)[1]!));
    await writeGroups({ directory }, [['one'], ['two']]);
    expect(versionsOf(directory)).toEqual([2]);
    expect(sequencesOf(directory)).toEqual([1, 2]);
  });

  it('is refused where it was damaged or cut before v2 went on, or where v2 follows another one', async () => {
    const build = async (): Promise<{ directory: string; last: string }> => {
      const directory = firstFormat();
      await writeGroups({ directory }, [['21']]);
      return { directory, last: join(directory, segmentsOf(directory).at(-2)!) };
    };
    const damaged = await build();
    const bytes = readFileSync(damaged.last);
    writeFileSync(damaged.last, bytes.with(bytes.length - 1, 0));
    expect(() => sequencesOf(damaged.directory)).toThrow(/checksum is wrong/);
    writeFileSync(damaged.last, bytes.subarray(0, bytes.length - 1));
    expect(() => sequencesOf(damaged.directory)).toThrow(/cut off/);
    const other = await build();
    const header = readFileSync(join(other.directory, segmentsOf(other.directory).at(-1)!));
    header.fill(0x55, 28, 60).writeUInt32LE(crc32c(header, 0, 60), 60);
    writeFileSync(join(other.directory, segmentsOf(other.directory).at(-1)!), header);
    expect(() => sequencesOf(other.directory)).toThrow(/chain value of the records before it does not match/);
  });

  it('that was set back begins anew in v2, with the times that it had', async () => {
    const directory = join(temporaryDirectory(), 'journal');
    const options = { directory, incarnation: 'abc123', groupRecords: 3 };
    writeFirstFormat({ ...options, wallMsOf: (sequence) => WALL_MS + sequence }, tradingRecords(20));
    const { journal } = await openJournal({ directory });
    const anew = await beginAnew(journal, { missing: 3 }, WALL_MS + 1_000);
    await anew.close();
    const entries = [...readJournal(directory)];
    expect(versionsOf(directory)).toEqual([2]);
    expect(entries.slice(0, 20).map(({ wallMs }) => wallMs)).toEqual(upTo(20).map((at) => WALL_MS + at));
    expect(entries.map(({ monotonicMs }) => monotonicMs)).toEqual(entries.map(() => null));
  });
});

describe('the three times of a record', () => {
  it('come back as they were, also where clocks were set or nothing was written for long', async () => {
    const directory = temporaryDirectory();
    const { journal } = await openJournal({ directory });
    const times: [number, number | null][] = [
      [WALL_MS, 5],
      [WALL_MS + 65_535, 65_540],
      [WALL_MS + 65_536, 65_541],
      [WALL_MS - 86_400_000, 65_541],
      [WALL_MS, 65_542],
      [WALL_MS, null],
      [WALL_MS + 1, 0],
      [WALL_MS + 1, 9_000_000_000],
    ];
    for (const [wallMs, monotonicMs] of times) journal.append(note('at'), wallMs, monotonicMs);
    await journal.whenDurable(journal.lastSequence);
    await journal.close();
    const entries = [...readJournal(directory)];
    expect(entries.map(({ wallMs, monotonicMs }) => [wallMs, monotonicMs])).toEqual(times);
    expect(entries.map(({ group }) => group?.first)).toEqual([1, 1, 3, 4, 5, 6, 6, 8]);
  });
});

/** A segment of v2 with one group, changed by a forger who gets checksum and chain right. */
async function forged(change: (body: Buffer) => Buffer | undefined): Promise<() => Promise<unknown>> {
  const directory = temporaryDirectory();
  await writeGroups({ directory }, [['one', 'two']]);
  const path = join(directory, FIRST_SEGMENT);
  const bytes = readFileSync(path);
  const given = bytes.subarray(HEADER_BYTES + 8);
  const body = change(given) ?? given;
  const chain = createHash('sha256').update(CHAIN_START, 'hex').update(body.subarray(32)).digest();
  chain.copy(body);
  const frame = Buffer.alloc(8);
  frame.writeUInt32LE(body.length, 0);
  frame.writeUInt32LE(crc32c(body), 4);
  writeFileSync(path, Buffer.concat([bytes.subarray(0, HEADER_BYTES), frame, body]));
  return async () => sequencesOf(directory);
}

describe('what no writer of this version leaves', () => {
  const FIRST_RECORD = 58;

  it.each<[string, (body: Buffer) => Buffer | undefined, RegExp]>([
    ['no record', (body) => void body.writeUInt16LE(0, 56), /it holds no record/],
    ['more records', (body) => void body.writeUInt16LE(3, 56), /a value in it goes on behind its end/],
    ['fewer records', (body) => void body.writeUInt16LE(1, 56), /something stands behind its last record/],
    [
      'a longer record',
      (body) => void body.writeUInt32LE(0xfff_ffff, FIRST_RECORD),
      /goes on behind its end/,
    ],
    ['a shorter record', (body) => void body.writeUInt32LE(9, FIRST_RECORD), /goes on behind its end/],
    ['another sequence', (body) => void body.writeUInt32LE(7, 32), /expected sequence 1, found 7/],
    [
      'a kind of a later version',
      (body) => void body.writeUInt8(200, FIRST_RECORD + 8),
      /later version of Fermata.*kind 200\.1.*Start the version/s,
    ],
    [
      'a layout of a later version',
      (body) => void body.writeUInt8(9, FIRST_RECORD + 9),
      /later version of Fermata.*kind 17\.9/s,
    ],
    ['too many bytes', (body) => Buffer.concat([body, Buffer.alloc(700_000)]), /^nothing is read$/],
  ])('%s is refused', async (_what, change, why) => {
    const read = await forged(change);
    const told = await read().then(
      (sequences) => ((sequences as number[]).length === 0 ? 'nothing is read' : 'read'),
      (error: Error) => error.message,
    );
    expect(told).toMatch(why);
  });

  it('a group that does not continue the chain is refused, when it is read and when it is opened', async () => {
    const directory = temporaryDirectory();
    await writeGroups({ directory }, [['one']]);
    const path = join(directory, FIRST_SEGMENT);
    const bytes = readFileSync(path);
    bytes[HEADER_BYTES + 8 + 40]! ^= 1; // its wall time
    bytes.writeUInt32LE(crc32c(bytes, HEADER_BYTES + 8), HEADER_BYTES + 4);
    writeFileSync(path, bytes);
    expect(() => sequencesOf(directory)).toThrow(/damaged: .*byte 64: its chain value does not continue/);
    await expect(openJournal({ directory })).rejects.toThrow(/its chain value does not continue/);
  });

  it('a segment of a later version is named, and nothing is changed', async () => {
    const directory = temporaryDirectory();
    await writeGroups({ directory }, [['one']]);
    const path = join(directory, FIRST_SEGMENT);
    const bytes = readFileSync(path);
    bytes.writeUInt32LE(3, 8);
    bytes.writeUInt32LE(crc32c(bytes, 0, 60), 60);
    writeFileSync(path, bytes);
    const refusal =
      /later version of Fermata: .*format version 3, this program reads up to 2.*Start the version/s;
    await expect(openJournal({ directory })).rejects.toThrow(refusal);
    expect(() => sequencesOf(directory)).toThrow(refusal);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });
});
