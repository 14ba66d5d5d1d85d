/** `kill -9` of each process while the desk trades, and of all at once. */

import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { askSupervisor } from '../../src/home/supervisor-protocol.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { deskWithQuickAverages } from '../support/desk-files.js';
import { type DeskUnderTest, deskUnderTest } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';

const desk: DeskUnderTest = deskUnderTest();
/** Trades soon after each start. */
// Heartbeats go through Temporal, which is killed here and takes its time to come back on a busy machine.
const deskFile = deskWithQuickAverages(desk.home, [[['deadMan', 'operationsSilentSeconds'], 3600]]);
const start = () => desk.up('--market', 'simulated', '--desk', deskFile);

beforeAll(async () => {
  await start();
  await untilTrading();
});

afterAll(() => desk.dispose());

function untilTrading() {
  return until('trading', async () => {
    const now = await desk.status();
    return now.mode === 'ACTIVE' && now.fills > 0 ? now : null;
  });
}

const onDisk = () => [...readJournal(deskPaths(homePaths(desk.home), desk.desk).journal)];

/** What the trader has written since, in its order. */
function since(after: number) {
  const records = onDisk()
    .filter(({ sequence }) => sequence > after)
    .map(({ record }) => record);
  return {
    halts: records.flatMap((record) => (record.type === 'halt' ? [record.halt] : [])),
    armings: records.flatMap((record) => (record.type === 'armed' ? [record] : [])),
  };
}

/** The ledger holds exactly what the journal holds, and the trader's book equals the venue's. */
async function expectNothingLostOrDoubled(): Promise<void> {
  const verified = await until('the ledger equal to the journal', async () => {
    const run = await desk.ask('journal', '--verify', '--json');
    return run.code === 0 ? JSON.parse(run.stdout) : Promise.reject(new Error(run.stdout + run.stderr));
  });
  expect(verified).toMatchObject({ ledgerEqualsJournal: true });
  const { reconciliation } = await desk.status();
  // What a killed trader had not written down yet was taken from the venue, and is shown until the next look.
  expect(reconciliation.differences.filter(({ rule }) => rule !== 'correct')).toEqual([]);
}

/** Somebody edits the desk file meanwhile, which loads as it stands for nobody. */
async function inTheMiddleOfAnEdit(work: () => Promise<void>): Promise<void> {
  const text = readFileSync(deskFile, 'utf8');
  writeFileSync(deskFile, `${text}\nrisk: [`);
  try {
    await work();
  } finally {
    writeFileSync(deskFile, text);
  }
}

/** Resolves once its next process is ready. */
async function killed(name: string): Promise<void> {
  const pid = await desk.pidOf(name);
  process.kill(pid, 'SIGKILL');
  await until(`${name} ready again`, async () => {
    const now = (await askSupervisor(desk.home, 'processes', {})).find((one) => one.name === name);
    return now?.state === 'running' && now.pid !== pid;
  });
}

describe('a desk whose processes are killed while it trades', () => {
  it.each(['web', 'operations-worker', 'engine-worker'])('trades on when %s dies', async (name) => {
    const before = await desk.status();
    await inTheMiddleOfAnEdit(() => killed(name));
    const after = await desk.status();
    expect(after.pid).toBe(before.pid);
    expect(after.mode).toBe('ACTIVE');
    await expectNothingLostOrDoubled();
  });

  it.each(['temporal', 'postgres'])(
    'trades on when %s dies, and uses it again when it is back',
    async (name) => {
      const before = await desk.status();
      const pid = await desk.pidOf(name);
      process.kill(pid, 'SIGKILL');
      await until(`${name} restarted`, () => {
        const now = desk.pids().get(name);
        return now !== undefined && now !== pid;
      });
      expect((await desk.status()).pid).toBe(before.pid);
      await until(
        'a routine runs again',
        async () => (await desk.ask('run', 'pre-market')).code === 0,
        90_000,
      );
      expect((await desk.status()).mode).toBe('ACTIVE');
      await expectNothingLostOrDoubled();
    },
  );

  it('comes back HALTED with the reason when the trader dies, and arms itself once everything is clean', async () => {
    const before = await desk.status();
    // What it has said may not be on the disk yet, and the next trader would give those numbers again.
    await until('that on the disk', () => (onDisk().at(-1)?.sequence ?? 0) >= before.sequence);
    await inTheMiddleOfAnEdit(async () => {
      process.kill(before.pid, 'SIGKILL');
      await until('another trader', async () => (await desk.status()).pid !== before.pid);
    });
    const armed = await untilTrading();
    expect(armed.incarnation).toBe(before.incarnation);
    expect(armed.fills).toBeGreaterThanOrEqual(before.fills);
    // By its journal: it may have armed itself before anybody has seen it halted. It says so before the disk has it.
    const { halts, armings } = await until('its arming on the disk', () => {
      const written = since(before.sequence);
      return written.armings.length > 0 ? written : null;
    });
    expect(halts.map(({ cause }) => cause)).toContain('startup');
    expect(armings).toEqual([expect.objectContaining({ authority: 'rule', haltId: halts.at(-1)?.haltId })]);
    await expectNothingLostOrDoubled();
  });

  it('never lifts a person’s stop by itself, whatever dies', async () => {
    expect((await desk.ask('stop', '--timeout', '120', '--reason', 'test')).code).toBe(0);
    const stopped = await desk.status();
    for (const name of ['trader', 'engine-worker', 'operations-worker']) {
      process.kill(await desk.pidOf(name), 'SIGKILL');
    }
    await until('the trader back', async () => (await desk.status()).pid !== stopped.pid);
    await until('a routine runs again', async () => (await desk.ask('run', 'pre-market')).code === 0);
    const after = await desk.status();
    expect(after.mode).toBe('HALTED');
    expect(after.halts.map((halt) => halt.cause)).toContain('person');
    await desk.signIn();
    expect((await desk.ask('resume', '--reason', 'test')).code).toBe(0);
    expect((await desk.status()).mode).toBe('ACTIVE');
  });

  it('recovers with the next start after everything was killed at once', async () => {
    const before = await untilTrading();
    const pids = [desk.supervisorPid(), ...desk.pids().values()];
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await start();
    const after = await untilTrading();
    expect(after.incarnation).toBe(before.incarnation);
    expect(after.fills).toBeGreaterThanOrEqual(before.fills);
    await expectNothingLostOrDoubled();
  });

  it('stops by itself when its supervisor is killed, and the next start ends what was left', async () => {
    const before = await untilTrading();
    const left = [...desk.pids().values()];
    process.kill(desk.supervisorPid(), 'SIGKILL');
    await until('the trader noticed', () => {
      try {
        process.kill(before.pid, 0);
        return desk.status().then((now) => now.halts.some((halt) => halt.cause === 'supervisor-lost'));
      } catch {
        return true;
      }
    });
    await start();
    for (const pid of left) expect(() => process.kill(pid, 0), `process ${pid} has ended`).toThrow();
    await untilTrading();
    await expectNothingLostOrDoubled();
  });
});
