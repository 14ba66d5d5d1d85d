/** A database of its own and the shared Temporal server, as the operations use them. */
import { openTemporal, type TemporalAccess } from '../../src/temporal/open-temporal.js';
import { createTestDatabase, type TestDatabase } from './postgres.js';
import { sharedTemporal } from './temporal.js';

export interface Stores {
  readonly database: TestDatabase;
  readonly temporal: TemporalAccess;
  close(): Promise<void>;
}

export async function openStores(): Promise<Stores> {
  const database = await createTestDatabase();
  const temporal = openTemporal({ home: null, temporal: await sharedTemporal() });
  const close = async (): Promise<void> => {
    await temporal.close();
    await database.drop();
  };
  return { database, temporal, close };
}
