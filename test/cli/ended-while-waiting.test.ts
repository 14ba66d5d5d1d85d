import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { unlessEnded } from '../../src/cli/running-desk.js';
import { homePaths } from '../../src/home/runtime.js';

it('waits no longer for a desk that has ended, and says what is certain', async () => {
  const home = mkdtempSync(join(tmpdir(), 'fermata-ended-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  mkdirSync(homePaths(home).run);
  const runtime = { home, desk: 'crypto-bot' };
  await expect(unlessEnded(runtime, new Promise(() => {}))).rejects.toMatchObject({
    message: 'desk crypto-bot ended before it answered',
    doThis: expect.stringContaining('fermata up'),
  });
  await expect(unlessEnded(runtime, Promise.resolve('proven'))).resolves.toBe('proven');
});
