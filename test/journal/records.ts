/** Small records and folders for journal tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { EngineRecord } from '../../src/engine/record.js';
import { type OpenJournalOptions, openJournal } from '../../src/trader/journal/open-journal.js';

export function note(text: string): EngineRecord {
  return { type: 'note', level: 'info', text, strategy: null, symbol: null, marketMs: 0 };
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'fermata-journal-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Writes `groups` one after the other, each durable before the next, and closes. */
export async function writeGroups(
  options: OpenJournalOptions,
  groups: readonly (readonly string[])[],
): Promise<void> {
  const { journal } = await openJournal(options);
  for (const group of groups) {
    for (const text of group) journal.append(note(text), 1_700_000_000_000);
    await journal.whenDurable(journal.lastSequence);
  }
  await journal.close();
}
