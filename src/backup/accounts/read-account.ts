/** Reads the journal of a paper account that is not in use: its end, and the state that a replay gives. */
import { applyRecord } from '../../engine/apply-record.js';
import { cashUnits } from '../../engine/books.js';
import { createState, type EngineState } from '../../engine/state.js';
import { digestJournal } from '../copy-journal.js';
import type { RestingAccount } from '../manifest.js';

export type AccountReading = Pick<RestingAccount, 'account' | 'journal' | 'holds'>;

/** Throws `JournalCorrupt`, or RangeError if a record contradicts an earlier one. */
export async function readAccount(journalDirectory: string): Promise<AccountReading> {
  const state = createState();
  const journal = await digestJournal(journalDirectory, (record) => applyRecord(state, record));
  return { account: state.config?.account ?? '', journal, holds: holdsOf(state) };
}

/** Only figures that a later version computes in the same way: its drill also restores backups of this version. */
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
