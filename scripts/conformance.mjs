// `npm run conformance [-- --json]`: what each venue's adapter was seen to do, as a table of adapter by test. Exit
// code 1 if a test fails.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from './options.mjs';
import { conformanceOf, tableOf } from './proofs/conformance-table.mjs';
import { readRunReport } from './proofs/run-report.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = readOptions('npm run conformance -- [--json]', { options: { json: { type: 'boolean' } } });
const folder = mkdtempSync(join(tmpdir(), 'fermata-conformance-'));
try {
  const report = join(folder, 'report.json');
  const run = spawnSync(
    process.execPath,
    [
      ...[
        join(root, 'node_modules/vitest/vitest.mjs'),
        'run',
        '--project',
        'parts',
        '--project',
        'alone',
        'test/venue-conformance',
      ],
      ...['--reporter=json', `--outputFile.json=${report}`],
    ],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const found = conformanceOf(readRunReport(report, root));
  console.log(values.json ? JSON.stringify(found, null, 2) : tableOf(found).join('\n'));
  process.exitCode = run.status === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
