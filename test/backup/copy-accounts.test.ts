/** Which accounts get into a backup, whatever the trader does with them meanwhile. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { type CopyOptions, copyAccounts } from '../../src/backup/accounts/copy-accounts.js';
import { type DeskPaths, deskPaths, homePaths } from '../../src/home/runtime.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { DESK, RESTING, writeAccountSetAside } from './desk-to-back-up.js';

const IN_USE = 'simulated-303-seed-7';
let paths: DeskPaths;
let into: string;
beforeEach(async () => {
  const home = mkdtempSync(join(tmpdir(), 'fermata-accounts-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  paths = deskPaths(homePaths(home), DESK);
  into = join(home, 'copied');
  mkdirSync(into);
  await writeAccountSetAside(paths.restingAccounts, IN_USE);
  renameSync(resting(IN_USE), paths.account);
  await writeAccountSetAside(paths.restingAccounts, RESTING);
});

const resting = (name: string): string => join(paths.restingAccounts, name);
const endOf = (journal: string): string | undefined => [...readJournal(journal)].at(-1)?.chain;

async function copied(options: CopyOptions = {}) {
  const folder = join(into, `${readdirSync(into).length}`);
  mkdirSync(folder);
  return (await copyAccounts(paths, folder, options)).resting;
}

it('keeps accounts set aside as far as there is room, the newest first, and names the others', async () => {
  const names = ['live-binance', 'recorded-1', RESTING, 'simulated-303-seed-9'];
  for (const [index, name] of names.entries()) {
    if (name !== RESTING) await writeAccountSetAside(paths.restingAccounts, name);
    for (const file of readdirSync(join(resting(name), 'journal')))
      utimesSync(join(resting(name), 'journal', file), 1_000 + index, 1_000 + index);
  }
  mkdirSync(resting('notes'));
  const all = await copied();
  expect(all.kept.map(({ name }) => name)).toEqual(names);
  expect(all.leftOut).toEqual([{ name: 'notes', why: 'it has no journal' }]);
  const few = await copied({ limits: { accountsMax: 2, bytesMax: 1e9 } });
  expect(few.kept.map(({ name }) => name)).toEqual([RESTING, 'simulated-303-seed-9']);
  expect(few.leftOut[0]).toEqual({
    name: 'live-binance',
    why: 'a backup holds 2 accounts set aside at most',
  });
  const small = await copied({ limits: { accountsMax: 100, bytesMax: 1_000 } });
  expect(small.kept).toEqual([]);
  expect(small.leftOut.map(({ why }) => why).join()).toContain('would take more than 1000');
});

const moments = {
  'before the first file is copied': async () => {},
  'when the one in use is copied': async () => {
    while (!existsSync(join(into, 'paper-book'))) await nextTurn();
  },
};
it.each(Object.entries(moments))(
  'copies again where the trader takes up another account %s: each is there once',
  async (_when, moment) => {
    const [used, rested] = [endOf(paths.journal), endOf(join(resting(RESTING), 'journal'))];
    const copying = copyAccounts(paths, into);
    await moment();
    // What the trader does at a start on other prices.
    writeFileSync(paths.rulesFrom, IN_USE);
    renameSync(paths.account, resting(IN_USE));
    renameSync(resting(RESTING), paths.account);
    const { journal, resting: accounts } = await copying;
    expect(journal?.chain).toBe(rested);
    expect(accounts.kept.map(({ name, journal: end }) => [name, end.chain])).toEqual([[IN_USE, used]]);
    expect(readFileSync(join(into, 'rules-from'), 'utf8')).toBe(IN_USE);
  },
);

it('gives up where accounts are moved all the time, and leaves nothing', async () => {
  let over = false;
  const copying = copyAccounts(paths, into).finally(() => {
    over = true;
  });
  const outcome = expect(copying).rejects.toThrow('took up another paper account 3 times');
  for (let name = RESTING; !over; ) {
    const next = `${RESTING}-${Math.random()}`;
    renameSync(resting(name), resting(next));
    name = next;
    await nextTurn();
  }
  await outcome;
  expect(readdirSync(into)).toEqual([]);
});
