/** A journal that was put back to the past under a venue that has gone on. */
import { cpSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { recordsIn, type TraderHome, type TraderProcess, traderHome } from './spawn-trader.js';

async function end({ child, exited }: TraderProcess): Promise<void> {
  child.kill('SIGTERM');
  await exited;
}

async function tradedOn(home: TraderHome, fills: number): Promise<void> {
  const running = await home.start();
  await home.arm();
  await home.until((status) => status.fills > fills);
  await end(running);
}

const clean = (home: TraderHome) => home.until(({ reconciliation }) => reconciliation.state === 'clean');

it('comes up HALTED for a person under a new incarnation, and holds what the venue holds', async () => {
  const home = traderHome();
  await tradedOn(home, 0);
  const yesterday = join(home.runtime.home, 'yesterday');
  cpSync(home.journal, yesterday, { recursive: true });
  const before = [...readJournal(home.journal)].at(-1)!;
  await tradedOn(home, recordsIn(home.journal, 'fill').length);
  const today = [...readJournal(home.journal)].at(-1)!;

  rmSync(home.journal, { recursive: true });
  cpSync(yesterday, home.journal, { recursive: true });
  const running = await home.start();
  const back = await clean(home);
  expect(back.incarnation).not.toBe(before.incarnation);
  const halt = back.halts.find(({ cause }) => cause === 'reconciliation');
  expect(halt).toMatchObject({ mode: 'HALTED', resume: 'person', by: 'fermata' });
  expect(halt?.reason).toContain(`the journal ends at entry ${before.sequence} and had`);
  expect(today.sequence).toBeGreaterThan(before.sequence);
  await expect(home.arm()).rejects.toThrow(/not lifted by this/);
  const proof = await home.client.call('flatProof', {});
  const held = (positions: readonly { symbol: string; quantity: string }[]) =>
    positions.map(({ symbol, quantity }) => `${symbol} ${quantity}`).sort();
  expect(held(proof.venuePositions)).toEqual(held(back.positions));
  expect(
    readdirSync(dirname(home.journal)).filter((name) => name.startsWith('journal-set-back-')),
  ).toHaveLength(1);
  await end(running);

  await home.start();
  const again = await clean(home);
  expect(again.incarnation).toBe(back.incarnation);
  expect(again.halts.some(({ cause }) => cause === 'reconciliation')).toBe(true);
});

it('finds its copy again where it was ended between putting the old away and the new in its place', async () => {
  const home = traderHome();
  await end(await home.start());
  const { incarnation } = [...readJournal(home.journal)].at(-1)!;
  renameSync(home.journal, `${home.journal}.next`);
  await home.start();
  expect((await clean(home)).incarnation).toBe(incarnation);
});
