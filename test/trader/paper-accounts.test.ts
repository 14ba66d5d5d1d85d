/** Prices of another source never meet the positions of this one, and what people decided holds on either. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { resetPaper } from '../../src/cli/commands/paper.js';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { recordsIn, type TraderHome, type TraderProcess, traderHome } from './spawn-trader.js';

const SIMULATED = 'simulated-303-seed-7';
/** Half of what the simulated market asks: met by its positions, that would be a loss beyond every limit. */
const OTHER_PRICES = { 'BTC/USDT': 30_000, 'ETH/USDT': 1_500 };

function onRecording(home: TraderHome): void {
  const files = Object.entries(OTHER_PRICES).map(([symbol, base]) => {
    const rows = Array.from({ length: 600 }, (_, minute) => {
      const price = base + (minute % 20);
      return `${(minute + 1) * 60_000},${price},${price + 1},${price - 1},${price},1`;
    });
    const file = join(home.runtime.home, `${base}.csv`);
    writeFileSync(file, `ts,open,high,low,close,volume\n${rows.join('\n')}\n`);
    return { symbol, file };
  });
  home.changeMarket({ kind: 'recorded', files, speed: 60 });
}

const onSimulated = (home: TraderHome) => home.changeMarket({});

async function end({ child, exited }: TraderProcess): Promise<void> {
  child.kill('SIGTERM');
  await exited;
}

const clean = (home: TraderHome) => home.until(({ reconciliation }) => reconciliation.state === 'clean');

const held = ({ positions }: TraderStatus) => positions.map(({ symbol, quantity }) => [symbol, quantity]);
const causes = ({ halts }: TraderStatus) => halts.map(({ cause }) => cause);
const person = { commandId: 'of-the-person', by: 'anna', reason: 'prices look odd' };

/** A lower daily loss limit, half the size, and one strategy off: its name. */
async function tightened(home: TraderHome): Promise<string> {
  const reload = { baseVersion: 0, decisions: [], approvalId: '', values: { 'risk.dailyLossLimitPct': 1 } };
  const strategy = (await home.status()).strategies[0]?.name ?? '';
  await home.client.call('reload', { ...person, commandId: 'tighter', ...reload });
  await home.client.call('toggle', { ...person, commandId: 'off', strategy, enabled: false });
  await home.client.call('resize', { ...person, commandId: 'smaller', sizePct: 50, decisions: [] });
  return strategy;
}

it('gives each price source an account of its own, and back the one that rested', async () => {
  const home = traderHome();
  const first = await home.start();
  await home.arm();
  await home.until(({ positions }) => positions.length > 0);
  await end(first);
  const fills = recordsIn(home.journal, 'fill').length;

  onRecording(home);
  const second = await home.start();
  const other = await clean(home);
  expect(other).toMatchObject({ positions: [], equity: '10000.00', fills: 0 });
  expect(other.account).toEqual({ name: expect.stringMatching(/^paper\/recorded-/), resting: [SIMULATED] });
  expect(causes(other)).toEqual(['startup']);
  expect(other.activity.map(({ text }) => text).join('\n')).toContain(`that of paper/${SIMULATED} rests`);
  await end(second);

  onSimulated(home);
  const third = await home.start();
  const back = await clean(home);
  expect(back.account.name).toBe(`paper/${SIMULATED}`);
  expect(back.incarnation).not.toBe(other.incarnation);
  expect(back.reconciliation.differences).toEqual([]);
  expect(back.fills).toBe(fills);
  expect(held(back)).not.toEqual([]);
  expect(causes(back)).not.toContain('drawdown');
  const equity = recordsIn(home.journal, 'equity').map((sample) => sample.equity / 1e8);
  expect(Math.min(...equity)).toBeGreaterThan(9_800);
  await end(third);

  onRecording(home);
  await home.start();
  expect((await clean(home)).incarnation).toBe(other.incarnation);
});

