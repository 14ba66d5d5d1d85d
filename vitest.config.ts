import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { folderInMemory } from './test/support/files-in-memory.ts';
import { filesWithOwnProcess } from './test/support/own-process.ts';
import { SlowestFirst } from './test/support/slowest-first.ts';

const pathOf = (place: string): string => fileURLToPath(new URL(place, import.meta.url));

// Before anything is loaded: tests run commands, roles and desks as they are built, and import what is built.
const built = spawnSync(process.execPath, [pathOf('scripts/build.mjs')], { stdio: 'inherit' });
if (built.status !== 0) throw new Error('the sources do not build: see above');

// Sockets are in the folder of temporary files then, for each process of a test the same.
delete process.env.XDG_RUNTIME_DIR;
// Tests use loopback only: to read certificates for the rest of the world takes each of their thousands of processes longer
// than Node itself.
delete process.env.NODE_EXTRA_CA_CERTS;
process.env.NODE_OPTIONS = [
  process.env.NODE_OPTIONS ?? '',
  `--max-semi-space-size=32 --require ${JSON.stringify(pathOf('test/support/roomy.cjs'))}`,
].join(' ');
const folder = folderInMemory();
if (folder !== null) process.env.TMPDIR = folder;

/**
 * Tests import the sources, and get them as they are built: Node loads a compiled file as it is, where vitest would fetch
 * and wrap it for each test file anew, and what it wraps runs at half the speed.
 */
const asBuilt = {
  alias: [{ find: /^(?:\.\.\/)+src\/(.+)\.js$/, replacement: pathOf('dist/$1.js') }],
};

/**
 * A test file runs most of its code once or twice. Node 20 optimises a function as soon as it has done a little, and collects a heap
 * that it begins small: a seventh of what the files take. Later versions count calls, and refuse the first option.
 */
const execArgv = [
  ...(process.versions.node.startsWith('20.') ? ['--interrupt-budget=1000000'] : []),
  '--initial-heap-size=512',
];

const shared = {
  execArgv,
  environment: 'node' as const,
  setupFiles: ['end-with-run', 'processor-time', 'put-back', 'tell-at-failure'].map((name) =>
    pathOf(`test/support/${name}.ts`),
  ),
  pool: 'forks' as const,
  server: { deps: { external: [/^(?!.*\/node_modules\/).*\/dist\//] } },
  // More than the two cores that CI has: tests wait for processes and timers more than half of their time.
  maxWorkers: 5,
  // Bounds what hangs; a machine that is busy with other things must not fail a test.
  testTimeout: 240_000,
  hookTimeout: 240_000,
  expect: { poll: { timeout: 90_000, interval: 30 } },
};

/** The page's components, of which tests import what a component shares a file with. */
const PAGE = { jsx: { runtime: 'automatic' as const, importSource: 'preact' } };

/** What the other projects have. */
const NOT_PARTS = ['test/end-to-end/**', 'test/faults/**', 'test/full/**'];
const alone = filesWithOwnProcess(pathOf('test'));

export default defineConfig({
  resolve: asBuilt,
  oxc: PAGE,
  test: {
    server: shared.server,
    // Once for all projects.
    globalSetup: ['test/support/temporal-at-hand.ts', 'test/support/global-setup.ts'],
    reporters: ['default'],
    sequence: { sequencer: SlowestFirst },
    projects: [
      {
        resolve: asBuilt,
        oxc: PAGE,
        // Many files in one process: to begin one and load the product takes longer than most of them.
        test: {
          ...shared,
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: [...NOT_PARTS, ...alone],
          isolate: false,
        },
      },
      {
        resolve: asBuilt,
        oxc: PAGE,
        // Those that change the process they run in have one each.
        test: { ...shared, name: 'alone', include: alone, exclude: NOT_PARTS },
      },
      {
        resolve: asBuilt,
        // The whole product, started as a user starts it.
        test: {
          ...shared,
          name: 'system',
          include: ['test/end-to-end/**/*.test.ts', 'test/faults/**/*.test.ts'],
          testTimeout: 360_000,
          hookTimeout: 360_000,
        },
      },
      {
        resolve: asBuilt,
        // Hours of load and full kill matrices: `npm run test:full` only.
        test: {
          ...shared,
          name: 'full',
          include: ['test/full/**/*.test.ts'],
          testTimeout: 4 * 3_600_000,
          maxWorkers: 1,
          fileParallelism: false,
        },
      },
    ],
  },
});
