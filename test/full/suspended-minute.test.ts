/** A whole minute without a turn: for the trader alone, and for everything at once, as when a laptop is closed. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { type DeskUnderTest, deskUnderTest } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';

const MINUTE_MS = 60_000;
const desk: DeskUnderTest = deskUnderTest();

beforeAll(() => desk.up('--market', 'simulated'), 240_000);

afterAll(async () => {
  for (const pid of everyPid()) signal(pid, 'SIGCONT');
  await desk.dispose();
});

const everyPid = (): number[] => [desk.supervisorPid(), ...desk.pids().values()];
const minute = () => new Promise((settle) => setTimeout(settle, MINUTE_MS));

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

const untilActive = () =>
  until('ACTIVE', async () => ((await desk.status()).mode === 'ACTIVE' ? desk.status() : null), 180_000);

function recordsFrom(sequence: number) {
  const { journal } = deskPaths(homePaths(desk.home), desk.desk);
  return [...readJournal(journal, { from: sequence })].map(({ record }) => record);
}

/** Halts that were recorded, and whether anything was opened before the desk was armed again. */
function sinceThen(sequence: number) {
  const records = recordsFrom(sequence + 1);
  const halted = records.findIndex(({ type }) => type === 'halt');
  const armed = records.findIndex(({ type }, at) => type === 'armed' && at > halted);
  const between = records.slice(halted, armed === -1 ? undefined : armed);
  return {
    causes: records.flatMap((record) => (record.type === 'halt' ? [record.halt.cause] : [])),
    openedMeanwhile: between.filter(
      (record) => record.type === 'order.intended' && record.order.purpose === 'entry',
    ),
    reconciled: between.some(({ type }) => type === 'reconciled'),
  };
}

async function booksAgree(): Promise<void> {
  await until('the ledger equal to the journal', async () => {
    const run = await desk.run('journal', '--verify', '--json');
    return run.code === 0 || Promise.reject(new Error(run.stdout + run.stderr));
  });
  const fills = recordsFrom(1).flatMap((record) => (record.type === 'fill' ? [record.fill.tradeId] : []));
  expect(new Set(fills).size).toBe(fills.length);
}

describe('a minute of SIGSTOP', () => {
  it('of the trader alone: another takes its place long before, and the old one never comes back', async () => {
    const before = await untilActive();
    signal(before.pid, 'SIGSTOP');
    const stoppedMs = Date.now();
    const after = await until(
      'another trader',
      async () => {
        const now = await desk.status();
        return now.pid !== before.pid && now.sequence > 0 ? now : null;
      },
      MINUTE_MS,
    );
    console.log(`another trader answered ${Date.now() - stoppedMs} ms after the first was suspended`);
    expect(after.halts.map(({ cause }) => cause)).toContain('startup');
    await new Promise((settle) => setTimeout(settle, Math.max(0, stoppedMs + MINUTE_MS - Date.now())));
    signal(before.pid, 'SIGCONT');
    expect(signal(before.pid, 0)).toBe(false);
    await untilActive();
    await booksAgree();
  });

  it('of every process at once: halted and reconciled before anything is opened, then armed by its rule', async () => {
    const before = await untilActive();
    const pids = everyPid();
    for (const pid of pids) signal(pid, 'SIGSTOP');
    await minute();
    for (const pid of pids) signal(pid, 'SIGCONT');
    await until('a halt', async () => (await desk.status()).sequence > before.sequence);
    const seen = await until('a halt on record', () => {
      const found = sinceThen(before.sequence);
      return found.causes.some((cause) => cause === 'clock-jump' || cause === 'startup') ? found : null;
    });
    console.log(`halted for ${seen.causes.join(', ')}`);
    await untilActive();
    const { openedMeanwhile, reconciled } = sinceThen(before.sequence);
    expect(openedMeanwhile).toEqual([]);
    expect(reconciled).toBe(true);
    expect((await desk.status()).reconciliation.state).toBe('clean');
    await booksAgree();
  });
});
