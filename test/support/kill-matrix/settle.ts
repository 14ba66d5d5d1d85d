/** Between two cells: everything runs, the desk trades, and everything that is kept fits together. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { deskPaths, homePaths } from '../../../src/home/runtime.js';
import { verifyLedger } from '../../../src/ledger/verify-ledger.js';
import { until } from '../eventually.js';
import { type Bench, OPERATOR } from './bench.js';
import { untilAllRun } from './victims.js';

const PATIENCE_MS = 120_000;

export async function settle(bench: Bench): Promise<void> {
  await untilAllRun(bench);
  await untilTrading(bench);
  await untilLedgerIsLevel(bench);
  await doWhatIsAsked(bench);
  expect(await bench.operations.verifyEvidence()).toMatchObject({ ok: true });
  await until('the book agrees with the venue', async () => {
    const { reconciliation } = await bench.operations.readStatus();
    if (reconciliation.state !== 'clean') throw new Error(reconciliation.differences.join('; '));
    return true;
  });
}

/** Each kill asks for a review of its incident: a list of a hundred tasks shows no other one. */
async function doWhatIsAsked({ operations }: Bench): Promise<void> {
  for (const { id } of await operations.listTasks({ state: 'open' }))
    await operations.completeTask(OPERATOR, { id, note: 'a process was killed' });
}

/** A person's stop is lifted by a person; everything else by the desk file's rules. */
async function untilTrading(bench: Bench): Promise<void> {
  await until(
    'the desk trades',
    async () => {
      const { mode, halts, reason, trading } = await bench.operations.readStatus();
      // Real money is armed by the people of the cell.
      if (mode === 'ACTIVE' || trading === 'live') return true;
      const byPerson = halts.some(({ resume }) => resume === 'person');
      if (byPerson) await bench.operations.resumeTrading(OPERATOR, { reason: 'the next cell' });
      throw new Error(`${mode}: ${reason}`);
    },
    PATIENCE_MS,
  );
}

/** Everything that the trader has written is in Postgres, exactly. */
export async function untilLedgerIsLevel({ runtime, pool }: Bench): Promise<void> {
  const { journal } = deskPaths(homePaths(runtime.home), runtime.desk);
  await until(
    'the ledger equals the journal',
    async () => {
      const proof = await verifyLedger(pool, runtime.desk, journal);
      if (!proof.equal) throw new Error(JSON.stringify(proof));
      return true;
    },
    PATIENCE_MS,
  );
}

/** Notices that could not be written while Postgres was away are taken in by the bot. */
export async function untilSpoolIsEmpty({ runtime }: Bench): Promise<void> {
  const folder = join(runtime.home, 'notify');
  await until('every notice is in Postgres', () => {
    const spooled = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.jsonl')) : [];
    if (spooled.length > 0) throw new Error(spooled.join(', '));
    return true;
  });
}
