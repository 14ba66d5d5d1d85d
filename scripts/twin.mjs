// `npm run twin -- --base COMMIT|FOLDER --seeds N [--from K] [--leave-out TYPE,…]`: feeds the same events of the
// simulation to this core and to that of another build; says where their effects first differ.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SIMULATION_SOURCES } from '../test/simulation/sources.mjs';
import { readOptions } from './options.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = readOptions(
  'npm run twin -- --base COMMIT|FOLDER [--seeds N] [--from K] [--leave-out TYPE,…]',
  {
    options: {
      base: { type: 'string', default: 'HEAD' },
      seeds: { type: 'string', default: '200' },
      from: { type: 'string', default: '1' },
      'leave-out': { type: 'string', default: '' },
    },
  },
);

const scratch = mkdtempSync(join(tmpdir(), 'fermata-twin-'));
try {
  const folder = existsSync(values.base) ? resolve(values.base) : unpacked(values.base);
  const { base: _, ...others } = values;
  const given = Object.entries(others).map(([name, value]) => `--${name}=${value}`);
  const script = join(root, 'test/twin/compare.ts');
  const run = spawnSync(process.execPath, ['--import', 'tsx', script, folder, ...given], {
    cwd: root,
    stdio: 'inherit',
  });
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function unpacked(commit) {
  const files = execFileSync('git', ['archive', commit, ...SIMULATION_SOURCES], {
    cwd: root,
    maxBuffer: 2 ** 30,
  });
  execFileSync('tar', ['-x', '-C', scratch], { input: files });
  symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'));
  return scratch;
}
