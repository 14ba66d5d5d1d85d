/** A journal that was put back to the past under a venue that has gone on. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { resetPaper } from '../../src/cli/commands/paper.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { beginHalted } from '../../src/trader/journal/begin-anew.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { tradedAccount } from '../../src/trader/open-trader.js';
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

/** As a person does whom the error about a damaged journal tells to. Returns the entries that it had. */
function moveAway({ journal, runtime }: TraderHome): number {
  const entries = [...readJournal(journal)].length;
  const elsewhere = mkdtempSync(join(runtime.home, 'elsewhere-'));
  for (const name of readdirSync(journal).filter((file) => file.endsWith('.journal')))
    renameSync(join(journal, name), join(elsewhere, name));
  return entries;
}

const stop = { commandId: 'of-the-person', by: 'anna', reason: 'prices look odd' };

it('comes up HALTED for a person where the journal is gone, and a person’s stop with it', async () => {
  const home = traderHome();
  const first = await home.start();
  const before = await clean(home);
  await home.client.call('stop', stop);
  await end(first);
  const entries = moveAway(home);

  const second = await home.start();
  const anew = await clean(home);
  expect(anew.incarnation).not.toBe(before.incarnation);
  const halt = anew.halts.find(({ cause }) => cause === 'person');
  expect(halt).toMatchObject({ mode: 'HALTED', resume: 'person', by: 'fermata' });
  const [, came] =
    /^the journal is gone: it had come to entry (\d+) or further\./.exec(halt?.reason ?? '') ?? [];
  expect(Number(came)).toBeGreaterThan(0);
  expect(Number(came)).toBeLessThanOrEqual(entries);
  await expect(home.arm()).rejects.toThrow(/not lifted by this/);
  await end(second);

  await home.start();
  const again = await clean(home);
  expect(again.incarnation).toBe(anew.incarnation);
  expect(again.halts.filter(({ cause }) => cause === 'person')).toHaveLength(1);
});

it('begins with the balance of its account at a venue where the journal is gone, as at a first start', async () => {
  const directory = join(mkdtempSync(join(tmpdir(), 'gone-')), 'journal');
  const { journal } = await openJournal({ directory });
  await beginHalted(journal, { abcdef: 12 }, Date.now());
  const port = { balances: async () => ({ cash: 500_000_000_000 }), serverTime: async () => 1_234 };
  const venue = { port, account: 'live/binance' } as unknown as Parameters<typeof tradedAccount>[0];
  const traded = await tradedAccount(venue, journal, 'live', () => null);
  expect(traded).toMatchObject({ startingCash: 500_000_000_000, historyBeginsMs: 1_234 });
  await journal.close();
  rmSync(dirname(directory), { recursive: true });
});

it('comes up HALTED for a person after a reset of the paper account, too, where its journal was gone by then', async () => {
  const home = traderHome();
  const first = await home.start();
  await clean(home);
  await home.client.call('stop', stop);
  await end(first);
  moveAway(home);
  mkdirSync(homePaths(home.runtime.home).run, { recursive: true });
  resetPaper(home.runtime.home, home.runtime.desk, new Date());
  await home.start();
  const { halts } = await clean(home);
  expect(halts.map(({ cause }) => cause)).toContain('person');
});

it('comes up HALTED for a person on an account that was set aside and whose journal is gone', async () => {
  const home = traderHome();
  const { restingAccounts } = deskPaths(homePaths(home.runtime.home), home.runtime.desk);
  await end(await home.start());
  home.changeMarket({ seed: 8 });
  await end(await home.start());
  const [rests = ''] = readdirSync(restingAccounts);
  moveAway({ ...home, journal: join(restingAccounts, rests, 'journal') });
  home.changeMarket({});
  const third = await home.start();
  const back = await clean(home);
  expect(back.account.name).toBe(`paper/${rests}`);
  expect(back.halts.map(({ cause }) => cause)).toContain('person');
  await end(third);

  // What halts it goes along to the account of other prices.
  moveAway(home);
  home.changeMarket({ seed: 8 });
  await home.start();
  const other = await clean(home);
  expect(other.account.resting).toContain('journal-gone');
  expect(other.halts.find(({ cause }) => cause === 'person')?.reason).toMatch(/^the journal is gone/);
});

it('finds its copy again where it was ended between putting the old away and the new in its place', async () => {
  const home = traderHome();
  await end(await home.start());
  const { incarnation } = [...readJournal(home.journal)].at(-1)!;
  renameSync(home.journal, `${home.journal}.next`);
  await home.start();
  expect((await clean(home)).incarnation).toBe(incarnation);
});
