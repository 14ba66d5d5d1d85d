// `npm run simulate -- --seeds N [--from K] [--jobs N]`: the real core and journal against a faulty venue.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const run = spawnSync(
  process.execPath,
  ['--import', 'tsx', join(root, 'test/simulation/simulate.ts'), ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
process.exit(run.status ?? 1);
