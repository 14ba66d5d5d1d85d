/** Processes that stand still instead of dying: SIGSTOP. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { type DeskUnderTest, deskUnderTest } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';

const desk: DeskUnderTest = deskUnderTest();

beforeAll(async () => {
  await desk.up('--market', 'simulated');
  await desk.signIn();
});

afterAll(async () => {
  for (const pid of desk.pids().values()) signal(pid, 'SIGCONT');
  await desk.dispose();
});

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

interface Listed {
  readonly id: string;
  readonly detail: string;
}

interface Shown {
  readonly state: string;
  readonly outcome: string;
  readonly timeline: readonly { readonly name: string }[];
  readonly files: readonly { readonly name: string }[];
}

/** By its journal: it may have armed itself before anybody has seen it halted. */
/** By the machine's clock: what a suspended trader had decided last may never have reached the disk, and its numbers are given again. */
const haltsSince = (wallMs: number): readonly string[] =>
  [...readJournal(deskPaths(homePaths(desk.home), desk.desk).journal)].flatMap(({ record }) =>
    record.type === 'halt' && record.halt.atWallMs >= wallMs ? [record.halt.cause] : [],
  );

const untilActive = () =>
  until('ACTIVE', async () => {
    const now = await desk.status();
    return now.mode === 'ACTIVE' ? now : null;
  });

describe('a desk whose processes stand still', () => {
  it('is halted and reconciled after its trader was suspended while the price moved', async () => {
    const before = await untilActive();
    const since = Date.now();
    signal(before.pid, 'SIGSTOP');
    // More than 5 s are a jump; the supervisor kills who is silent for 10.
    await new Promise((settle) => setTimeout(settle, 6_000));
    signal(before.pid, 'SIGCONT');
    await until('a halt because of the clock', () => haltsSince(since).includes('clock-jump'));
    const armed = await untilActive();
    expect(armed.reconciliation.state).toBe('clean');
  });

  it('replaces a trader that stays suspended; the new one starts HALTED and nothing is sent twice', async () => {
    const before = await untilActive();
    const since = Date.now();
    signal(before.pid, 'SIGSTOP');
    await until('another trader', async () => (await desk.status()).pid !== before.pid);
    await untilActive();
    await until('its halt on the disk', () => haltsSince(since).includes('startup'));
    const silent = /^trader ended unexpectedly \(SIGKILL: it had not answered for \d+ s\)$/;
    const incident = await until('its incident, with the log', async () => {
      const listed = JSON.parse((await desk.ask('incidents', '--all', '--json')).stdout) as Listed[];
      const opened = listed.find(({ detail }) => silent.test(detail));
      if (opened === undefined) return null;
      const shown = JSON.parse((await desk.ask('incidents', opened.id, '--json')).stdout) as Shown;
      return shown.state === 'resolved' && shown.files.length > 0 ? shown : null;
    });
    const did = incident.timeline.map(({ name }) => name);
    expect(did).toEqual(
      expect.arrayContaining(['Is the process running?', 'Last 100 lines of its log', 'Restart']),
    );
    expect(incident.outcome).toContain('trader runs again; the books agree with the venue');
  });

  it.each([
    ['Temporal', ['temporal']],
    ['Postgres', ['postgres']],
    ['both', ['temporal', 'postgres']],
  ])('stops while %s does not answer', async (_what, names) => {
    await untilActive();
    const pids = await Promise.all(names.map((name) => desk.pidOf(name)));
    for (const pid of pids) signal(pid, 'SIGSTOP');
    try {
      await desk.ask('stop', '--reason', 'stores are away', '--timeout', '10');
      const now = await desk.status();
      expect(now.mode).toBe('HALTED');
      expect(now.entriesWorking).toBe(0);
      expect(now.halts.map((halt) => halt.cause)).toContain('person');
    } finally {
      for (const pid of pids) signal(pid, 'SIGCONT');
    }
    await until(
      'resumed by a person',
      async () => (await desk.ask('resume', '--reason', 'test')).code === 0,
      120_000,
    );
  });
});
