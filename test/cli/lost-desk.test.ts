import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { chooseDesk } from '../../src/cli/running-desk.js';
import { asTyped } from '../../src/home/desk-in-process.js';
import { writeRuntime } from './trader-double.js';

it('names the desk that is put back after it lost everything: without its name the command is about the other one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-lost-'));
  const { home } = writeRuntime(join(folder, 'home'));
  vi.stubEnv('FERMATA_HOME', home);
  onTestFinished(async () => {
    await chooseDesk(undefined, 'never');
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  // What was kept beside the backup: all that is there of this desk.
  mkdirSync(join(home, 'desk-homes', 'slob', 'backups'), { recursive: true });
  await chooseDesk('slob', 'its-home');
  expect(asTyped('fermata resume --reason TEXT', {})).toBe('fermata --desk slob resume --reason TEXT');
});
