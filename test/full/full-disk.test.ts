/** The journal's disk runs full while the desk trades: a file system of two megabytes, where root may mount one. */

import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { type DeskUnderTest, deskUnderTest } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';

const desk: DeskUnderTest = deskUnderTest();
const { journal } = deskPaths(homePaths(desk.home), desk.desk);
const filler = join(journal, 'filler');
const mounted = mount();
if (!mounted) console.log('skipped: a file system of its own for the journal needs root and mount(8)');

function mount(): boolean {
  try {
    mkdirSync(journal, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', journal], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function fillDisk(): void {
  const file = openSync(filler, 'w');
  try {
    for (let bytes = 4096; bytes >= 1; ) {
      try {
        writeSync(file, Buffer.alloc(bytes));
      } catch {
        bytes = Math.floor(bytes / 2);
      }
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

afterAll(async () => {
  await desk.interrupt();
  if (mounted) execFileSync('umount', ['--lazy', journal]);
  await desk.dispose();
});

describe.skipIf(!mounted)('a journal whose disk is full', () => {
  beforeAll(async () => {
    await desk.up('--market', 'simulated', '--speed', '600');
  }, 240_000);

  it('stops trading, keeps protective stops, says so, arms for nobody, and goes on once there is room', async () => {
    const held = await until(
      'a protected position',
      async () => {
        const now = await desk.status();
        return now.positions.some(({ protection }) => protection === 'confirmed') ? now : null;
      },
      180_000,
    );
    fillDisk();
    const halted = await until('a halt for the journal', async () => {
      const now = await desk.status();
      return now.halts.some(({ cause }) => cause === 'journal-fault') ? now : null;
    });
    expect(halted.reason).toMatch(/the journal can't be written \(.*no space left/i);
    expect(halted.entriesWorking).toBe(0);

    const closing = await desk.run('close-all', '--reason', 'the disk is full');
    expect(closing.code).not.toBe(0);
    expect(closing.stdout + closing.stderr).toMatch(/no closing order can leave/);
    await desk.signIn();
    const resumed = await desk.run('resume', '--reason', 'try');
    expect(resumed.code).not.toBe(0);
    const now = await desk.status();
    expect(now.mode).toBe('HALTED');
    const symbols = held.positions.map(({ symbol }) => symbol);
    for (const position of now.positions.filter(({ symbol }) => symbols.includes(symbol)))
      expect(position.protection).toBe('confirmed');
    await until('an incident about it', async () => {
      const { stdout } = await desk.run('incidents');
      return /journal/.test(stdout);
    });

    rmSync(filler);
    const restarted = await desk.run('restart', 'trader');
    expect(restarted.code, restarted.stdout + restarted.stderr).toBe(0);
    const again = await until('reconciled', async () => {
      const status = await desk.status();
      return status.reconciliation.state === 'clean' ? status : null;
    });
    expect(again.halts.map(({ cause }) => cause)).not.toContain('journal-fault');
    expect(again.positions.every(({ protection }) => protection === 'confirmed')).toBe(true);
  });
});
