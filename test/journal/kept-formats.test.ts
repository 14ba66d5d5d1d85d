import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/engine/engine.js';
import { FORMAT_VERSION } from '../../src/trader/journal/format.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { listSegments } from '../../src/trader/journal/segments.js';
import { outcomeOf, PAST_KINDS, type PastKind, type PastOutcome, pastConfig } from '../journals/past-desk.js';
import { note, temporaryDirectory } from './records.js';

const KEPT = fileURLToPath(new URL('../journals', import.meta.url));
const FORMATS = Array.from({ length: FORMAT_VERSION }, (_, at) => `v${at + 1}`);
/** A note comes to nothing but one record more. */
const GONE_ON = { records: expect.any(Number), hash: expect.any(String) };

const isSegment = (name: string): boolean => name.endsWith('.journal');

function copyOf(format: string, kind: PastKind): string {
  const directory = join(temporaryDirectory(), 'journal');
  mkdirSync(directory);
  const from = join(KEPT, `${format}-${kind}`);
  for (const file of readdirSync(from)) {
    if (isSegment(file)) cpSync(join(from, file), join(directory, file));
  }
  return directory;
}

function keptOutcome(format: string, kind: PastKind): PastOutcome {
  return JSON.parse(readFileSync(join(KEPT, `${format}-${kind}`, 'outcome.json'), 'utf8')) as PastOutcome;
}

function replay(directory: string, kind: PastKind): PastOutcome {
  const engine = createEngine(pastConfig(kind));
  let records = 0;
  for (const { record } of readJournal(directory)) {
    engine.apply(record);
    records += 1;
  }
  return outcomeOf(engine.view, records);
}

describe.each(FORMATS.flatMap((format) => PAST_KINDS.map((kind) => [format, kind] as const)))(
  'a journal that was written as %s on a %s account',
  (format, kind) => {
    it('comes to the cash, positions, orders, halts and permissions that it had then', () => {
      expect(replay(copyOf(format, kind), kind)).toEqual(keptOutcome(format, kind));
    });

    it('is continued where it ended, and read as one', async () => {
      const directory = copyOf(format, kind);
      const { journal, torn } = await openJournal({ directory });
      const { records } = keptOutcome(format, kind);
      expect([journal.incarnation, journal.lastSequence, torn]).toEqual(['abc123', records, null]);
      const halt = { type: 'note', text: 'gone on' };
      await journal.whenDurable(journal.append(note('gone on'), 1_800_000_000_000));
      await journal.close();
      const entries = [...readJournal(directory)];
      expect(entries.map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: records + 1 }, (_, at) => at + 1),
      );
      expect(entries.at(-1)?.record).toMatchObject(halt);
      const reopened = await openJournal({ directory });
      expect(reopened.journal.lastSequence).toBe(records + 1);
      await reopened.journal.close();
    });

    it('goes on in the format of today, and what it was is not touched', async () => {
      const directory = copyOf(format, kind);
      const { journal } = await openJournal({ directory });
      await journal.whenDurable(journal.append(note('gone on'), 1_800_000_000_000, 1));
      await journal.close();
      const last = readFileSync(join(directory, listSegments(directory).at(-1)!.name));
      expect(last.readUInt32LE(8)).toBe(FORMAT_VERSION);
      for (const name of readdirSync(join(KEPT, `${format}-${kind}`)).filter(isSegment)) {
        const kept = readFileSync(join(KEPT, `${format}-${kind}`, name));
        expect(readFileSync(join(directory, name)).subarray(0, kept.length).equals(kept)).toBe(true);
      }
      expect(replay(directory, kind)).toMatchObject({ ...keptOutcome(format, kind), ...GONE_ON });
    });
  },
);

it('is what it was: nothing that is kept was changed or taken away, and all of it is on the list', () => {
  const listed = readFileSync(join(KEPT, 'kept.sha256'), 'utf8').trim().split('\n');
  const found = readdirSync(KEPT, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^v\d+-[a-z]+\/./.test(path))
    .map((path) => {
      const hash = createHash('sha256')
        .update(readFileSync(join(KEPT, path)))
        .digest('hex');
      return `${hash}  ${path}`;
    });
  expect(found.sort()).toEqual(listed.sort());
});

it('has every kind of journal for each format that was ever written', () => {
  const kept = readdirSync(KEPT).filter((name) => /^v\d+-/.test(name));
  expect(kept.sort()).toEqual(
    FORMATS.flatMap((format) => PAST_KINDS.map((kind) => `${format}-${kind}`)).sort(),
  );
});
