/** Processes that stand still instead of dying: SIGSTOP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeskUnderTest, deskUnderTest, until } from '../support/desk-under-test.js';

const desk: DeskUnderTest = deskUnderTest();

beforeAll(async () => {
  await desk.up('--market', 'simulated');
  await desk.signIn();
}, 240_000);

afterAll(async () => {
  for (const pid of desk.pids().values()) signal(pid, 'SIGCONT');
  await desk.dispose();
});

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    process.kill(pid ?? 0, name);
  } catch {
    // It has ended.
  }
}

const untilActive = () =>
  until(
    'ACTIVE',
    async () => {
      const now = await desk.status();
      return now.mode === 'ACTIVE' ? now : null;
    },
    120_000,
  );

describe('a desk whose processes stand still', () => {
  it('is halted and reconciled after its trader was suspended while the price moved', async () => {
    const before = await untilActive();
    signal(before.pid, 'SIGSTOP');
    await new Promise((settle) => setTimeout(settle, 7_000));
    signal(before.pid, 'SIGCONT');
    const halted = await until('a halt', async () => {
      const now = await desk.status();
      return now.sequence > before.sequence && now.halts.length > 0 ? now : null;
    });
    expect(halted.halts.map((halt) => halt.cause)).toContain('clock-jump');
    const armed = await untilActive();
    expect(armed.reconciliation.state).toBe('clean');
  });

  it('replaces a trader that stays suspended; the new one starts HALTED and nothing is sent twice', async () => {
    const before = await untilActive();
    signal(before.pid, 'SIGSTOP');
    const after = await until(
      'another trader',
      async () => {
        const now = await desk.status();
        // It answers before its journal is read: halted, without a cause yet.
        return now.pid !== before.pid && now.halts.length > 0 ? now : null;
      },
      60_000,
    );
    expect(after.halts.map((halt) => halt.cause)).toContain('startup');
    await untilActive();
  });

  it.each([
    ['Temporal', ['temporal']],
    ['Postgres', ['postgres']],
    ['both', ['temporal', 'postgres']],
  ])('stops while %s does not answer', async (_what, names) => {
    await untilActive();
    const pids = names.map((name) => desk.pids().get(name));
    for (const pid of pids) signal(pid, 'SIGSTOP');
    try {
      await desk.run('stop', '--reason', 'stores are away', '--timeout', '10');
      const now = await desk.status();
      expect(now.mode).toBe('HALTED');
      expect(now.entriesWorking).toBe(0);
      expect(now.halts.map((halt) => halt.cause)).toContain('person');
    } finally {
      for (const pid of pids) signal(pid, 'SIGCONT');
    }
    await until(
      'resumed by a person',
      async () => (await desk.run('resume', '--reason', 'test')).code === 0,
      120_000,
    );
  });
});
