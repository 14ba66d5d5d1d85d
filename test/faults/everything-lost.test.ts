/**
 * Everything is lost but the folder of the backups and the secrets that BACKUP.md says to keep in another place: also the
 * desk's own folder, with code of its own.
 */

import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { homePaths } from '../../src/home/runtime.js';
import { deskWithQuickAverages, withOwnCheck } from '../support/desk-files.js';
import { deskUnderTest } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';

const desk = deskUnderTest();
const [kept, lost, found] = ['kept', 'lost', 'found'].map((name) =>
  mkdtempSync(join(tmpdir(), `fermata-${name}-`)),
) as [string, string, string];
const ON = ['--market', 'simulated', '--desk'] as const;

beforeAll(async () => {
  // Trades within minutes of the market, however long the start takes.
  // The nightly backup of its market would begin in the middle of the one below, which would wait for that in place of its own.
  await desk.up(...ON, withOwnCheck(deskWithQuickAverages(lost, [[['routines', 4, 'at'], ['22:00']]])));
  await until('a fill', async () => {
    const { mode, fills } = await desk.status();
    return mode === 'ACTIVE' && fills > 0;
  });
  const opened = await desk.ask('incident', 'open', 'the chair is broken', '--note', 'a leg is off');
  expect(opened.code, opened.stdout + opened.stderr).toBe(0);
  expect(opened.stdout).toContain('#run=incident');
  await until('the incident on record', async () =>
    (await desk.ask('incidents', '--all', '--json')).stdout.includes('the chair is broken'),
  );
  const backup = await desk.ask('backup', '--verify');
  expect(backup.code, backup.stdout + backup.stderr).toBe(0);
  await desk.interrupt();
  cpSync(join(desk.home, 'backups'), join(kept, 'backups'), { recursive: true });
  cpSync(homePaths(desk.home).secrets, join(kept, 'secrets'), { recursive: true });
  for (const name of readdirSync(desk.home)) rmSync(join(desk.home, name), { recursive: true, force: true });
  rmSync(lost, { recursive: true });
});
afterAll(async () => {
  await desk.dispose();
  for (const folder of [kept, lost, found]) rmSync(folder, { recursive: true, force: true });
});

describe('a desk of which only backups and secrets are left', () => {
  it('is restored, starts HALTED with its people, books and open incident, and trades when a person has looked', async () => {
    cpSync(kept, desk.home, { recursive: true });
    const restored = await desk.run('restore', '--latest', '--confirm', 'crypto-bot');
    expect(restored.code, restored.stdout + restored.stderr).toBe(0);
    // As it says: the desk file, and what belongs beside it.
    const [, file, folder] =
      /its desk file then: (\S+), and its own code: (\S+);/.exec(restored.stdout) ?? [];
    cpSync(String(file), join(found, 'desk.yaml'));
    cpSync(String(folder), found, { recursive: true });
    await desk.up(...ON, join(found, 'desk.yaml'));
    const now = await until('the books read', async () => {
      const status = await desk.status();
      return status.reconciliation.state === 'clean' ? status : null;
    });
    expect(now.mode).toBe('HALTED');
    const restoring = now.halts.find(({ reason }) => /restored backup/.test(reason));
    expect(restoring).toMatchObject({ mode: 'HALTED', resume: 'person' });
    expect(now.fills).toBeGreaterThan(0);
    const verified = await until('the ledger equal to the journal', async () => {
      const run = await desk.ask('journal', '--verify', '--json');
      return run.code === 0 ? JSON.parse(run.stdout) : Promise.reject(new Error(run.stdout + run.stderr));
    });
    expect(verified).toMatchObject({ ledgerEqualsJournal: true });
    const evidence = await desk.ask('evidence', 'verify');
    expect(evidence.code, evidence.stdout + evidence.stderr).toBe(0);
    const incidents = await desk.ask('incidents', '--all', '--json');
    expect(incidents.stdout).toContain('the chair is broken');
    // With the password that was kept.
    await desk.signIn();
    const resumed = await desk.ask('resume', '--reason', 'looked at it');
    expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0);
    await until('ACTIVE', async () => (await desk.status()).mode === 'ACTIVE');
  });
});
