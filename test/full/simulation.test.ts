import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { keptFolder } from './support/kept-folder.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SEEDS = 100_000;
/** Beyond those of the ordinary run. */
const FROM = 151;
/** Ten hours on two cores that do nothing else. */
const RUN_MS_MAX = 36 * 3_600_000;

it(`the core and its journal come out right at a faulty venue, for ${SEEDS} seeds`, {
  timeout: RUN_MS_MAX,
}, async () => {
  const kept = keptFolder('simulation');
  const [part, report] = [join(kept, 'part.json'), join(kept, 'SIMULATION.md')];
  const seeds = ['--seeds', String(SEEDS), '--from', String(FROM), '--part', part, '--report', report];
  const run = spawn(process.execPath, ['--import', 'tsx', 'test/simulation/simulate.ts', ...seeds], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endChildWithThisProcess(run);
  // Also where the time is up: nothing runs on behind the test.
  onTestFinished(() => void run.kill('SIGKILL'));
  let failed = '';
  let last = '';
  run.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes('failed:')) failed += text;
    last = text;
  });
  const [code] = await once(run, 'close');
  expect(failed).toBe('');
  expect(last).toMatch(new RegExp(`^${SEEDS} seeds: .* 0 failed$`, 'm'));
  expect(code).toBe(0);
  expect(existsSync(report)).toBe(true);
});
