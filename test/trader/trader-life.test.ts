import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { parseDocument } from 'yaml';
import { startIbkrSimulator } from '../../simulators/ibkr/start.js';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { residentBytesOf } from '../../src/supervisor/process-table.js';
import { until } from '../support/eventually.js';
import { ownPaperAccount } from '../support/paper-account.js';
import { recordsIn, traderHome } from './spawn-trader.js';

it('comes up HALTED, is armed by the rule of the desk file, trades, and ends in order', async () => {
  const home = traderHome();
  const { child, exited } = await home.start();
  const first = await home.status();
  expect(first).toMatchObject({ desk: 'crypto-bot', mode: 'HALTED', trading: 'paper', equity: '10000.00' });
  expect(first.halts.map(({ cause }) => cause)).toEqual(['startup']);
  expect(first.marketData.label).toMatch(/simulated market, seed 7, 600x/);
  await home.arm();
  const traded = await home.until(({ fills }) => fills > 0);
  expect(traded.mode).toBe('ACTIVE');
  child.kill('SIGTERM');
  expect(await exited).toEqual({ code: 0, signal: null });
  expect(recordsIn(home.journal, 'halt').at(-1)!.halt).toMatchObject({ cause: 'shutdown', resume: 'auto' });
  expect(recordsIn(home.journal, 'fill').length).toBeGreaterThanOrEqual(traded.fills);
});

it('goes on where it ended: same incarnation, positions, fills and market time', async () => {
  const home = traderHome();
  const first = await home.start();
  await home.arm();
  const before = await home.until(({ positions }) => positions.length > 0);
  const beganMs = performance.now();
  first.child.kill('SIGTERM');
  await first.exited;
  const fills = recordsIn(home.journal, 'fill').length;
  await home.start();
  const again = await home.until(({ reconciliation }) => reconciliation.state === 'clean');
  expect(again).toMatchObject({ mode: 'HALTED', incarnation: before.incarnation });
  expect(again.fills).toBeGreaterThanOrEqual(fills);
  expect(again.marketData.marketMs).toBeGreaterThanOrEqual(before.marketData.marketMs);
  // Six hundred times as fast as the clock on the wall, and never ahead of it.
  const passedMs = (performance.now() - beganMs) * 600;
  expect(again.marketData.marketMs - before.marketData.marketMs).toBeLessThan(passedMs + 60 * 60_000);
  const proof = await home.client.call('flatProof', {});
  expect(proof.venuePositions.map(({ symbol }) => symbol)).toEqual(
    again.positions.map(({ symbol }) => symbol),
  );
  // Neither the end nor the start closed anything: what was closed, stops and the strategy did.
  const purposes = recordsIn(home.journal, 'order.intended').map(({ order }) => order.purpose);
  expect(purposes).not.toContain('close');
  expect(again.activity.length).toBeGreaterThan(0);
});

it('says how much memory its process has', async () => {
  const home = traderHome();
  const { child } = await home.start();
  const { rssBytes } = await home.status();
  // What is freed or loaded between the two readings is a small part of it; its heap alone is less than half.
  expect(rssBytes / ((await residentBytesOf(child.pid as number)) as number)).toBeGreaterThan(0.8);
});

it('warms its strategies up once the broker’s history is there, if it was away at the start', async () => {
  const simulator = await startIbkrSimulator({ accounts: [{ id: ownPaperAccount(), cash: '100000.00' }] });
  onTestFinished(() => simulator.close());
  simulator.simulation.setFarm('history', false);
  vi.stubEnv('IBKR_GATEWAY', simulator.address);
  const folder = dirname(resolveDesk('slob'));
  const edit = () => readFileSync(join(folder, 'desk.yaml'), 'utf8');
  const home = traderHome({ folder, edit, market: { kind: 'live' } as never });
  const { log } = await home.start();
  const shown = ({ notTrading }: TraderStatus) =>
    notTrading.flatMap(({ reason }) => /^warming up: (\d+) of 780/.exec(reason)?.[1] ?? []).map(Number);
  expect(shown(await home.status())).toEqual([0]);
  simulator.simulation.setFarm('history', true);
  // Fewer than all where days of the simulator were holidays.
  await home.until((status) => (shown(status)[0] ?? 780) > 300);
  const { bars } = (await home.client.call('bars', { symbol: 'NQ/USD', count: 1000, sinceMs: 0 })) ?? {};
  expect(bars?.length).toBeGreaterThanOrEqual(780);
  simulator.simulation.restart(1_000);
  await until('the log to say that the broker is back', () =>
    /the venue is down.*the venue is back/s.test(log()),
  );
});