it('takes a person’s stop and tighter rules along, and nothing that allows more', async () => {
  const home = traderHome();
  const first = await home.start();
  await clean(home);
  const strategy = await tightened(home);
  await home.client.call('stop', person);
  await end(first);

  onRecording(home);
  const second = await home.start();
  const other = await clean(home);
  expect(other.halts).toContainEqual(
    expect.objectContaining({ cause: 'person', by: 'anna', resume: 'person' }),
  );
  expect(other.reason).toContain(`prices look odd (said while the desk traded on ${SIMULATED})`);
  expect(other.strategies.find(({ name }) => name === strategy)?.enabled).toBe(false);
  expect(other).toMatchObject({ sizePct: 50, settings: { changed: { 'risk.dailyLossLimitPct': 1 } } });
  await end(second);

  onRecording(home);
  const again = await home.start();
  expect((await clean(home)).halts.filter(({ cause }) => cause === 'person')).toHaveLength(1);
  await end(again);
});

it('takes a person’s stop along over a restore, too, and says that it is from before that', async () => {
  const home = traderHome();
  const { root, account, rulesFrom } = deskPaths(homePaths(home.runtime.home), home.runtime.desk);
  const first = await home.start();
  await clean(home);
  await home.client.call('stop', person);
  await end(first);

  // As a restore leaves it, from a backup that was made before the stop.
  mkdirSync(join(root, 'before-restore-2026-01-05'));
  renameSync(account, join(root, 'before-restore-2026-01-05', 'account'));
  writeFileSync(rulesFrom, join('..', 'before-restore-2026-01-05', 'account'));
  const second = await home.start();
  const { halts } = await clean(home);
  expect(halts.find(({ cause }) => cause === 'person')?.reason).toBe(
    'prices look odd (said before the desk was restored from a backup)',
  );
  await end(second);
});

it('takes tighter rules along over a reset of the paper account, which then begins with its balance', async () => {
  const home = traderHome();
  const paths = deskPaths(homePaths(home.runtime.home), home.runtime.desk);
  const first = await home.start();
  await clean(home);
  const strategy = await tightened(home);
  await end(first);

  mkdirSync(homePaths(home.runtime.home).run, { recursive: true });
  const { keptIn } = resetPaper(home.runtime.home, home.runtime.desk, new Date());
  expect(existsSync(join(keptIn, 'journal'))).toBe(true);
  const second = await home.start();
  const anew = await clean(home);
  expect(anew).toMatchObject({ equity: '10000.00', fills: 0, sizePct: 50 });
  expect(anew.settings.changed).toEqual({ 'risk.dailyLossLimitPct': 1 });
  expect(anew.strategies.find(({ name }) => name === strategy)?.enabled).toBe(false);
  expect(anew.activity.map(({ text }) => text).join('\n')).toContain(
    'said before the paper account was reset',
  );
  expect(existsSync(paths.rulesFrom)).toBe(false);
  await end(second);
});

it('loses neither account nor stop when it is ended in the middle of the change', async () => {
  const home = traderHome();
  const paths = deskPaths(homePaths(home.runtime.home), home.runtime.desk);
  const first = await home.start();
  const { incarnation } = await clean(home);
  await home.client.call('stop', person);
  await end(first);

  // As a kill leaves it before the other account is in place.
  mkdirSync(paths.restingAccounts);
  renameSync(paths.account, join(paths.restingAccounts, SIMULATED));
  writeFileSync(paths.rulesFrom, SIMULATED);
  onRecording(home);
  const second = await home.start();
  const other = await clean(home);
  expect(causes(other)).toContain('person');
  expect(existsSync(paths.rulesFrom)).toBe(false);
  await end(second);

  // As a kill leaves it right after the next start has begun a journal in that place.
  renameSync(paths.account, join(paths.restingAccounts, other.account.name.replace('paper/', '')));
  await (await openJournal({ directory: paths.journal })).journal.close();
  onSimulated(home);
  await home.start();
  const back = await clean(home);
  expect(back.incarnation).toBe(incarnation);
  expect(causes(back)).toContain('person');
});

it('refuses a book that was traded on other prices, and names both', async () => {
  const home = traderHome();
  await end(await home.start());
  const { paperBook } = deskPaths(homePaths(home.runtime.home), home.runtime.desk);
  const kept = join(home.runtime.home, 'book-of-seed-7');
  renameSync(paperBook, kept);
  home.changeMarket({ seed: 8 });
  await end(await home.start());
  rmSync(paperBook, { recursive: true });
  renameSync(kept, paperBook);
  await expect(home.start()).rejects.toThrow(
    /traded on the prices of simulated-303-seed-7, and these are .*-8/,
  );
});
