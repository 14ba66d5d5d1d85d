/** What one journal entry changes in the ledger's tables. */
import type { Instrument } from '../../domain/instrument.js';
import type { EngineRecord, JournalEntry } from '../../engine/record.js';
import type { PoolClient } from '../../store/pool.js';
import { LedgerMismatch } from '../ledger-mismatch.js';
import { projectCash } from './cash.js';
import { projectEquity } from './equity.js';
import { projectFill } from './fill.js';
import { projectArmed, projectHalt } from './halt.js';
import { projectOrder, projectOrderAmended, projectOrderState } from './order.js';
import { projectAdopted } from './position.js';
import { projectSettings } from './settings.js';

export interface Projection {
  readonly desk: string;
  readonly simulated: boolean;
  readonly account: string;
  /** Of the newest `config` entry: integers become decimal text with their steps. */
  readonly instruments: readonly Instrument[];
}

export type RecordOf<T extends EngineRecord['type']> = Extract<EngineRecord, { readonly type: T }>;

export async function projectRecord(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
): Promise<void> {
  const { record } = entry;
  switch (record.type) {
    case 'order.intended':
      return projectOrder(client, projection, entry, record, 'intended', '');
    case 'order.denied':
      return projectOrder(client, projection, entry, record, 'denied', `${record.limit}: ${record.reason}`);
    case 'order.state':
      return projectOrderState(client, projection, entry, record);
    case 'order.amended':
      return projectOrderAmended(client, projection, entry, record);
    case 'fill':
      return projectFill(client, projection, entry, record.fill);
    case 'position.adopted':
      return projectAdopted(client, projection, entry, record);
    case 'cash':
      return projectCash(client, projection, entry, record);
    case 'equity':
      return projectEquity(client, projection, entry, record);
    case 'halt':
      return projectHalt(client, projection, entry, record.halt);
    case 'armed':
      return projectArmed(client, projection, entry, record);
    case 'settings':
      return projectSettings(client, projection, entry, record);
    default:
      // Everything else is read from journal_entry.
      return;
  }
}

export function instrumentOf(projection: Projection, id: number): Instrument {
  const instrument = projection.instruments[id];
  if (!instrument)
    throw new LedgerMismatch(`the journal names instrument ${id}, and its configuration does not`);
  return instrument;
}