it('says at every start that positions and orders on paper are kept, and keeps them', async () => {
  const home = traderHome();
  const kept = 'paper positions, orders and cash are kept over a restart';
  const first = await home.start();
  const said = ({ activity }: Awaited<ReturnType<typeof home.status>>) =>
    activity.filter(({ text }) => text.startsWith(kept)).length;
  expect(said(await home.status())).toBe(1);
  await home.arm();
  await home.until(({ positions }) => positions.length > 0);
  first.child.kill('SIGTERM');
  await first.exited;
  const before = recordsIn(home.journal, 'fill');
  await home.start();
  const again = await home.until(({ reconciliation }) => reconciliation.state === 'clean');
  expect(again.reconciliation.differences).toEqual([]);
  // What was bought is still paid for.
  expect(Number(again.cash)).toBeLessThan(10_000 - 1);
  expect(said(again)).toBe(1);
  expect(again.fills).toBeGreaterThanOrEqual(before.length);
});

it('comes back HALTED with the reason startup and reconciled after kill -9 while trading, and says how fast', async () => {
  const home = traderHome();
  const first = await home.start();
  await home.arm();
  await home.until(({ positions }) => positions.length > 0);
  first.child.kill('SIGKILL');
  await first.exited;
  const begunMs = performance.now();
  await home.start();
  const back = await home.until(({ reconciliation }) => reconciliation.state === 'clean');
  console.log(`kill -9 to HALTED and reconciled: ${Math.round(performance.now() - begunMs)} ms`);
  expect(back.mode).toBe('HALTED');
  expect(back.halts.map(({ cause }) => cause)).toContain('startup');
  const tradeIds = recordsIn(home.journal, 'fill').map(({ fill }) => fill.tradeId);
  expect(new Set(tradeIds).size).toBe(tradeIds.length);
  const proof = await home.client.call('flatProof', {});
  expect(proof.venuePositions.map(({ symbol }) => symbol)).toEqual(
    back.positions.map(({ symbol }) => symbol),
  );
});

it('takes over a stop that a full disk did not take, so that nothing arms the desk after its restart', async () => {
  const home = traderHome();
  const full = join(home.runtime.home, 'disk-is-full');
  const first = await home.start(`full-disk:${full}`);
  await home.arm();
  writeFileSync(full, '');
  const asked = { commandId: 'stop-1', by: 'otto', reason: 'something is odd' };
  expect(await home.client.call('stop', asked)).toMatchObject({ durable: false });
  first.child.kill('SIGKILL');
  await first.exited;
  rmSync(full);
  expect(recordsIn(home.journal, 'halt').map(({ halt }) => halt.cause)).not.toContain('person');
  const second = await home.start();
  const { halts } = await home.status();
  expect(halts).toContainEqual(
    expect.objectContaining({ cause: 'person', by: 'otto', reason: 'something is odd', resume: 'person' }),
  );
  await expect(home.arm()).rejects.toThrow('"something is odd" is not lifted');
  // It is in the journal now, once.
  second.child.kill('SIGTERM');
  await second.exited;
  await home.start();
  expect((await home.status()).halts.filter(({ cause }) => cause === 'person')).toHaveLength(1);
});

it('finds an order by lookup that the venue took just before kill -9, and does not send it twice', async () => {
  const home = traderHome();
  const first = await home.start('after-submit:1');
  await home.arm();
  expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
  const [order] = recordsIn(home.journal, 'order.intended');
  const { clientId } = order!.order;
  expect(recordsIn(home.journal, 'order.state').filter((state) => state.venueId !== null)).toEqual([]);
  await home.start();
  await home.until(
    ({ reconciliation, entriesWorking }) => reconciliation.state === 'clean' && entriesWorking === 0,
  );
  // A status may be seen before its record is on the disk.
  const states = await until('its state on the disk', () => {
    const written = recordsIn(home.journal, 'order.state').filter((state) => state.clientId === clientId);
    return written.some((state) => state.venueId !== null) && written;
  });
  expect(states.map(({ state }) => state)).not.toContain('absent');
  expect(
    recordsIn(home.journal, 'order.intended').filter((intended) => intended.order.clientId === clientId),
  ).toHaveLength(1);
});

