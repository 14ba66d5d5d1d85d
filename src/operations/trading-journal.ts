import type { JournalNote } from '../contracts/published.js';
import { dayOfText } from '../domain/civil-date.js';
import { appendAudit } from '../store/audit.js';
import { inTransaction } from '../store/pool.js';
import { writeNote } from '../store/trading-journal.js';
import { readStatus } from '../trader/read-status.js';
import { datesOf } from '../trader/zone-offset.js';
import type { Caller, OperationContext } from './operation.js';

export interface NoteRequest {
  readonly text: string;
  /** One of the desk's days that has begun, for example `2026-07-15`; absent: today. */
  readonly date?: string | undefined;
}

export type Noted =
  | { readonly ok: true; readonly date: string; readonly note: JournalNote }
  | { readonly ok: false; readonly detail: string };

/** Adds a person's note to one of the desk's days. Without a trader, today is by this machine's clock. */
export async function noteInJournal(
  context: Pick<OperationContext, 'desk' | 'pool' | 'trader' | 'nowMs'>,
  { person, via }: Caller,
  { text, date: asked }: NoteRequest,
): Promise<Noted> {
  const { desk, pool } = context;
  const status = await readStatus(context).catch(() => null);
  const marketMs = status?.marketData.marketMs ?? context.nowMs();
  const today = datesOf(desk)(marketMs);
  const date = asked ?? today;
  if (dayOfText(date) === null || date > today) {
    const detail = `Expected a day of the desk up to ${today}, found ${date}. Nothing was noted.`;
    return { ok: false, detail };
  }
  return inTransaction(pool, async (client) => {
    const note = await writeNote(client, { desk: desk.desk, date, person, text });
    const parameters = { date, text };
    const outcome = `note ${note.id}`;
    await appendAudit(client, {
      ...{ desk: desk.desk, person, via, action: 'noteInJournal', parameters, outcome },
    });
    return { ok: true, date, note };
  });
}
