/** What the journal of a resting account says: its end, and what a replay of it comes to. */
import { applyRecord } from '../../engine/apply-record.js';
import { cashUnits } from '../../engine/books.js';
import { createState, type EngineState } from '../../engine/state.js';
import { digestJournal } from '../copy-journal.js';
import type { RestingAccount } from '../manifest.js';

export type AccountReading = Pick<RestingAccount, 'account' | 'journal' | 'holds'>;

/** Throws `JournalCorrupt`, or RangeError where a record contradicts what came before it. */
export async function readAccount(journalDirectory: string): Promise<AccountReading> {
  const state = createState();
  const journal = await digestJournal(journalDirectory, (record) => applyRecord(state, record));
  return { account: state.config?.account ?? '', journal, holds: holdsOf(state) };
}

/** Figures that a later version computes alike: its drill restores backups of this one too. */
function holdsOf(state: EngineState): RestingAccount['holds'] {
  const { config, counters, live, halts, positions } = state;
  return {
    fills: counters.fills,
    openOrders: live.reduce((sum, orders) => sum + orders.size, 0),
    halts: halts.length,
    cash: Number(cashUnits(state)),
    positions: positions.flatMap(({ quantityLots }, index) =>
      quantityLots === 0 ? [] : [{ symbol: config?.symbols[index] ?? '', quantityLots }],
    ),
  };
}
