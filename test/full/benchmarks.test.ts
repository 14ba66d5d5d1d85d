/** Every benchmark ends, and prints a figure; CI runs some of them. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repository } from '../support/desk-under-test.js';

it('each benchmark runs', () => {
  const script = join(repository, 'scripts/bench.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--smoke', '--seconds', '400'], {
    cwd: repository,
    encoding: 'utf8',
  });
  expect(status, `${stdout}\n${stderr}`).toBe(0);
});
