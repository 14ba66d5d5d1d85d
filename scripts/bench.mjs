// `npm run bench [-- name …]`: runs every benchmark in bench/, each of which prints JSON lines {name, value, unit},
// and prints one table at the end.
// `--smoke`: each as short as possible, to check that it runs; two at a time, since they mostly wait. Fails
// if one fails, hangs or prints no figure.
// `--seed S --count N`: N of them, as the seed draws them. `--folder`: benchmarks of another folder; `--seconds`:
// time limit for each in a smoke run.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { arch, cpus, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from './options.mjs';

/** How many run at a time in a smoke run. */
const SIDE_BY_SIDE = 2;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values, positionals: wanted } = readOptions(
  'npm run bench -- [NAME …] [--smoke] [--folder FOLDER] [--seconds N] [--seed S --count N]',
  {
    allowPositionals: true,
    options: {
      smoke: { type: 'boolean', default: false },
      folder: { type: 'string', default: join(root, 'bench') },
      seconds: { type: 'string', default: '180' },
      seed: { type: 'string', default: '0' },
      count: { type: 'string' },
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

const unknown = wanted.filter((name) => !existsSync(join(folder, `${name}.bench.ts`)));
if (unknown.length > 0) {
  console.error(`no benchmark has the name ${unknown.join(', ')}; they are the files of ${folder}`);
  process.exit(2);
}
const all = readdirSync(folder)
  .filter((name) => name.endsWith('.bench.ts'))
  .map((name) => name.replace(/\.bench\.ts$/, ''))
  .filter((name) => wanted.length === 0 || wanted.includes(name));
const isChosen = new Set(values.count === undefined ? all : await drawn(all));
const names = all.filter((name) => isChosen.has(name));
const ends = new Map();
const waiting = [...names];
await Promise.all(
  Array.from({ length: smoke ? SIDE_BY_SIDE : 1 }, async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
      ends.set(name, await run(name));
  }),
);
const figures = names.flatMap((bench) => ends.get(bench).figures.map((figure) => ({ bench, ...figure })));
const failed = names.flatMap((name) => {
  const { code, signal, figures } = ends.get(name);
  if (code !== 0) return [`${name} (${signal ?? `exit ${code}`})`];
  return figures.length === 0 ? [`${name} (no figure)`] : [];
});
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

/** As breaks and broken builds are drawn. */
async function drawn(all) {
  const [seed, count] = [Number(values.seed), Number(values.count)];
  if (!Number.isSafeInteger(seed) || seed < 0 || !(Number.isSafeInteger(count) && count > 0)) {
    console.error(
      `--seed, --count: expected whole numbers, count above zero; found ${values.seed}, ${values.count}. Nothing was run.`,
    );
    process.exit(2);
  }
  return (await import('./breaks/drawn.mjs')).drawn(all, seed, count);
}

/** Resolves with how it ended, and each figure that it printed. */
function run(name) {
  process.stderr.write(`${name} …\n`);
  const child = spawn(process.execPath, ['--import', 'tsx', join(folder, `${name}.bench.ts`)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(smoke ? { timeout: mostMs, env: { ...process.env, FERMATA_BENCH_SMOKE: '1' } } : {}),
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const lines = printed.split('\n').filter((line) => line.startsWith('{'));
      resolve({ code, signal, figures: lines.map((line) => JSON.parse(line)) });
    });
  });
}
