/**
 * Postgres or Temporal, or both, copied back to yesterday under a trader that has gone on: what they ask for again was
 * decided for another halt. The trader's journal knows better, and nothing else arms it.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { type Operations, openOperations } from '../../src/operations/operations.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { runtimeOf, withStore } from '../support/desk-store.js';
import { type DeskUnderTest, deskUnderTest } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';

const STORES = ['postgres', 'temporal'] as const;
type Store = (typeof STORES)[number];

const desk: DeskUnderTest = deskUnderTest();
const yesterday = mkdtempSync(join(tmpdir(), 'fermata-yesterday-'));
const caller = { person: 'operator', via: 'cli' as const };
/** Long enough for a resumption to look again several times. */
const STAYS_MS = 4_000;
const LOOK_MS = 50;
let approvalId = '';

beforeAll(async () => {
  await desk.up('--market', 'simulated');
  await untilActive();
  await stopAsPerson('before the copy');
  approvalId = await withOperations(askForLooserSettings);
  // The question is asked by Temporal first and kept in Postgres a moment later: yesterday's copies know both.
  await withOperations(untilShown);
  await whileSuspended(STORES, () => {
    for (const store of STORES) copy(placeOf(store), join(yesterday, store));
  });
  await resume();
  await withOperations(approve);
  await until('the settings in force', async () => (await desk.status()).settings.version === 1);
  await stopAsPerson('after the copy');
});

afterAll(async () => {
  await desk.dispose();
  rmSync(yesterday, { recursive: true, force: true });
});

const placeOf = (store: Store): string => homePaths(desk.home)[store];

function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  execFileSync('cp', ['-a', from, to]);
}

/** Their files are those of one moment then, as on a snapshot of the disk; each server recovers from them as from a crash. */
async function whileSuspended(stores: readonly Store[], act: () => void): Promise<void> {
  const suspended: number[] = [];
  const suspend = (pid: number): void => {
    process.kill(pid, 'SIGSTOP');
    suspended.push(pid);
  };
  try {
    for (const store of stores) {
      const server = await desk.pidOf(store);
      suspend(server);
      // Each session of Postgres is a process, which writes by itself. None begins while the server stands still.
      for (const session of sessionsOf(server)) suspend(session);
    }
    act();
  } finally {
    // The server last: what ended meanwhile has its pid until then.
    for (const pid of suspended.reverse()) process.kill(pid, 'SIGCONT');
  }
}

const sessionsOf = (server: number): readonly number[] =>
  execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid, parent]) => (pid !== undefined && parent === server ? [pid] : []));

/** Ends the desk, and starts it with these as they were yesterday. */
async function restart(stores: readonly Store[]): Promise<void> {
  await desk.interrupt();
  for (const store of stores) copy(join(yesterday, store), placeOf(store));
  await desk.up('--market', 'simulated');
}

const untilActive = () =>
  until('ACTIVE', async () => ((await desk.status()).mode === 'ACTIVE' ? true : null), 120_000);

async function stopAsPerson(reason: string): Promise<void> {
  const stopped = await desk.ask('stop', '--timeout', '120', '--reason', reason);
  expect(stopped.code, stopped.stdout + stopped.stderr).toBe(0);
  await until('the stop on record', () => isOnRecord(reason));
}

/**
 * The command says that a stop is proven a moment before its evidence stands in Postgres. A desk that is ended in that
 * moment has it asked for again once Temporal has forgotten it.
 */
const isOnRecord = (reason: string): Promise<boolean> =>
  withStore(desk, async (pool) => {
    const { rows } = await pool.query<{ on_record: boolean }>(
      `select exists (select from evidence asked join evidence proof on proof.step_key = 'proof:' || substr(asked.step_key, 7)
           where asked.step_key like 'order:%' and position($1 in asked.observed) > 0)
         and not exists (select from run_seen where type = 'emergencyStop') as on_record`,
      [reason],
    );
    return rows[0]?.on_record === true;
  });

async function resume(): Promise<void> {
  await desk.signIn();
  const resumed = await desk.ask('resume', '--reason', 'looked at it');
  expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0);
}

