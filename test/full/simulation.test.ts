import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SEEDS = 100_000;
/** Beyond those of the ordinary run. */
const FROM = 1_001;

it(`the core and its journal come out right at a faulty venue, for ${SEEDS} seeds`, async () => {
  const args = ['scripts/simulate.mjs', '--seeds', String(SEEDS), '--from', String(FROM)];
  const run = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
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
});
