// `npm run bench [-- name …]`: every benchmark in bench/, each printing JSON lines {name, value, unit}; one table at the end.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { arch, cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wanted = process.argv.slice(2);
const built = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root, stdio: 'inherit' });
if (built.status !== 0) process.exit(built.status ?? 1);

const figures = [];
let failed = 0;
const files = readdirSync(join(root, 'bench')).filter((name) => name.endsWith('.bench.ts'));
for (const file of files) {
  const name = file.replace(/\.bench\.ts$/, '');
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  const run = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', join(root, 'bench', file)], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.status !== 0) failed += 1;
  for (const line of (run.stdout ?? '').split('\n')) {
    if (!line.startsWith('{')) continue;
    figures.push({ bench: name, ...JSON.parse(line) });
  }
}
const memory = Math.round(totalmem() / 2 ** 30);
console.log(
  `\n${cpus().length} cores (${cpus()[0]?.model ?? arch()}), ${memory} GiB, Node ${process.version}\n`,
);
console.log('| benchmark | figure | value | unit |\n| --- | --- | ---: | --- |');
for (const { bench, name, value, unit } of figures)
  console.log(`| ${bench} | ${name} | ${value} | ${unit} |`);
if (failed > 0) console.error(`\n${failed} of the benchmarks failed`);
process.exit(failed === 0 ? 0 : 1);
