// `npm run bench [-- name …]`: every benchmark in bench/, each printing JSON lines {name, value, unit}; one table at the end.
// `--smoke`: each as short as it goes, to see that it runs; one that fails, hangs or prints no figure makes this one fail.
// `--folder`: benchmarks of another folder; `--seconds`: how long one may take in a smoke run.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { arch, cpus, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from './options.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values, positionals: wanted } = readOptions(
  'npm run bench -- [NAME …] [--smoke] [--folder FOLDER] [--seconds N]',
  {
    allowPositionals: true,
    options: {
      smoke: { type: 'boolean', default: false },
      folder: { type: 'string', default: join(root, 'bench') },
      seconds: { type: 'string', default: '180' },
    },
  },
);
const { smoke } = values;
const folder = resolve(values.folder);
const mostMs = Number(values.seconds) * 1000;
if (!(mostMs > 0)) {
  console.error(`--seconds: expected a number above zero, found ${values.seconds}. Nothing was run.`);
  process.exit(2);
}
const built = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root, stdio: 'inherit' });
if (built.status !== 0) process.exit(built.status ?? 1);

const figures = [];
const failed = [];
const unknown = wanted.filter((name) => !existsSync(join(folder, `${name}.bench.ts`)));
if (unknown.length > 0) {
  console.error(`no benchmark has the name ${unknown.join(', ')}; they are the files of ${folder}`);
  process.exit(2);
}
const files = readdirSync(folder).filter((name) => name.endsWith('.bench.ts'));
for (const file of files) {
  const name = file.replace(/\.bench\.ts$/, '');
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  const run = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', join(folder, file)], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
    ...(smoke ? { timeout: mostMs, env: { ...process.env, FERMATA_BENCH_SMOKE: '1' } } : {}),
  });
  const before = figures.length;
  for (const line of (run.stdout ?? '').split('\n')) {
    if (!line.startsWith('{')) continue;
    figures.push({ bench: name, ...JSON.parse(line) });
  }
  if (run.status !== 0) failed.push(`${name} (${run.signal ?? `exit ${run.status}`})`);
  else if (figures.length === before) failed.push(`${name} (no figure)`);
}
const memory = Math.round(totalmem() / 2 ** 30);
console.log(
  `\n${cpus().length} cores (${cpus()[0]?.model ?? arch()}), ${memory} GiB, Node ${process.version}\n`,
);
if (smoke)
  console.log('A smoke run: that each runs is all it shows. Its figures are of moments after a start.\n');
console.log('| benchmark | figure | value | unit |\n| --- | --- | ---: | --- |');
for (const { bench, name, value, unit } of figures)
  console.log(`| ${bench} | ${name} | ${value} | ${unit} |`);
if (failed.length > 0) console.error(`\nfailed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
