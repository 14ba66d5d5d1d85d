/** A day that was traded and journaled: minutes that a desk was run on, and the journal that came of it. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type RecordedDay, recordedDays } from '../../../src/backtest/past-day/read-days.js';
import { recordedBars } from '../../../src/cli/past-bars.js';
import type { MarketBar } from '../../../src/contracts/market-feed.js';
import type { EngineConfig } from '../../../src/engine/config.js';
import type { EngineRecord, JournalEntry } from '../../../src/engine/record.js';
import { buildInstruments, engineConfig } from '../../../src/trader/engine-config.js';
import { openJournal } from '../../../src/trader/journal/open-journal.js';
import { readJournal } from '../../../src/trader/journal/read-journal.js';
import { validationPlace } from '../../../src/validation/request.js';
import { PAPER_CAPABILITIES } from '../../../src/venue/paper/capabilities.js';
import {
  HOUR_MS,
  loaded,
  recorded,
  validate,
  waves,
  writeMinutes,
} from '../../validation/support/validations.js';

export const UTC = { timezone: 'UTC', dayBoundary: '00:00' } as const;
export const DATE = '2026-03-02';

export interface TradedDay {
  readonly journal: string;
  readonly file: string;
  readonly bars: readonly MarketBar[];
  readonly entries: readonly JournalEntry[];
}

/** Ten hours of waves, in `folder`. */
export async function tradedDay(folder: string): Promise<TradedDay> {
  const file = writeMinutes(folder, waves(10 * 60 + 5));
  await validate(folder, { market: recorded(file), durationMs: 10 * HOUR_MS });
  const journal = join(folder, 'journal-of-the-day');
  mkdirSync(journal);
  cpSync(validationPlace(folder, 'v1').journal, journal, { recursive: true });
  const bars = await recordedBars([{ symbol: null, file }], loaded.desk, buildInstruments(loaded.desk));
  return { journal, file, bars, entries: [...readJournal(journal)] };
}

export const dayOf = (journal: string): RecordedDay => recordedDays(journal, UTC)[0]!;

/** As the desk file has it; `parameters` of its averages instead. */
export function configOf(changes: Record<string, number> = {}, configHash = loaded.configHash): EngineConfig {
  const { desk } = loaded;
  const instruments = buildInstruments(desk);
  const strategies = desk.strategies.map((strategy) => ({
    ...strategy,
    parameters: { ...strategy.parameters, ...changes },
  }));
  const capabilities = PAPER_CAPABILITIES;
  return engineConfig({ ...desk, strategies }, configHash, 'replay', instruments, capabilities);
}

/** Another journal with these records. */
export async function journalWith(
  directory: string,
  entries: readonly JournalEntry[],
  change: (record: EngineRecord) => EngineRecord,
): Promise<string> {
  const { journal } = await openJournal({ directory, drawIncarnation: () => entries[0]!.incarnation });
  for (const { record, wallMs } of entries) journal.append(change(record), wallMs, 0);
  await journal.whenDurable(journal.lastSequence);
  await journal.close();
  return directory;
}
