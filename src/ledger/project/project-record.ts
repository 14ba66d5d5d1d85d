/** What one journal entry changes in the ledger's tables. */

import type { JournalEntry } from '../../engine/record.js';
import type { PoolClient } from '../../store/pool.js';
import { projectCash } from './cash.js';
import { projectEquity } from './equity.js';
import { projectFill } from './fill.js';
import { projectArmed, projectHalt } from './halt.js';
import { projectOrder, projectOrderAmended, projectOrderState } from './order.js';
import { projectAdopted, projectClaimed, projectDividend, projectSplit } from './position.js';
import type { Projection } from './projection.js';
import { projectSettings } from './settings.js';
import { projectTradeClosed } from './trade.js';

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
    case 'coins.claimed':
      return projectClaimed(client, projection, entry, record);
    case 'split':
      return projectSplit(client, projection, entry, record);
    case 'dividend':
      return projectDividend(client, projection, entry, record);
    case 'cash':
      return projectCash(client, projection, entry, record);
    case 'equity':
      return projectEquity(client, projection, entry, record);
    case 'trade.closed':
      return projectTradeClosed(client, projection, entry, record);
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