it('refuses instruments that changed under a position, and leaves the paper account as it was', async () => {
  const home = traderHome();
  const { paperBook } = deskPaths(homePaths(home.runtime.home), home.runtime.desk);
  const book = () => readFileSync(join(paperBook, 'book.jsonl'), 'utf8');
  const first = await home.start();
  await home.arm();
  await home.until(({ positions }) => positions.length > 0);
  first.child.kill('SIGTERM');
  await first.exited;
  const before = book();
  home.changeDesk((text) => text.replaceAll('tickSize: "0.01"', 'tickSize: "0.02"'));
  await expect(home.start()).rejects.toThrow(
    /instruments changed while positions in .* are open: nothing was started and nothing was changed/,
  );
  expect(book()).toBe(before);
  home.changeDesk((text) => text.replaceAll('tickSize: "0.02"', 'tickSize: "0.01"'));
  await home.start();
  const again = await home.until(({ reconciliation }) => reconciliation.state === 'clean');
  expect(again.reconciliation.differences).toEqual([]);
});

it('begins with other instruments once it is flat, with the same money', async () => {
  const home = traderHome();
  const first = await home.start();
  await home.arm();
  await home.until(({ positions }) => positions.length > 0);
  await home.client.call('closeAll', { commandId: 'all', by: 'anna', reason: 'other instruments' });
  const flat = await home.until(({ closeAll, fills }) => closeAll === 'flat' && fills > 1);
  first.child.kill('SIGTERM');
  await first.exited;
  // One that was traded is taken out, and the other one has another tick.
  const [out, kept] = recordsIn(home.journal, 'fill')[0]?.fill.instrument === 0 ? [0, 'ETH'] : [1, 'BTC'];
  home.changeDesk((text) => {
    const document = parseDocument(text);
    document.deleteIn(['instruments', out]);
    document.setIn(['instruments', 0, 'tickSize'], '0.02');
    document.setIn(['strategies', 0, 'symbols'], [`${kept}/USDT`]);
    return document.toString();
  });
  await home.start();
  const again = await home.until(({ reconciliation }) => reconciliation.state === 'clean');
  expect(again.reconciliation.differences).toEqual([]);
  expect(again.cash).toBe(flat.cash);
});

it('refuses a second trader on the same journal, a changed desk file, and real money on made-up prices', async () => {
  const home = traderHome();
  await home.start();
  await expect(home.start()).rejects.toThrow(/in use by another trader/);
  expect((await home.status()).mode).toBe('HALTED');
  const changed = traderHome();
  const { writeFileSync } = await import('node:fs');
  const text = readFileSync(changed.runtime.deskFile, 'utf8');
  writeFileSync(changed.runtime.deskFile, text.replace('maxDrawdownPct: 15.0', 'maxDrawdownPct: 14.0'));
  await expect(changed.start()).rejects.toThrow(/was changed since Fermata started/);
  const toLive = (whole: string) =>
    whole
      .replace('mode: paper', 'mode: live')
      .replace('startup: auto', 'startup: person')
      .replace('fault: auto', 'fault: person')
      .replace('goLive:', 'goLive:\n  needed: 1');
  await expect(traderHome({ edit: toLive }).start()).rejects.toThrow(
    /trades real money, and prices were to be simulated/,
  );
  const toBroker = (whole: string) =>
    whole
      .replace('name: binance', 'name: ibkr\n  account: broker-paper')
      .replaceAll('USDT', 'USD')
      .replaceAll('    tickSize: "0.01"', '    kind: stock\n    tickSize: "0.01"')
      .replaceAll(/lotSize: "0.0+1"/g, 'lotSize: "1"');
  await expect(traderHome({ edit: toBroker }).start()).rejects.toThrow(
    /trades the broker’s paper account, and prices were to be simulated/,
  );
});
