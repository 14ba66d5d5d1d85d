import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { FIRST_CONVERTED } from '../simulation/converted.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { keptFolder } from './support/kept-folder.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Each kind, beyond those of the ordinary run. */
const KINDS = [
  { what: 'in one currency', seeds: 100_000, from: 151 },
  { what: 'whose results are converted', seeds: 1_000, from: FIRST_CONVERTED + 30 },
];
/** Ten hours on two cores that do nothing else. */
const RUN_MS_MAX = 36 * 3_600_000;

it.each(KINDS)(
  'the core and its journal come out right at a faulty venue, for $seeds seeds $what',
  {
    timeout: RUN_MS_MAX,
  },
  async ({ seeds, from }) => {
    const kept = keptFolder(`simulation-${from}`);
    const [part, report] = [join(kept, 'part.json'), join(kept, 'SIMULATION.md')];
    const options = ['--seeds', String(seeds), '--from', String(from), '--part', part, '--report', report];
    const run = spawn(process.execPath, ['--import', 'tsx', 'test/simulation/simulate.ts', ...options], {
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
    expect(last).toMatch(new RegExp(`^${seeds} seeds: .* 0 failed$`, 'm'));
    expect(code).toBe(0);
    expect(existsSync(report)).toBe(true);
  },
);
