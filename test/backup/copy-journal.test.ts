/** What of a journal's end a backup takes: a tail that is being written is left out, damage is refused. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { copyJournal } from '../../src/backup/accounts/set-aside.js';
import { temporaryDirectory, writeGroups } from '../journal/records.js';

const SEGMENT = '0000000000000001.journal';
const HEADER_BYTES = 64;

async function journalOfFour(): Promise<{ from: string; file: string; bytes: Buffer }> {
  const from = temporaryDirectory();
  await writeGroups({ directory: from }, [['one'], ['two'], ['three'], ['four']]);
  const file = join(from, SEGMENT);
  return { from, file, bytes: readFileSync(file) };
}

it('fails for a damaged group with whole groups behind it, instead of leaving them out', async () => {
  const { from, file, bytes } = await journalOfFour();
  bytes[HEADER_BYTES + 20]! ^= 0x5a;
  writeFileSync(file, bytes);
  await expect(copyJournal(from, join(temporaryDirectory(), 'copy'))).rejects.toThrow(
    /damaged: segment 0000000000000001\.journal, byte 64/,
  );
});

it('leaves out a group that is only partly on disk', async () => {
  const { from, file, bytes } = await journalOfFour();
  writeFileSync(file, bytes.subarray(0, -3));
  expect(await copyJournal(from, join(temporaryDirectory(), 'copy'))).toMatchObject({ lastSequence: 3 });
});