async function withOperations<T>(use: (operations: Operations) => Promise<T>): Promise<T> {
  const operations = await openOperations(runtimeOf(desk));
  try {
    return await use(operations);
  } finally {
    await operations.close();
  }
}

async function askForLooserSettings(operations: Operations): Promise<string> {
  const { settings } = await operations.readSettings();
  const limit = settings.find(({ key }) => key === 'risk.dailyLossLimitPct');
  const values = { 'risk.dailyLossLimitPct': Number(limit?.value ?? 0) + 0.5 };
  const asked = await operations.changeSettings(caller, { values, reason: 'more room' });
  expect(asked, asked.detail).toMatchObject({ state: 'waiting' });
  return asked.approvalId ?? '';
}

const untilShown = (operations: Operations) =>
  until('the approval', async () => (await operations.listApprovals()).find(({ id }) => id === approvalId));

async function approve(operations: Operations) {
  const shown = await untilShown(operations);
  const vote = { approval: approvalId, choice: 'approve' as const, parametersHash: shown.parametersHash };
  return operations.castVote(caller, { ...vote, reason: 'agreed' });
}

/** What the evidence says about changes of settings. */
const settingsEvidence = (): Promise<string[]> =>
  withStore(desk, async (pool) => {
    const found = await pool.query<{ observed: string }>(
      "select observed from evidence where routine = 'settings'",
    );
    return found.rows.map(({ observed }) => observed);
  });

const journalFolder = (): string => deskPaths(homePaths(desk.home), desk.desk).journal;

const armings = () =>
  [...readJournal(journalFolder())].flatMap(({ record }) => (record.type === 'armed' ? [record] : []));

describe('a desk whose stores were set back to yesterday', () => {
  it.each<[string, Store[]]>([
    ['Temporal', ['temporal']],
    ['Postgres', ['postgres']],
  ])(
    'stays HALTED by today’s person, and takes nothing as approved, when %s went back',
    async (_, stores) => {
      const before = armings().length;
      await restart(stores);
      await until('a routine runs', async () => (await desk.ask('run', 'pre-market')).code === 0);
      const watchedUntilMs = Date.now() + STAYS_MS;
      while (Date.now() < watchedUntilMs) {
        const now = await desk.status();
        expect(now.mode).toBe('HALTED');
        expect(
          now.halts.some(({ cause, reason }) => cause === 'person' && reason.includes('after the copy')),
        ).toBe(true);
        await sleep(LOOK_MS);
      }
      expect(armings()).toHaveLength(before);
      expect((await desk.status()).settings.version).toBe(1);
      const approvals = await withOperations((operations) => operations.listApprovals());
      const state = approvals.find(({ id }) => id === approvalId)?.state;
      if (stores.includes('postgres')) expect(state).toBe('open');
    },
  );

  it('does not take the same settings twice, however often they are approved', async () => {
    const configsBefore = [...readJournal(journalFolder())].filter(
      ({ record }) => record.type === 'config',
    ).length;
    await until('the vote is taken', async () => (await withOperations(approve)).ok);
    // The copy of Postgres knows of no change yet.
    await until('the change is decided', async () => (await settingsEvidence()).length > 0);
    const taken = [...readJournal(journalFolder())].filter(({ record }) => record.type === 'config');
    expect(taken).toHaveLength(configsBefore);
    expect((await desk.status()).settings.version).toBe(1);
  });

  it('arms again by a person’s new decision, or after a plain restore by its rule, each quoting a fresh halt', async () => {
    await resume();
    await untilActive();
    await desk.interrupt();
    const known = new Set(armings().map(({ haltId }) => haltId));

    await restart(STORES);
    await untilActive();
    // The status may be seen before the record is on the disk.
    const armed = await until('a fresh halt quoted', async () =>
      armings().find(({ haltId }) => !known.has(haltId)),
    );
    expect(armed).toMatchObject({ authority: 'rule' });
    const verified = await until('the ledger equal to the journal', async () => {
      const run = await desk.ask('journal', '--verify', '--json');
      return run.code === 0 ? JSON.parse(run.stdout) : Promise.reject(new Error(run.stdout + run.stderr));
    });
    expect(verified).toMatchObject({ ledgerEqualsJournal: true });
  });
});
