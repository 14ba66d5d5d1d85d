/** Which of the desk's days a journal contains, and where each begins and ends in it. */
import { PAPER_ACCOUNT } from '../../domain/account-name.js';
import type { DeskCalendar } from '../../domain/trading-day.js';
import { datesOf, tradingDaysOf } from '../../domain/zone-offset.js';
import type { EngineRecord } from '../../engine/record.js';
import { readJournal } from '../../trader/journal/read-journal.js';
import { refuseDamagedEnd } from '../../trader/journal/repair.js';

/** One day. `first` and `last`: sequences in the journal, both included. */
export interface RecordedDay {
  readonly date: string;
  readonly first: number;
  readonly last: number;
  /** Market milliseconds of `first`. */
  readonly fromMs: number;
  /**
   * Market milliseconds up to which its trader is known to have run: the day's last one if the next record is of
   * the same run, otherwise that of `last`.
   */
  readonly toMs: number;
  /** The day's last market millisecond. */
  readonly endMs: number;
  /** Account that was traded at the end of the day. */
  readonly account: string;
}

export interface TimedRecord {
  readonly sequence: number;
  /** The latest market time known at this record. */
  readonly marketMs: number;
  readonly record: EngineRecord;
}

/**
 * Oldest first. Only reads, so it is safe while a trader is writing. Throws `JournalCorrupt` with the damaged
 * segment, or `JournalTooNew`.
 */
export function recordedDays(journal: string, calendar: DeskCalendar): RecordedDay[] {
  refuseDamagedEnd(journal);
  const dateOf = datesOf(calendar);
  const { endOfDay } = tradingDaysOf(calendar);
  const days = new Map<string, Day>();
  let account = PAPER_ACCOUNT;
  let newest: Day | null = null;
  /** The day before the newest record, until a record of a later time says whether its run goes on. */
  let open: { readonly day: Day; readonly atMs: number } | null = null;
  const goesOn = (): void => {
    if (open !== null) open.day.toMs = open.day.endMs;
    open = null;
  };
  for (const { sequence, marketMs, record } of timedRecords(journal)) {
    if (record.type === 'config') account = record.account ?? PAPER_ACCOUNT;
    const date = dateOf(marketMs);
    if (open !== null && marketMs !== open.atMs) goesOn();
    if (newest !== null && newest.date !== date) open = { day: newest, atMs: marketMs };
    if (isStart(record)) open = null;
    const day: Day = days.get(date) ?? {
      ...{ date, account, first: sequence, last: sequence },
      ...{ fromMs: marketMs, toMs: marketMs, endMs: endOfDay(marketMs) - 1 },
    };
    Object.assign(day, { account, last: sequence, toMs: marketMs });
    days.set(date, day);
    newest = day;
  }
  goesOn();
  return [...days.values()].sort((a, b) => (a.date < b.date ? -1 : 1));
}

type Day = { -readonly [Key in keyof RecordedDay]: RecordedDay[Key] };

/** A trader began. All records of its start are of one market time. */
export const isStart = (record: EngineRecord): boolean =>
  record.type === 'halt' && record.halt.cause === 'startup';

/** From the start of the journal. */
export function* timedRecords(journal: string): Generator<TimedRecord> {
  let marketMs = 0;
  for (const { sequence, record } of readJournal(journal)) {
    const said = marketMsOf(record);
    // A venue dates a fill earlier than we learn of it. A `config` record may set time back: another market.
    marketMs = record.type === 'config' ? said : Math.max(marketMs, said);
    yield { sequence, marketMs, record };
  }
}

function marketMsOf(record: EngineRecord): number {
  if (record.type === 'fill' || record.type === 'fill.foreign') return record.fill.marketMs;
  return record.type === 'halt' ? record.halt.atMarketMs : record.marketMs;
}
