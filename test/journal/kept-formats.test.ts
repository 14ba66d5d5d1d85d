import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { EngineConfig } from '../../src/engine/config.js';
import { createEngine } from '../../src/engine/engine.js';
import { FORMAT_VERSION } from '../../src/trader/journal/format.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { listSegments } from '../../src/trader/journal/segments.js';
import { type BusyOutcome, busyConfig, busyOutcome } from '../journals/busy-past.js';
import { outcomeOf, PAST_KINDS, type PastOutcome, pastConfig } from '../journals/past-desk.js';
import { note, temporaryDirectory } from './records.js';

const KEPT = fileURLToPath(new URL('../journals', import.meta.url));
const FORMATS = Array.from({ length: FORMAT_VERSION }, (_, at) => `v${at + 1}`);
/** A note comes to nothing but one record more. */
const GONE_ON = { records: expect.any(Number), hash: expect.any(String) };

const isSegment = (name: string): boolean => name.endsWith('.journal');

interface Kept {
  /** Of its folder. */
  readonly name: string;
  readonly config: () => EngineConfig;
}

/** One desk's history, in each format. */
const PASTS: readonly Kept[] = FORMATS.flatMap((format) =>
  PAST_KINDS.map((kind) => ({ name: `${format}-${kind}`, config: () => pastConfig(kind) })),
);

/** Whole runs of the simulation. */
const BUSY: readonly Kept[] = [
  'v2-busy',
  'v2-busy-golive',
  'v2-busy-coins',
  'v2-busy-linear',
  'v2-busy-amended',
  'v2-busy-trades',
].map((name) => ({
  name,
  config: () => busyConfig(join(KEPT, name)),
}));

function copyOf({ name }: Kept): string {
  const directory = join(temporaryDirectory(), 'journal');
  mkdirSync(directory);
  for (const file of readdirSync(join(KEPT, name))) {
    if (isSegment(file)) cpSync(join(KEPT, name, file), join(directory, file));
  }
  return directory;
}

function keptOutcome({ name }: Kept): PastOutcome {
  const { along: _, ...outcome } = keptAlong(name);
  return outcome;
}

function keptAlong(name: string): BusyOutcome {
  return JSON.parse(readFileSync(join(KEPT, name, 'outcome.json'), 'utf8')) as BusyOutcome;
}

function replay(directory: string, { config }: Kept): PastOutcome {
  const engine = createEngine(config());
  let records = 0;
  for (const { record } of readJournal(directory)) {
    engine.apply(record);
    records += 1;
  }
  return outcomeOf(engine.view, records);
}

describe.each([...PASTS, ...BUSY].map((kept) => [kept.name, kept] as const))(
  'the journal that was kept as %s',
  (name, kept) => {
    it('comes to the cash, positions, orders, halts and permissions that it had then', () => {
      expect(replay(copyOf(kept), kept)).toEqual(keptOutcome(kept));
    });

    it('is continued where it ended, and read as one', async () => {
      const directory = copyOf(kept);
      const { journal, torn } = await openJournal({ directory });
      const { records } = keptOutcome(kept);
      expect([journal.incarnation, journal.lastSequence, torn]).toEqual([
        kept.config().incarnation,
        records,
        null,
      ]);
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
      const directory = copyOf(kept);
      const { journal } = await openJournal({ directory });
      await journal.whenDurable(journal.append(note('gone on'), 1_800_000_000_000, 1));
      await journal.close();
      const last = readFileSync(join(directory, listSegments(directory).at(-1)!.name));
      expect(last.readUInt32LE(8)).toBe(FORMAT_VERSION);
      for (const file of readdirSync(join(KEPT, name)).filter(isSegment)) {
        const kept = readFileSync(join(KEPT, name, file));
        expect(readFileSync(join(directory, file)).subarray(0, kept.length).equals(kept)).toBe(true);
      }
      expect(replay(directory, kept)).toMatchObject({ ...keptOutcome(kept), ...GONE_ON });
    });
  },
);

it.each(BUSY)('$name comes to the same all the way, not at its end alone', (kept) => {
  expect(busyOutcome(copyOf(kept), kept.config())).toEqual(keptAlong(kept.name));
});

it('is what it was: nothing that is kept was changed or taken away, and all of it is on the list', () => {
  const listed = readFileSync(join(KEPT, 'kept.sha256'), 'utf8').trim().split('\n');
  const found = readdirSync(KEPT, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^v\d+-[a-z-]+\/./.test(path))
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
  expect(kept.sort()).toEqual([...PASTS, ...BUSY].map(({ name }) => name).sort());
});
