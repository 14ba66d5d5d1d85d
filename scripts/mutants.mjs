// `npm run mutants -- [--seed S] [--count N] [--only TEXT]`: does the simulation notice builds that are broken on purpose?
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const run = spawnSync(
  process.execPath,
  ['--import', 'tsx', join(root, 'test/simulation/try-mutants.ts'), ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
process.exit(run.status ?? 1);
