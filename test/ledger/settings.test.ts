import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/engine/record.js';
import { projectRecord } from '../../src/ledger/project/project-record.js';
import { readSettingsChanges } from '../../src/store/settings-changes.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const ENTRY: JournalEntry = {
  incarnation: 'abc123',
  sequence: 7,
  wallMs: Date.parse('2026-01-05T10:00:00Z'),
  chain: 'c',
  record: {
    type: 'settings',
    version: 1,
    changes: [{ key: 'risk.stopLossPct', from: 5, to: 6 }],
    changed: { 'risk.stopLossPct': 6 },
    fileValues: { 'risk.stopLossPct': 5 },
    configHash: 'c0ffee',
    by: 'otto',
    reason: 'more room',
    approvedBy: ['anna'],
    marketMs: Date.parse('2026-01-05T09:00:00Z'),
  },
};

it('keeps a change of settings once, with who, why and who approved, and nobody can alter it', async () => {
  const projection = {
    desk: 'crypto-bot',
    simulated: true,
    account: 'paper',
    instruments: [],
    scales: new Map(),
  };
  const client = await database.pool.connect();
  try {
    await projectRecord(client, projection, ENTRY);
    await projectRecord(client, projection, ENTRY);
  } finally {
    client.release();
  }
  expect(await readSettingsChanges(database.pool, 'crypto-bot')).toEqual([
    {
      incarnation: 'abc123',
      version: 1,
      configHash: 'c0ffee',
      changes: [{ key: 'risk.stopLossPct', from: 5, to: 6 }],
      by: 'otto',
      reason: 'more room',
      approvedBy: ['anna'],
      marketMs: Date.parse('2026-01-05T09:00:00Z'),
      wallMs: ENTRY.wallMs,
    },
  ]);
  await expect(database.pool.query("update settings_change set by_whom = 'x'")).rejects.toThrow(/permission/);
  await expect(database.ownerPool.query('delete from settings_change')).rejects.toThrow(/append-only/);
});
